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

/// The events that were not fetched yet, oldest first.
struct NetworkEventQueue: Sendable {
    private var events: [(radio: Air.Radio, event: NetworkEvent)] = []
    private var fetched = 0

    mutating func append(_ event: NetworkEvent, for radio: Air.Radio) {
        // Where each event that is fetched causes another, the queue is never empty.
        if fetched >= VirtualNetwork.maximumEvents { forgetFetched() }
        precondition(
            events.count - fetched < VirtualNetwork.maximumEvents, "the owner of the network does not drain its events")
        events.append((radio, event))
    }

    mutating func removeFirst() -> (Air.Radio, NetworkEvent)? {
        guard fetched < events.count else { return nil }
        let next = events[fetched]
        fetched += 1
        if fetched == events.count {
            events.removeAll(keepingCapacity: true)
            fetched = 0
        }
        return next
    }

    /// Forgets what would have been told about a socket.
    mutating func removeAll(of socket: Socket, for radio: Air.Radio) {
        removeAll { $0 == radio && $1.socket == socket }
    }

    /// Forgets one kind of event.
    mutating func remove(_ event: NetworkEvent, for radio: Air.Radio) {
        removeAll { $0 == radio && $1 == event }
    }

    /// Forgets what a module that is no more would have been told.
    mutating func removeAll(for radio: Air.Radio) {
        removeAll { other, _ in other == radio }
    }

    private mutating func removeAll(where isGone: (Air.Radio, NetworkEvent) -> Bool) {
        guard fetched < events.count else { return }
        forgetFetched()
        events.removeAll { isGone($0.radio, $0.event) }
    }

    private mutating func forgetFetched() {
        events.removeFirst(fetched)
        fetched = 0
    }
}
