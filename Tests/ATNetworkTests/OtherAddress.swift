import ATPrimitives
import CPosix
import Glibc

@testable import ATNetwork

/// An address of this machine that is not on loopback, and so is elsewhere to a policy.
enum OtherAddress {
    static var exists: Bool { ofThisMachine != nil }

    static let ofThisMachine: IPv4Address? = {
        // Connecting sends nothing, and shows which address would be used.
        let descriptor = cposix_udp_bind(IPv4Address.any.value, 0, false)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard cposix_udp_connect(descriptor, IPv4Address(192, 0, 2, 1).value, 9) == 0 else { return nil }
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        let own = IPv4Address(value: UInt32(bigEndian: address.sin_addr.s_addr))
        return result == 0 && !Subnet.loopback.contains(own) ? own : nil
    }()
}

/// ICMP messages which say that a datagram did not arrive; many codes are final to the kernel. Needs a raw socket.
enum Unreachable {
    /// - Parameters:
    ///   - source: of the datagram that the message is about, which gets it.
    ///   - target: of that datagram.
    ///   - code: 0 to 15; 10 is what a firewall says that forbids a host.
    static func tell(_ source: Endpoint, about target: Endpoint, code: UInt8) throws {
        var message: [UInt8] = [3, code, 0, 0, 0, 0, 0, 0]
        message += [0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0]
        message += bytes(of: source.address) + bytes(of: target.address)
        message += bytes(of: source.port) + bytes(of: target.port) + [0, 9, 0, 0]
        message.replaceSubrange(2..<4, with: bytes(of: EchoMessage.checksum(message)))
        let descriptor = cposix_icmp_socket(true)
        guard descriptor >= 0 else { throw PeerError(errorNumber: -descriptor) }
        defer { close(descriptor) }
        let result = message.withUnsafeBytes {
            cposix_send_to(descriptor, $0.baseAddress, $0.count, source.address.value, 0)
        }
        guard result == 0 else { throw PeerError(errorNumber: -result) }
    }

    private static func bytes(of port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xFF)] }

    private static func bytes(of address: IPv4Address) -> [UInt8] {
        let (a, b, c, d) = address.octets
        return [a, b, c, d]
    }
}
