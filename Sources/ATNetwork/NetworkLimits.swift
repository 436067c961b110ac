import NIOCore

/// How much the host's network keeps, tries and waits for.
enum NetworkLimits {
    /// Sockets of one module. The chip has 5 TCP connections (reference 3.7); the rest is for UDP and attempts that
    /// were replaced.
    static let sockets = 16
    /// Servers of one module; the firmware has one (reference 3.7).
    static let servers = 5
    /// Clients that wait in the kernel to be accepted.
    static let backlog: CInt = 8
    /// One read of a TCP socket: the chip's receive window, 4 segments of 1460 bytes (reference 3.5).
    static let readSize = 5840
    /// The kernel's receive buffer of a TCP socket; Linux doubles it for its bookkeeping. It bounds what is held for a
    /// module that does not take it, since SwiftNIO reads everything as soon as the far end sends FIN.
    static let receiveBuffer: CInt = 65_536
    /// What is held for sending while the radio is away: well above the chip's send buffer of 2920 bytes (reference
    /// 3.6), which the engine never exceeds.
    static let heldOutput = 16_384
    /// The largest payload of a datagram; the chip does not reassemble IP fragments (reference 3.5).
    static let datagram = 1472
    /// One read of a UDP socket. It is larger than `datagram`, so that a longer one is noticed.
    static let datagramRead = 2048
    /// Senders whose address is shown as another one, for each UDP link.
    static let aliases = 4
    /// Targets elsewhere of one UDP link that can still answer; a further one takes the place of the oldest.
    static let datagramTargets = 4
    /// The first and the longest pause before a UDP socket is opened again that could not be had.
    static let firstReopening = TimeAmount.milliseconds(100)
    static let longestReopening = TimeAmount.seconds(5)
    /// The first and the longest pause between two looks at what is acknowledged.
    static let firstLook = TimeAmount.microseconds(200)
    static let longestLook = TimeAmount.milliseconds(5)
    /// The engine gives an attempt up after about 3 s (reference 3.4); this is for one that it forgets.
    static let dialling = TimeAmount.seconds(30)
    /// Connections that the module has forgotten and that still shut down, and how long one may.
    static let lingering = 16
    static let lingerTime = TimeAmount.seconds(10)
    /// Questions to the system's resolver at a time; further names are not found.
    static let lookups = 8
    /// Echo requests without a reply; the oldest is forgotten.
    static let pings = 8
}
