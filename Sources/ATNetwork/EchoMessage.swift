import NIOCore

/// An ICMP echo request as the chip sends it, and its reply (reference 2.30).
struct EchoMessage: Hashable {
    /// The chip's identifier. A datagram socket replaces it by its own.
    static let identifier: UInt16 = 0xAFAF
    private static let requestType: UInt8 = 8
    private static let replyType: UInt8 = 0
    private static let dataCount = 32

    let identifier: UInt16
    let sequence: UInt16

    init(sequence: UInt16) {
        identifier = Self.identifier
        self.sequence = sequence
    }

    /// - Parameters:
    ///   - packet: what an ICMP socket has received.
    ///   - hasHeader: whether the IP header is in front of it, as on a raw socket.
    /// - Returns: Nil if it is no echo reply.
    init?(reply packet: ByteBuffer, hasHeader: Bool) {
        var packet = packet
        if hasHeader {
            guard let first: UInt8 = packet.getInteger(at: packet.readerIndex),
                packet.readSlice(length: Int(first & 0x0F) * 4) != nil
            else { return nil }
        }
        guard let type: UInt8 = packet.readInteger(), type == Self.replyType,
            let code: UInt8 = packet.readInteger(), code == 0, let _: UInt16 = packet.readInteger(),
            let identifier: UInt16 = packet.readInteger(), let sequence: UInt16 = packet.readInteger()
        else { return nil }
        self.identifier = identifier
        self.sequence = sequence
    }

    /// The request: type, code, checksum, identifier, sequence and the bytes 00 to 1F.
    var request: [UInt8] {
        var bytes: [UInt8] = [Self.requestType, 0, 0, 0]
        for value in [identifier, sequence] { bytes += [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }
        bytes += (0..<Self.dataCount).map { UInt8($0) }
        let checksum = Self.checksum(bytes)
        bytes[2] = UInt8(checksum >> 8)
        bytes[3] = UInt8(truncatingIfNeeded: checksum)
        return bytes
    }

    /// The Internet checksum of an even number of bytes (RFC 1071).
    static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count - 1, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}
