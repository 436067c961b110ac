import ATPrimitives
import CPosix
import Glibc

/// A host port that belongs to a forward for as long as the network lives, whether the module's server listens or not.
///
/// A bound socket that never listens holds it, so that connecting to it is refused. While it does not allow its address
/// to be used again nobody can bind the port; it allows that for the moment in which our own listener is made.
final class ReservedPort {
    let endpoint: Endpoint
    let modulePort: UInt16
    private let descriptor: CInt

    /// - Throws: `NetworkError` if the port cannot be had.
    init(_ forward: Forward, policy: NetworkPolicy) throws(NetworkError) {
        let wanted = Endpoint(address: forward.host ?? policy.bind, port: forward.hostPort)
        var result = cposix_tcp_bind(wanted.address.value, wanted.port, false)
        if result == -EADDRINUSE {
            // Old connections of an earlier run may linger on it; a second try tells them from a socket that is alive.
            result = cposix_tcp_bind(wanted.address.value, wanted.port, true)
            if result >= 0 { _ = cposix_set_reuse(result, false) }
        }
        guard result >= 0 else { throw NetworkError(.bind, at: wanted, errorNumber: -result) }
        descriptor = result
        modulePort = forward.modulePort
        let port = cposix_local_port(result)
        endpoint = Endpoint(address: wanted.address, port: UInt16(truncatingIfNeeded: port))
        if let error = Self.listenError(at: endpoint, holding: result) {
            Glibc.close(result)
            throw error
        }
    }

    /// A descriptor that listens on the port.
    func makeListener() throws(NetworkError) -> CInt {
        _ = cposix_set_reuse(descriptor, true)
        defer { _ = cposix_set_reuse(descriptor, false) }
        return try ListeningSocket.make(at: endpoint).descriptor
    }

    /// Gives the port back. Nothing may be asked of the object afterwards.
    func close() {
        Glibc.close(descriptor)
    }

    /// Linux lets a port be bound beside a bound one that allows it, and refuses only to listen: so that is tried too.
    private static func listenError(at endpoint: Endpoint, holding descriptor: CInt) -> NetworkError? {
        _ = cposix_set_reuse(descriptor, true)
        defer { _ = cposix_set_reuse(descriptor, false) }
        do {
            Glibc.close(try ListeningSocket.make(at: endpoint).descriptor)
            return nil
        } catch {
            return error
        }
    }
}

/// Makes sockets that listen.
enum ListeningSocket {
    /// - Throws: `NetworkError` if the address is not one of this computer.
    static func tryAddress(_ address: IPv4Address) throws(NetworkError) {
        let descriptor = cposix_tcp_bind(address.value, 0, false)
        guard descriptor >= 0 else {
            throw NetworkError(.bind, at: Endpoint(address: address, port: 0), errorNumber: -descriptor)
        }
        close(descriptor)
    }

    /// - Returns: A descriptor that listens at `endpoint`, with the port that it has got if `endpoint` has port 0.
    static func make(at endpoint: Endpoint) throws(NetworkError) -> (descriptor: CInt, endpoint: Endpoint) {
        let descriptor = cposix_tcp_bind(endpoint.address.value, endpoint.port, true)
        guard descriptor >= 0 else { throw NetworkError(.bind, at: endpoint, errorNumber: -descriptor) }
        let result = cposix_tcp_listen(descriptor, NetworkLimits.backlog, NetworkLimits.receiveBuffer)
        guard result == 0 else {
            close(descriptor)
            throw NetworkError(.bind, at: endpoint, errorNumber: -result)
        }
        let port = UInt16(truncatingIfNeeded: cposix_local_port(descriptor))
        return (descriptor, Endpoint(address: endpoint.address, port: port))
    }
}
