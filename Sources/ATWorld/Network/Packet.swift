import ATAir
import ATPrimitives

/// One IP packet.
struct Packet: Sendable {
    enum Content: Sendable {
        case segment(Segment)
        case datagram([UInt8])
        /// The number tells the requests of all modules apart.
        case echoRequest(UInt64)
        case echoReply(UInt64)
    }

    /// Counts the packets, and so orders those that arrive at one instant.
    let number: UInt64
    /// The module that sent it; nil if it was none.
    let sender: Air.Radio?
    /// In which it travels; nil for a module's way to itself.
    let network: Network.ID?
    let source: Endpoint
    let destination: Endpoint
    let content: Content
    /// To everybody in the network but the sender.
    var isBroadcast = false

    /// Its length on the air with its headers.
    var byteCount: Int {
        switch content {
        case .segment(let segment): Self.segmentHeaders + segment.payload.count
        case .datagram(let payload): Self.datagramHeaders + payload.count
        case .echoRequest, .echoReply: Self.echoLength
        }
    }

    /// IP and TCP headers without options.
    private static let segmentHeaders = 40
    /// IP and UDP headers.
    private static let datagramHeaders = 28
    /// IP and ICMP headers and 32 bytes (reference 2.30).
    private static let echoLength = 60
}
