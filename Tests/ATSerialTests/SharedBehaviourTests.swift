import Glibc
import Testing

@testable import ATSerial

/// What every kind of port with clients promises.
@Suite struct SharedBehaviourTests {
    /// A kind of port that clients open.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case pty, tcp, tcp6, unix, rfc2217

        var testDescription: String { rawValue }

        func specification(in directory: TemporaryDirectory) -> SerialSpecification {
            switch self {
            case .pty: .pseudoTerminal(link: nil)
            case .tcp: .tcp(host: "127.0.0.1", port: 0)
            case .tcp6: .tcp(host: "::1", port: 0)
            case .unix: .unix(path: directory.file("socket"))
            case .rfc2217: .rfc2217(host: "127.0.0.1", port: 0)
            }
        }

        /// Noise that the kind carries as it is.
        func noise(_ count: Int) -> [UInt8] {
            let bytes = ATSerialTests.noise(count)
            return self == .rfc2217 ? bytes.map { $0 == 255 ? 254 : $0 } : bytes
        }
    }

    private func withKind(
        _ kind: Kind, isEcho: Bool = false, capacity: Int = 4096, started: Bool = true,
        _ body: (EchoModule, () async throws -> TestClient) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let specification = kind.specification(in: directory)
        try await withModule(specification, isEcho: isEcho, capacity: capacity, started: started) { module in
            let location = try await module.loop.submit { module.port.location }.get()
            try await body(module) { try TestClient.open(location) }
        }
    }

    @Test("a megabyte goes both ways at once through a small module and a slow client, whole", arguments: Kind.allCases)
    func megabyte(kind: Kind) async throws {
        try await withKind(kind, isEcho: true, capacity: 128) { module, open in
            let bytes = kind.noise(1 << 20)
            let client = try await open()
            #expect(try client.exchange(bytes) == bytes)
            #expect(module.state.withLock { $0.largestOffer } <= 128)
        }
    }

    @Test("the first client gets the last 4096 bytes, the next one nothing", arguments: Kind.allCases)
    func keptOutput(kind: Kind) async throws {
        try await withKind(kind) { module, open in
            let bytes = kind.noise(10_000)
            for start in stride(from: 0, to: bytes.count, by: 700) {
                let part = Array(bytes[start..<min(bytes.count, start + 700)])
                #expect(try await module.write(part) == part.count)
            }
            let first = try await open()
            #expect(try first.read(4096) == bytes.suffix(4096))
            try await module.write("ready")
            #expect(try first.readText(5) == "ready")
            try first.write("A")
            try await module.wait("the byte") { $0.received.count == 1 }
            first.close()
            try await Self.waitUntilLost(module)
            let second = try await open()
            try second.write("B")
            try await module.wait("the next client") { $0.received.count == 2 }
            try await module.write("hello")
            #expect(try second.readText(5) == "hello")
        }
    }

    /// Writes marks until one is surely lost: the port takes far more than it could hold for a client.
    private static func waitUntilLost(_ module: EchoModule) async throws {
        try await waitUntil("output is lost with nobody there") {
            for _ in 0..<100 where try await module.write([UInt8](repeating: 0x2E, count: 4096)) < 4096 { return false }
            return true
        }
    }

    @Test("nothing is read before start, nor while the module takes nothing", arguments: Kind.allCases)
    func readsOnDemand(kind: Kind) async throws {
        try await withKind(kind, capacity: 0, started: false) { module, open in
            let client = try await open()
            try client.write("hello")
            try await module.loop.submit { module.port.start() }.get()
            try await module.setCapacity(2)
            try await module.wait("two bytes at a time, since it has no more room") { $0.received.count >= 2 }
            #expect(module.state.withLock { $0.largestOffer } == 2)
            try await module.wait("the rest") { $0.received == Array("hello".utf8) }
        }
    }

    @Test("a client that writes without end is stopped while the module takes nothing", arguments: Kind.allCases)
    func writerIsStopped(kind: Kind) async throws {
        try await withKind(kind, capacity: 0) { module, open in
            let client = try await open()
            let sent = try await client.writeUntilRefused(0x55)
            // Generous: what the kernel may buffer on both sides of a socket.
            #expect(sent < 10_000_000)
            #expect(module.state.withLock { $0.received.isEmpty })
            try await module.setCapacity(1 << 26)
            try await module.wait("all of it") { $0.received.count == sent }
        }
    }

    @Test("output is refused while the client does not read, and goes on when it does", arguments: Kind.allCases)
    func outputIsBounded(kind: Kind) async throws {
        try await withKind(kind) { module, open in
            let client = try await open()
            try client.write("A")
            try await module.wait("the client") { $0.received.count == 1 }
            let taken = try await module.writeUntilRefused(0x2E)
            #expect(taken < 1_000_000)
            #expect(module.state.withLock { $0.canWriteCount } == 0)
            #expect(try client.read(taken) == [UInt8](repeating: 0x2E, count: taken))
            try await module.wait("room again") { $0.canWriteCount == 1 }
            try await module.write("hello")
            #expect(try client.readText(5) == "hello")
        }
    }

    @Test("a client may leave and come back as often as it likes", arguments: Kind.allCases)
    func comesBack(kind: Kind) async throws {
        try await withKind(kind, isEcho: true) { _, open in
            for visit in 0..<50 {
                let client = try await open()
                try client.write("visit \(visit)")
                #expect(try client.readText("visit \(visit)".utf8.count) == "visit \(visit)")
                client.close()
            }
        }
    }

    @Test("what a client sent before it left is all taken, however slowly", arguments: Kind.allCases)
    func departure(kind: Kind) async throws {
        try await withKind(kind, capacity: 0) { module, open in
            let bytes = kind.noise(3000)
            let client = try await open()
            try client.write(bytes)
            client.close()
            try await module.setCapacity(7)
            try await module.wait("all of it") { $0.received == bytes }
        }
    }

    @Test("what was written just before close reaches a client that reads", arguments: Kind.allCases)
    func closeFlushes(kind: Kind) async throws {
        try await withKind(kind) { module, open in
            let client = try await open()
            try client.write("A")
            try await module.wait("the client") { $0.received.count == 1 }
            try await module.write("goodbye")
            async let closed: Void = module.loop.flatSubmit { module.port.close() }.get()
            #expect(try client.readText(7) == "goodbye")
            try await closed
        }
    }

    @Test("a port closes soon although its client does not read", arguments: Kind.allCases)
    func closeIsBounded(kind: Kind) async throws {
        try await withKind(kind) { module, open in
            let client = try await open()
            try client.write("A")
            try await module.wait("the client") { $0.received.count == 1 }
            _ = try await module.writeUntilRefused(0x2E)
            // Measured on the loop, which is not kept waiting by other tests.
            let elapsed = try await module.loop.flatSubmit {
                let start = ContinuousClock.now
                return module.port.close().map { ContinuousClock.now - start }
            }.get()
            #expect(elapsed < .seconds(5))
            client.close()
        }
    }
}
