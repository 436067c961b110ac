import ATPrimitives
import ATSerial
import ATTranscript
import Glibc

/// The host's end of a serial line that somebody else has opened: a terminal, a TCP port or a Unix socket.
final class SerialClient {
    /// How many bytes one read brings at most.
    static let readSize = 4096
    /// How long the other side may take no byte at all, in milliseconds.
    static let writeLimit: CInt = 10_000

    private let descriptor: CInt
    private let name: String

    /// Opens the other end of a line.
    /// - Parameter text: a path, or a SPEC as of `--serial`.
    /// - Throws: `Failure` when it is not to be had (69) or cannot be meant (64).
    init(opening text: String) throws {
        name = text
        descriptor =
            switch try Self.specification(text) {
            case .pseudoTerminal(let path?), .device(let path): try Self.openTerminal(path)
            case .unix(let path): try Self.connect(toUnix: path)
            case .tcp(let host, let port): try Self.connect(toHost: host, port: port)
            case .pseudoTerminal(nil), .standardStreams, .rfc2217:
                throw Failure(
                    .usage, "--port: \"\(text)\" cannot be played to; give a path, tcp:[HOST:]PORT or unix:PATH.")
            }
        // Who waits is `poll`, which can stop waiting.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { close(descriptor) }

    private static func specification(_ text: String) throws -> SerialSpecification {
        let kinds = ["pty:", "tcp:", "unix:", "device:", "rfc2217:"]
        guard kinds.contains(where: text.hasPrefix) || text == "pty" || text == "stdio" else {
            var status = stat()
            let isSocket = stat(text, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
            return isSocket ? .unix(path: text) : .device(path: text)
        }
        do {
            return try SerialSpecification(text)
        } catch {
            throw Failure(.usage, "--port: \(error)")
        }
    }

    private static func openTerminal(_ path: String) throws -> CInt {
        let descriptor = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unavailable(path) }
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else {
            close(descriptor)
            throw Failure(.unavailable, "\(path) is not a serial port; give the path of one, or tcp:[HOST:]PORT.")
        }
        cfmakeraw(&settings)
        cfsetspeed(&settings, speed_t(B115200))
        guard tcsetattr(descriptor, TCSANOW, &settings) == 0 else { throw unavailable(path) }
        return descriptor
    }

    private static func connect(toUnix path: String) throws -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(.unavailable, "\(path) is too long for a socket; give a shorter path.")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard descriptor >= 0, isConnected else { throw unavailable(path, closing: descriptor) }
        return descriptor
    }

    private static func connect(toHost host: String, port: UInt16) throws -> CInt {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let name = "\(host):\(port)"
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else {
            throw Failure(.unavailable, "\(name) is no address; give an address, such as tcp:127.0.0.1:7001.")
        }
        defer { freeaddrinfo(list) }
        let info = first.pointee
        let descriptor = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
        guard descriptor >= 0, Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 else {
            throw unavailable(name, closing: descriptor)
        }
        return descriptor
    }

    private static func unavailable(_ name: String, closing descriptor: CInt = -1) -> Failure {
        let reason = String(cString: strerror(errno))
        if descriptor >= 0 { close(descriptor) }
        return Failure(
            .unavailable, "\(name) cannot be opened: \(reason); start vesp there first, or give another port.")
    }
}

extension SerialClient: BytePort {
    var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    func send(_ bytes: [UInt8]) throws(PortError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EAGAIN {
                try waitForRoom()
            } else if count < 0 && errno != EINTR {
                throw PortError("\(name): \(String(cString: strerror(errno)))")
            }
            sent += max(0, count)
        }
    }

    private func waitForRoom() throws(PortError) {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, Self.writeLimit) != 0 else {
            throw PortError(
                "\(name) has taken nothing for \(Self.writeLimit / 1_000) s; see whether a module is there.")
        }
    }

    func receive(until deadline: Instant) throws(PortError) -> [UInt8] {
        while true {
            let wait = max(0, (deadline - now).microseconds + 999) / 1_000
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&request, 1, CInt(clamping: wait))
            if ready == 0 { return [] }
            if ready < 0 && errno == EINTR { continue }
            var buffer = [UInt8](repeating: 0, count: Self.readSize)
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { return Array(buffer[..<count]) }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            throw PortError("\(name) was closed by the other side")
        }
    }
}
