import ATPrimitives

/// A serial port with a module at the other end, and the clock beside it. The command line has a real one, tests have
/// a scripted one with a clock of its own.
public protocol BytePort {
    /// Now, on a clock that only goes forward. Where it starts does not matter.
    var now: Instant { get }

    /// Sends all bytes to the module.
    /// - Throws: `PortError` when the port is gone.
    mutating func send(_ bytes: [UInt8]) throws(PortError)

    /// Waits until the module says something or the deadline has come, whichever is first.
    /// - Returns: what has come, at least one byte; none if the deadline came first. A deadline in the past returns
    ///   what is there already.
    /// - Throws: `PortError` when the port is gone.
    mutating func receive(until deadline: Instant) throws(PortError) -> [UInt8]
}

/// The port is gone: closed by the other side, unplugged, or failed.
public struct PortError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
