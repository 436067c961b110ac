import ATSerial
import CPosix
import Glibc

/// A program at the other end of a line: a descriptor, with a deadline for everything.
final class TestClient {
    private(set) var descriptor: CInt
    private static let limit: CInt = 10_000

    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit { close() }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        let code: CInt

        init(_ what: String) {
            code = errno
            description = "\(what): \(String(cString: strerror(errno)))"
        }
    }

    /// Opens a terminal, and sets nothing.
    static func open(_ path: String) throws -> TestClient {
        let descriptor = Glibc.open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("open \(path)") }
        return TestClient(descriptor: descriptor)
    }

    /// Opens whatever a port says it is.
    static func open(_ location: SerialLocation) throws -> TestClient {
        let client = try connect(location)
        if case .rfc2217 = location {
            try client.skipGreeting()
        }
        return client
    }

    /// Opens a port, and reads nothing of it.
    static func connect(_ location: SerialLocation) throws -> TestClient {
        switch location {
        case .pseudoTerminal(let path, _), .device(let path): return try open(path)
        case .tcp(let host, let port), .rfc2217(let host, let port): return try connect(host, port)
        case .unix(let path): return try connect(unix: path)
        case .standardStreams: throw Failure("no client for stdio")
        }
    }

    static func connect(_ host: String, _ port: UInt16) throws -> TestClient {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let found = list else { throw Failure("resolve") }
        defer { freeaddrinfo(list) }
        let client = TestClient(descriptor: makeSocket(found.pointee.ai_family))
        guard Glibc.connect(client.descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
            throw Failure("connect \(host) \(port)")
        }
        return client
    }

    /// Reads what a telnet port proposes to a client; nothing if it refuses this one.
    func skipGreeting() throws {
        var count = 0
        while count < Self.greeting.count {
            let new = try readSome(atMost: Self.greeting.count - count)
            guard !new.isEmpty else { return }
            guard new.elementsEqual(Self.greeting[count..<count + new.count]) else { throw Failure("greeting: \(new)") }
            count += new.count
        }
    }

    /// WILL BINARY, SUPPRESS-GO-AHEAD, ECHO; DO BINARY, SUPPRESS-GO-AHEAD, COM-PORT-OPTION.
    static let greeting: [UInt8] = [255, 251, 0, 255, 251, 3, 255, 251, 1, 255, 253, 0, 255, 253, 3, 255, 253, 44]

    static func connect(unix path: String) throws -> TestClient {
        let client = TestClient(descriptor: makeSocket(AF_UNIX))
        let result = withSocketAddress(path) { Glibc.connect(client.descriptor, $0, $1) }
        guard result == 0 else { throw Failure("connect \(path)") }
        return client
    }

    /// A stream socket that no program of another test inherits: it would keep a client there that has closed.
    static func makeSocket(_ family: CInt) -> CInt {
        socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    static func withSocketAddress<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Sends FIN, and can still read.
    func closeOutput() {
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Nothing stays in this end's kernel, which would lose it when it closes with unread bytes.
    func sendAtOnce() {
        var option: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &option, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Closes a TCP connection with RST.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            try wait(for: POLLOUT)
            let count = bytes[sent...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, min($0.count, 4096)) }
            guard count > 0 else { throw Failure("write") }
            sent += count
        }
    }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Writes until nothing more is taken; returns how much was.
    func writeUntilRefused(_ byte: UInt8) async throws -> Int {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        let block = [UInt8](repeating: byte, count: 4096)
        var sent = 0
        var refusals = 0
        while refusals < 20, sent < 50_000_000 {
            let count = Glibc.write(descriptor, block, block.count)
            if count > 0 {
                sent += count
                refusals = 0
            } else {
                refusals += 1
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        return sent
    }

    /// Whether the port answers, or keeps the client waiting; false if it closes it. An echo is expected.
    func isAnswered() throws -> Bool {
        // A refused client may learn it when it writes.
        do {
            try write("?")
            return try readSome(atMost: 1) == Array("?".utf8)
        } catch let error as Failure where error.code == ECONNRESET || error.code == EPIPE {
            return false
        }
    }

    /// Reads exactly `count` bytes.
    func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let new = try readSome(atMost: count - bytes.count)
            guard !new.isEmpty else { throw Failure("end of file after \(bytes.count) of \(count) bytes") }
            bytes += new
        }
        return bytes
    }

    func readText(_ count: Int) throws -> String { String(decoding: try read(count), as: UTF8.self) }

    /// Reads what comes next; nothing at the end of the file.
    func readSome(atMost count: Int) throws -> [UInt8] {
        try wait(for: POLLIN)
        var failure: Failure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let found = Glibc.read(descriptor, buffer.baseAddress, count)
            if found < 0 { failure = Failure("read") }
            initialized = max(0, found)
        }
        if let failure { throw failure }
        return bytes
    }

    /// Whether anything can be read now.
    var hasInput: Bool {
        var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&question, 1, 0) > 0
    }

    /// Sends all of `bytes` and reads as many, both at once; now and then it takes a rest from reading.
    func exchange(_ bytes: [UInt8]) throws -> [UInt8] {
        var sent = 0
        var read: [UInt8] = []
        while read.count < bytes.count {
            let wantsRoom = sent < bytes.count ? POLLOUT : 0
            // While it may write it does not always read, so that the line fills in both directions.
            let isRest = wantsRoom != 0 && sent % 3 != 0 && sent - read.count < 200_000
            var question = pollfd(fd: descriptor, events: Int16((isRest ? 0 : POLLIN) | wantsRoom), revents: 0)
            guard poll(&question, 1, isRest ? 5 : Self.limit) >= 0 else { throw Failure("poll") }
            if question.revents & Int16(POLLOUT) != 0 {
                // The size varies, so that no boundary is special; a terminal takes what it has room for.
                let chunk = bytes[sent..<min(bytes.count, sent + 1 + sent % 1500)]
                let count = chunk.withUnsafeBytes { send($0) }
                guard count > 0 || errno == EAGAIN else { throw Failure("write") }
                sent += max(0, count)
            }
            if question.revents & Int16(POLLIN) != 0 || isRest && question.revents == 0 {
                if hasInput { read += try readSome(atMost: 4096) }
            } else if question.revents == 0 {
                throw Failure("nothing came after \(read.count) bytes")
            }
        }
        return read
    }

    private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    }

    private func wait(for events: CInt) throws {
        var question = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        guard poll(&question, 1, Self.limit) > 0 else { throw Failure("nothing in time") }
    }
}

/// A directory that is removed at the end.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/vesp-serial-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw TestClient.Failure("mkdtemp") }
        path = String(cString: made)
    }

    deinit {
        // The tests put no directories into it.
        guard let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            unlink("\(path)/\(name)")
        }
        closedir(directory)
        rmdir(path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a regular file.
    func makeFile(_ name: String, _ bytes: [UInt8]) throws -> String {
        let descriptor = open(file(name), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else {
            throw TestClient.Failure("make \(name)")
        }
        close(descriptor)
        return file(name)
    }
}

/// The contents of a file.
func contents(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TestClient.Failure("open \(path)") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
        bytes += buffer[..<count]
    }
    return bytes
}

/// Where a symbolic link points; nil if there is none.
func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink(path, &buffer, buffer.count)
    return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Bytes that do not repeat soon, the same in every run.
func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 42
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}
