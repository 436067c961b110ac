import ATPrimitives
import CPosix
import Glibc

/// What a socket call of a test's far end failed with.
struct PeerError: Error, Equatable {
    let errorNumber: CInt
}

/// A far end that a test holds in its hand: a blocking socket on loopback, where each call has a time limit.
final class PeerSocket: Sendable {
    private let descriptor: CInt
    private let address: IPv4Address

    private init(_ descriptor: CInt, at address: IPv4Address = .loopback) throws {
        self.address = address
        guard descriptor >= 0 else { throw PeerError(errorNumber: descriptor == -1 ? errno : -descriptor) }
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
    }

    deinit { Glibc.close(descriptor) }

    static func listening() throws -> PeerSocket {
        let socket = try PeerSocket(cposix_tcp_bind(IPv4Address.loopback.value, 0, false))
        let result = cposix_tcp_listen(socket.descriptor, 16, 65_536)
        guard result == 0 else { throw PeerError(errorNumber: -result) }
        return socket
    }

    /// Bound to TCP, but nobody listens.
    static func silent(port: UInt16 = 0) throws -> PeerSocket {
        try PeerSocket(cposix_tcp_bind(IPv4Address.loopback.value, port, false))
    }

    static func connected(to port: UInt16) throws -> PeerSocket {
        let socket = try PeerSocket(Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
        let result = cposix_udp_connect(socket.descriptor, IPv4Address.loopback.value, port)
        guard result == 0 else { throw PeerError(errorNumber: -result) }
        return socket
    }

    /// Of a TCP socket whose far end is itself; it belongs to the caller.
    static func descriptorConnectedToItself() throws -> CInt {
        let descriptor = cposix_tcp_bind(IPv4Address.loopback.value, 0, false)
        guard descriptor >= 0 else { throw PeerError(errorNumber: -descriptor) }
        let port = UInt16(cposix_local_port(descriptor))
        let result = cposix_udp_connect(descriptor, IPv4Address.loopback.value, port)
        guard result == 0 || result == -EINPROGRESS else { throw PeerError(errorNumber: -result) }
        return descriptor
    }

    static func datagram(at address: IPv4Address = .loopback, port: UInt16 = 0) throws -> PeerSocket {
        try PeerSocket(cposix_udp_bind(address.value, port, false), at: address)
    }

    /// For datagrams, on no port yet.
    static func unbound() throws -> PeerSocket {
        try PeerSocket(Glibc.socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0))
    }

    func bind(to port: UInt16) throws {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_addr.s_addr = address.value.bigEndian
        place.sin_port = port.bigEndian
        let result = withUnsafePointer(to: place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw PeerError(errorNumber: errno) }
    }

    var port: UInt16 { UInt16(cposix_local_port(descriptor)) }
    var endpoint: Endpoint { Endpoint(address: address, port: port) }

    /// How many bytes wait to be read.
    var available: Int {
        var count: CInt = 0
        return ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : -1
    }

    func accept() throws -> PeerSocket { try PeerSocket(Glibc.accept(descriptor, nil, nil)) }

    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw PeerError(errorNumber: errno) }
            sent += count
        }
    }

    /// One read; empty at the end of the stream.
    func read(max: Int = 65_536) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max)
        let count = Glibc.recv(descriptor, &bytes, max, 0)
        guard count >= 0 else { throw PeerError(errorNumber: errno) }
        return Array(bytes[..<count])
    }

    func read(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try read(max: count - bytes.count)
            guard !more.isEmpty else { break }
            bytes += more
        }
        return bytes
    }

    /// One datagram, and where it is from.
    func readDatagram() throws -> (bytes: [UInt8], sender: Endpoint) {
        var bytes = [UInt8](repeating: 0, count: 2_048)
        var from = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.recvfrom(descriptor, &bytes, bytes.count, 0, $0, &size)
            }
        }
        guard count >= 0 else { throw PeerError(errorNumber: errno) }
        let address = IPv4Address(value: UInt32(bigEndian: from.sin_addr.s_addr))
        return (Array(bytes[..<count]), Endpoint(address: address, port: UInt16(bigEndian: from.sin_port)))
    }

    func send(_ bytes: [UInt8], to port: UInt16) throws {
        try send(bytes, to: Endpoint(address: .loopback, port: port))
    }

    func send(_ bytes: [UInt8], to target: Endpoint) throws {
        let result = bytes.withUnsafeBytes {
            cposix_send_to(descriptor, $0.baseAddress, $0.count, target.address.value, target.port)
        }
        guard result == 0 else { throw PeerError(errorNumber: -result) }
    }

    func finish() { _ = cposix_shutdown_output(descriptor) }

    /// Sends RST. The descriptor stays, as that of a socket which is not connected.
    func reset() {
        // Connecting to "no address" ends a connection with RST.
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }
}

/// Ports for links and servers of a module.
enum FreePort {
    /// A port that was free a moment ago, below those that the kernel gives to the sockets of other tests meanwhile.
    static func any() throws -> UInt16 {
        for _ in 1...100 {
            let port = UInt16.random(in: 10_000..<32_768)
            do {
                _ = try PeerSocket.datagram(port: port)
                _ = try PeerSocket.silent(port: port)
                return port
            } catch is PeerError {}
        }
        throw PeerError(errorNumber: EADDRINUSE)
    }
}
