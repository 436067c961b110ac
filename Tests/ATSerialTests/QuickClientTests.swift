import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import ATSerial

/// Clients that come before the port can know that the last one has gone.
@Suite struct QuickClientTests {
    typealias Kind = SharedBehaviourTests.Kind
    static let listening = Kind.allCases.filter { $0 != .pty }
    private static let anyPort = SerialSpecification.tcp(host: "127.0.0.1", port: 0)

    private func withPort(
        _ kind: Kind, isEcho: Bool = false, capacity: Int = 4096,
        _ body: (EchoModule, SerialLocation) async throws -> Void
    ) async throws {
        signal(SIGPIPE, SIG_IGN)
        let directory = try TemporaryDirectory()
        let specification = kind.specification(in: directory)
        try await withModule(specification, isEcho: isEcho, capacity: capacity) { module in
            try await body(module, try await module.loop.submit { module.port.location }.get())
        }
    }

    /// A TCP port at which nobody waits long.
    private func withImpatientPort(
        _ body: (EchoModule, SerialLocation) async throws -> Void
    ) async throws {
        signal(SIGPIPE, SIG_IGN)
        try await withModule(
            capacity: 0,
            opening: { loop in
                let transport = ListeningTransport(
                    .tcp(host: "127.0.0.1", port: 0), of: Self.anyPort, waitLimit: .milliseconds(20), on: loop)
                return SerialPort.open(transport, on: loop)
            }
        ) { module in
            try await body(module, try await module.loop.submit { module.port.location }.get())
        }
    }

    @Test("200 clients that each close and open again at once are all answered", arguments: listening)
    func reopening(kind: Kind) async throws {
        try await withPort(kind, isEcho: true) { _, location in
            for visit in 0..<200 {
                let client = try TestClient.open(location)
                try #require(try client.isAnswered(), "visit \(visit) was refused")
                client.close()
            }
        }
    }

    @Test("200 clients that write and close at once are all heard, in their order", arguments: listening)
    func hitAndRun(kind: Kind) async throws {
        try await withPort(kind, capacity: 1 << 20) { module, location in
            var sent = ""
            for visit in 0..<200 {
                let client = try TestClient.connect(location)
                try client.write("visit \(visit)\n")
                client.close()
                sent += "visit \(visit)\n"
            }
            let expected = Array(sent.utf8)
            try await module.wait("all of them") { $0.received.count >= expected.count }
            #expect(module.state.withLock { String(decoding: $0.received, as: UTF8.self) } == sent)
        }
    }

    @Test("a client that comes when another has just closed follows it, though little was taken", arguments: listening)
    func follows(kind: Kind) async throws {
        try await withPort(kind, capacity: 0) { module, location in
            let bytes = kind.noise(3000)
            let first = try TestClient.open(location)
            try first.write(bytes)
            first.close()
            let second = try TestClient.open(location)
            try second.write("B")
            try await module.setCapacity(100)
            try await module.wait("both") { $0.received == bytes + Array("B".utf8) }
            try await module.write("hello")
            #expect(try second.readText(5) == "hello")
        }
    }

    @Test("one follows a client whose end the kernel has no room for, and a third is refused", arguments: listening)
    func waits(kind: Kind) async throws {
        try await withPort(kind, capacity: 0) { module, location in
            let first = try TestClient.open(location)
            let sent = try await first.writeUntilRefused(0x55)
            first.close()
            let second = try TestClient.connect(location)
            try second.write("B")
            let third = try TestClient.connect(location)
            #expect(try third.readSome(atMost: 1).isEmpty)
            try await module.setCapacity(1 << 26)
            try await module.wait("both") { $0.received.count == sent + 1 }
            #expect(module.state.withLock { $0.received.last } == UInt8(ascii: "B"))
            if kind == .rfc2217 { try second.skipGreeting() }
            try await module.write("hello")
            #expect(try second.readText(5) == "hello")
        }
    }

