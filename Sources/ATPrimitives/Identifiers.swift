/// A link id as the host sees it, 0 to 4.
public typealias LinkID = Int

/// One socket of the module, from the effect that opens it to the event that ends it. Link ids are used again, sockets
/// never, so an event that comes late finds nothing to disturb.
public struct Socket: Sendable, Hashable {
    public let number: UInt32

    public init(number: UInt32) {
        self.number = number
    }
}

/// One question to the resolver.
public struct Lookup: Sendable, Hashable {
    public let number: UInt32

    public init(number: UInt32) {
        self.number = number
    }
}

/// One echo request.
public struct Ping: Sendable, Hashable {
    public let number: UInt32

    public init(number: UInt32) {
        self.number = number
    }
}

/// What carries a link.
public enum Transport: UInt8, Sendable {
    case tcp
    case udp
}
