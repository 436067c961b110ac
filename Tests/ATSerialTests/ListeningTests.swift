import Glibc
import Testing

@testable import ATSerial

/// What only the kinds that listen promise: TCP, RFC 2217 and Unix sockets.
@Suite struct ListeningTests {
    private static let local = SerialSpecification.tcp(host: "127.0.0.1", port: 0)

    private static func specifications(_ directory: TemporaryDirectory) -> [SerialSpecification] {
        [
            local, .tcp(host: "::1", port: 0), .unix(path: directory.file("socket")),
            .rfc2217(host: "127.0.0.1", port: 0),
        ]
    }

    private static func location(_ module: EchoModule) async throws -> SerialLocation {
        try await module.loop.submit { module.port.location }.get()
    }

    @Test("a second client is closed at once, and the first is undisturbed")
    func oneAtATime() async throws {
        signal(SIGPIPE, SIG_IGN)
        let directory = try TemporaryDirectory()
        for specification in Self.specifications(directory) {
            try await withModule(specification, isEcho: true) { module in
                let location = try await Self.location(module)
                let first = try TestClient.open(location)
                try first.write("before")
                #expect(try first.readText(6) == "before")
                for _ in 0..<5 {
                    let second = try TestClient.open(location)
                    #expect(try second.readSome(atMost: 1).isEmpty)
                }
                try first.write("after")
                #expect(try first.readText(5) == "after")
            }
        }
    }

    @Test("a client that half-closes gets its answers, even when another one knocks")
    func halfClosed() async throws {
        let directory = try TemporaryDirectory()
        for specification in Self.specifications(directory) {
            try await withModule(specification) { module in
                let location = try await Self.location(module)
                let first = try TestClient.open(location)
                try first.write("AT\r\n")
                first.closeOutput()
                try await module.wait("the command") { $0.received.count == 4 }
                let second = try TestClient.open(location)
                #expect(try second.readSome(atMost: 1).isEmpty)
                try await module.write("OK\r\n")
                #expect(try first.readText(4) == "OK\r\n")
            }
        }
    }

    @Test("the port is free again when a client goes: closing, half-closing first, or resetting")
    func becomesFree() async throws {
        signal(SIGPIPE, SIG_IGN)
        let directory = try TemporaryDirectory()
        let departures: [(TestClient) -> Void] = [
            { $0.close() }, { $0.reset() },
            {
                $0.closeOutput()
                $0.close()
            },
            {
                $0.closeOutput()
                $0.reset()
            },
        ]
        for specification in Self.specifications(directory) {
            try await withModule(specification, isEcho: true) { module in
                let location = try await Self.location(module)
                for depart in departures {
                    let first = try TestClient.open(location)
                    #expect(try first.isAnswered())
                    depart(first)
                    // Nothing is sent meanwhile, which would show TCP that nobody is there.
                    #expect(try TestClient.open(location).isAnswered())
                }
            }
        }
    }

    @Test("a client that has gone after half-closing is noticed though nobody else comes")
    func departureIsNoticed() async throws {
        try await withModule(Self.local) { module in
            let client = try TestClient.open(try await Self.location(module))
            try client.write("A")
            try await module.wait("the client") { $0.received.count == 1 }
            _ = try await module.writeUntilRefused(0x2E)
            client.closeOutput()
            client.close()
            try await module.wait("the module is let go on") { $0.canWriteCount == 1 }
            #expect(try await module.write([UInt8](repeating: 0, count: 100_000)) == 100_000)
        }
    }

    @Test("the port that was picked is told, and one that is taken is an error")
    func ports() async throws {
        try await withModule(Self.local) { module in
            guard case .tcp(let host, let port) = try await Self.location(module) else {
                throw Timeout(description: "not TCP")
            }
            #expect(host == "127.0.0.1")
            #expect(port != 0)
            let error = try await openingError(.tcp(host: "127.0.0.1", port: port))
            #expect(error?.kind == .unavailable)
            #expect(
                error?.description == "tcp:127.0.0.1:\(port) cannot be listened on: Address already in use")
            let other = try await openingError(.rfc2217(host: "127.0.0.1", port: port))
            #expect(
                other?.description == "rfc2217:127.0.0.1:\(port) cannot be listened on: Address already in use")
        }
    }

    @Test("a host that does not exist is an error")
    func unknownHost() async throws {
        // Not this machine's address (TEST-NET-1, RFC 5737).
        #expect(try await openingError(.tcp(host: "192.0.2.1", port: 0))?.kind == .unavailable)
    }

    @Test("a stale socket file is replaced, and ours is removed when the port closes")
    func staleSocket() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let stale = TestClient.makeSocket(AF_UNIX)
        #expect(TestClient.withSocketAddress(path) { bind(stale, $0, $1) } == 0)
        close(stale)
        try await withModule(.unix(path: path), isEcho: true) { _ in
            let client = try TestClient.connect(unix: path)
            try client.write("AT")
            #expect(try client.readText(2) == "AT")
        }
        #expect(try SystemCall.status(ofLinkAt: path) == nil)
    }

    @Test("a socket file in use is an error, and its owner is not disturbed")
    func liveSocket() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        try await withModule(.unix(path: path)) { module in
            try await module.write("ready")
            let error = try await openingError(.unix(path: path))
            #expect(error?.description == "unix:\(path) is in use by another program; end it or use another path")
            // Had the question been a connection, that would have been the first client.
            #expect(try TestClient.connect(unix: path).readText(5) == "ready")
        }
    }

    @Test("any other file at the path is an error and stays as it is")
    func fileInTheWay() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.makeFile("socket", Array("mine".utf8))
        #expect(try await openingError(.unix(path: path))?.problem.contains("is not a socket") == true)
        #expect(try contents(path) == Array("mine".utf8))
        let link = directory.file("link")
        symlink("/nowhere", link)
        #expect(try await openingError(.unix(path: link))?.problem.contains("is not a socket") == true)
        #expect(linkTarget(link) == "/nowhere")
    }

    @Test("a socket file that somebody else has put there stays when the port closes")
    func foreignSocket() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        try await withModule(.unix(path: path)) { _ in
            unlink(path)
            _ = try directory.makeFile("socket", [1])
        }
        #expect(try contents(path) == [1])
    }

    @Test("a path that a socket address cannot hold is an error that says how long it may be")
    func longPath() async throws {
        let error = try await openingError(.unix(path: "/tmp/" + String(repeating: "x", count: 103)))
        #expect(error?.problem.contains("107 bytes") == true)
        #expect(try await openingError(.unix(path: "/nonexistent/socket"))?.kind == .unavailable)
    }
}