    @Test("clients that go while they wait leave the port to the next one, and what they sent", arguments: listening)
    func goWhileTheyWait(kind: Kind) async throws {
        try await withPort(kind, capacity: 0) { module, location in
            let first = try TestClient.open(location)
            let sent = try await first.writeUntilRefused(0x55)
            first.close()
            for text in ["", "B", "", "C"] {
                let client = try TestClient.connect(location)
                try client.write(text)
                client.close()
            }
            let last = try TestClient.connect(location)
            try last.write("D")
            try await module.setCapacity(1 << 26)
            try await module.wait("all of them") { $0.received.count == sent + 3 }
            #expect(module.state.withLock { Array($0.received.suffix(3)) } == Array("BCD".utf8))
            if kind == .rfc2217 { try last.skipGreeting() }
            try await module.write("hello")
            #expect(try last.readText(5) == "hello")
        }
    }

    @Test("a client that waits too long is refused, and the first one's bytes are still all taken")
    func waitIsBounded() async throws {
        try await withImpatientPort { module, location in
            let first = try TestClient.open(location)
            let sent = try await first.writeUntilRefused(0x55)
            first.close()
            #expect(try TestClient.open(location).readSome(atMost: 1).isEmpty)
            try await module.setCapacity(1 << 26)
            try await module.wait("all of it") { $0.received.count == sent }
            let next = try TestClient.open(location)
            try next.write("B")
            try await module.wait("the next one") { $0.received.count == sent + 1 }
        }
    }

    @Test("clients that come, write and close without end are held in the kernel while the module takes nothing")
    func storm() async throws {
        signal(SIGPIPE, SIG_IGN)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let opened = try await loop.submit {
            let transport = ListeningTransport(.tcp(host: "127.0.0.1", port: 0), of: Self.anyPort, on: loop)
            let line = SerialLine(transport, on: loop)
            return (NIOLoopBound(line, eventLoop: loop), transport.open(for: line))
        }.get()
        try await opened.1.get()
        let location = try await loop.submit { opened.0.value.transport.location }.get()
        for _ in 0..<30 {
            let client = try TestClient.open(location)
            try client.write([UInt8](repeating: 0x55, count: 30_000))
            client.close()
        }
        let last = try TestClient.open(location)
        try await waitUntil("as many as may have been let in") {
            try await loop.submit { opened.0.value.unreadCount }.get() > 65_536
        }
        let waiting = {
            try await loop.submit { (opened.0.value.transport as? ListeningTransport)?.waiting.count ?? 0 }.get()
        }
        try await waitUntil("the line is full") { try await waiting() >= WaitingClients.limit }
        // Turns in which more could be let in.
        for _ in 0..<100 { try await loop.submit {}.get() }
        #expect(try await waiting() == WaitingClients.limit)
        #expect(try await loop.submit { opened.0.value.unreadCount }.get() == 90_000)
        last.close()
        try await loop.flatSubmit { opened.0.value.close() }.get()
        try await group.shutdownGracefully()
    }

    @Test("all that a client sent is taken though the answers to it find nobody", arguments: Kind.allCases)
    func lastWords(kind: Kind) async throws {
        try await withPort(kind, isEcho: true, capacity: 300) { module, location in
            for round in 1...20 {
                let bytes = kind.noise(20_000)
                let client = try TestClient.open(location)
                client.sendAtOnce()
                try client.write(bytes)
                client.close()
                try await module.wait("all of round \(round)") { $0.received.count >= bytes.count }
                #expect(module.state.withLock { $0.received == bytes })
                module.state.withLock { $0.received = [] }
            }
        }
    }

    @Test("clients that reset as soon as they have come leave a port that answers", arguments: listening)
    func resets(kind: Kind) async throws {
        try await withPort(kind, isEcho: true) { _, location in
            for _ in 0..<200 {
                try TestClient.connect(location).reset()
            }
            #expect(try TestClient.open(location).isAnswered())
        }
    }

    @Test("a byte sent as urgent is a byte like the others")
    func urgent() async throws {
        try await withPort(.tcp) { module, location in
            for round in 1...50 {
                let client = try TestClient.open(location)
                #expect(send(client.descriptor, "AB", 2, CInt(MSG_OOB)) == 2)
                try client.write("C")
                #expect(send(client.descriptor, "D", 1, CInt(MSG_OOB)) == 1)
                client.close()
                try await module.wait("round \(round)") { $0.received.count == 4 * round }
            }
            #expect(module.state.withLock { Array($0.received.suffix(4)) } == Array("ABCD".utf8))
        }
    }
}
