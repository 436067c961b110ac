/// What comes of one input to a TCP connection. It is filled and emptied again and again, so that its memory is kept.
struct TCPOutput: Sendable {
    /// To be sent, in this order.
    var segments: [Segment] = []
    /// For the module, in this order.
    var events: [TCPEvent] = []

    mutating func removeAll() {
        segments.removeAll(keepingCapacity: true)
        events.removeAll(keepingCapacity: true)
    }
}

/// What a TCP connection tells its owner.
enum TCPEvent: Sendable, Hashable {
    /// The far end has taken our SYN.
    case connected
    /// The far end's SYN has led to a connection.
    case arrived
    /// The far end has everything that was sent, and the FIN if one was.
    case acknowledged
    /// There is something to offer that was not there before.
    case received
    /// The far end has closed its side, and everything from it was taken.
    case finished
    /// Gone after both sides were closed, or given up.
    case ended
    /// Gone by RST.
    case reset
}
