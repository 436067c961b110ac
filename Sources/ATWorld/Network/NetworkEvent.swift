import ATAir
import ATPrimitives

/// A client that has connected to a server of a module, until the module has said whether it takes it.
public struct Arrival: Sendable, Hashable {
    let radio: Air.Radio
    let connection: ConnectionID
}

/// What the simulated network tells a module. Nothing is told about a socket after `unreachable`, `reset` or `closed`,
/// or after the module has aborted or released it.
public enum NetworkEvent: Sendable, Hashable {
    /// The TCP handshake is done.
    case connected(Socket)
    /// Nothing was sent: the local port is taken, or the module has as many sockets as it can have.
    case unreachable(Socket)
    /// The connection was refused, or the far end has sent RST.
    case reset(Socket)
    /// The far end has acknowledged all that was sent, and the FIN if one was.
    case acknowledged(Socket)
    /// The far end has closed its side, and all its data was taken.
    case finished(Socket)
    /// After `close`: both sides are closed, or the far end is gone.
    case closed(Socket)
    /// An echo reply has come, after so many whole milliseconds.
    case pong(Ping, milliseconds: Int)
    /// A client has connected to a server of the module; `VirtualNetwork.admit` is the answer.
    case client(Arrival, from: Endpoint, port: UInt16)
    /// There is something to offer (`VirtualNetwork.offerPayload`). Told once until all of it was taken.
    case payload(Socket)

    /// The socket that it is about.
    var socket: Socket? {
        switch self {
        case .connected(let socket), .unreachable(let socket), .reset(let socket), .acknowledged(let socket),
            .finished(let socket), .closed(let socket), .payload(let socket):
            socket
        case .pong, .client: nil
        }
    }
}

extension RadioEventQueue<NetworkEvent> {
    /// Forgets what would have been told about a socket.
    mutating func removeAll(of socket: Socket, for radio: Air.Radio) {
        removeAll { $0 == radio && $1.socket == socket }
    }

    /// Forgets one kind of event.
    mutating func remove(_ event: NetworkEvent, for radio: Air.Radio) {
        removeAll { $0 == radio && $1 == event }
    }
}
