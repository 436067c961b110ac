import ATPrimitives
import CPosix
import Glibc
import NIOCore

extension SocketAddress {
    init(_ endpoint: Endpoint) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = endpoint.address.value.bigEndian
        address.sin_port = endpoint.port.bigEndian
        // A host text of its own keeps SwiftNIO from formatting one.
        self.init(address, host: "")
    }

    /// Nil unless it is an IPv4 address.
    var endpoint: Endpoint? {
        guard case .v4(let address) = self else { return nil }
        return Endpoint(
            address: ATPrimitives.IPv4Address(value: UInt32(bigEndian: address.address.sin_addr.s_addr)),
            port: UInt16(bigEndian: address.address.sin_port))
    }
}

extension Subnet {
    /// The host's loopback.
    static let loopback = Subnet(containing: .loopback, prefixLength: 8)
}

extension Channel {
    /// Calls `body` with the channel's descriptor.
    ///
    /// - Returns: What `body` returns, or -EBADF when the channel is closed.
    func withDescriptor(_ body: (CInt) -> CInt) -> CInt {
        do {
            return try pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self, body) ?? -EBADF
        } catch {
            // The one reason is that the channel has been closed.
            return -EBADF
        }
    }
}
