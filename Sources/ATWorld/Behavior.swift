import ATPrimitives

/// What answers at an address and port behind the air (transcript format, The world of a case).
public enum PeerBehavior: Sendable, Hashable {
    /// Takes connections, acknowledges at once, answers ping, and closes its side when the module closes.
    case accepts
    /// Answers a SYN with RST, and ping as `accepts` does.
    case refuses
    /// Answers neither SYN nor ping.
    case silent
}

/// What the name server says to one name.
public enum NameAnswer: Sendable, Hashable {
    case address(IPv4Address)
    /// There is no such name; this is also the answer to names nobody mentioned.
    case fails
    /// The server does not answer.
    case silent
}

/// What the far end of a connection is told to do.
public enum PeerAction: Sendable, Hashable {
    case sends([UInt8])
    /// Closes its side once the module has taken what was sent.
    case closes
    /// Sends RST; what the module has not taken yet is lost.
    case resets
    /// Leaves what comes in its window, which fills up (`World.receiveWindow`).
    case stopsReading
    /// Acknowledges nothing any more.
    case stopsAcknowledging
    /// Reads and acknowledges again, also what has piled up.
    case resumes
}

/// What the world tells the module. Payload is no event: it is offered by `World.offerPayload`, since the module may
/// refuse it.
public enum WorldEvent: Sendable, Hashable {
    case resolved(Lookup, IPv4Address?)
    case connected(Socket)
    case reset(Socket)
    /// All that the module sent is acknowledged, and its FIN if it sent one.
    case acknowledged(Socket)
    /// The far end has closed its side, and the module has taken all its data.
    case finished(Socket)
    /// Both sides are closed, after the module closed its own.
    case closed(Socket)
    case pong(Ping, milliseconds: Int)
}

/// Why the far end of a socket cannot do what it was told.
public enum WorldError: Error, Sendable, Hashable {
    /// The module has no such connection, or it is not established.
    case notConnected
    /// The far end has closed its side and can send no more.
    case alreadyClosed
    /// More than `World.pendingLimit` bytes would wait for the module.
    case tooMuchPending
}
