import ATPrimitives
import NIOCore

/// One call of the delegate that waits for its turn.
enum Report {
    case connected(Socket)
    case unreachable(Socket)
    case reset(Socket)
    case acknowledged(Socket)
    case finished(Socket)
    case closed(Socket)
    case resolved(Lookup, IPv4Address?)
    case pong(Ping, milliseconds: Int)
    case serving(UInt16, at: Endpoint)
    case stoppedServing(UInt16)
    case cannotServe(UInt16, NetworkError)
    case datagramPort(UInt16, at: Endpoint)

    /// The socket that it is about, if it is about one: such a report has come over the air.
    var socket: Socket? {
        switch self {
        case .connected(let socket), .unreachable(let socket), .reset(let socket), .acknowledged(let socket),
            .finished(let socket), .closed(let socket):
            socket
        default: nil
        }
    }
}

/// The reports in their order. A socket has at most six of them, so the sockets' limit bounds it.
struct ReportQueue {
    private var waiting = CircularBuffer<Report>()

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }

    mutating func append(_ report: Report) { waiting.append(report) }

    /// Takes the next report out; while the radio is away, the next that did not come over the air.
    mutating func next(attached: Bool) -> Report? {
        if attached { return waiting.popFirst() }
        guard let index = waiting.firstIndex(where: { $0.socket == nil }) else { return nil }
        return waiting.remove(at: index)
    }

    func contains(of socket: Socket) -> Bool { waiting.contains { $0.socket == socket } }
    mutating func removeAll(of socket: Socket) { waiting.removeAll { $0.socket == socket } }
    mutating func removeAll() { waiting.removeAll() }
}
