import ATPrimitives
import Glibc
import NIOCore
import Testing

@testable import ATSerial

/// What only RFC 2217 promises.
@Suite struct RemotePortTests {
    private static let specification = SerialSpecification.rfc2217(host: "127.0.0.1", port: 0)

    private static func open(_ module: EchoModule) async throws -> TestClient {
        try TestClient.open(try await module.loop.submit { module.port.location }.get())
    }

    private static func clientLine(_ module: EchoModule) async throws -> LineSettings? {
        try await module.loop.submit { module.port.clientLine }.get()
    }

    /// A request as it is sent; the answer has the same form.
    private static func message(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
        [255, 250, 44, number] + value.flatMap { $0 == 255 ? [255, 255] : [$0] } + [255, 240]
    }

    private static func request(_ client: TestClient, _ number: UInt8, _ value: [UInt8]) throws {
        try client.write(message(number, value))
        let answer = message(number + 100, value)
        #expect(try client.read(answer.count) == answer)
    }

    @Test("every byte passes both ways, 255 doubled, in noise as in a row")
    func escapes() async throws {
        try await withModule(Self.specification, isEcho: true, capacity: 100) { module in
            let client = try await Self.open(module)
            let all = noise(3000) + (0...255).map { UInt8($0) } + [UInt8](repeating: 255, count: 40_000)
            let escaped = all.flatMap { $0 == 255 ? [255, 255] : [$0] }
            #expect(try client.exchange(escaped) == escaped)
        }
        try await withModule(Self.specification, capacity: 1 << 20) { module in
            let client = try await Self.open(module)
            let all = noise(3000)
            try client.write(all.flatMap { $0 == 255 ? [255, 255] : [$0] })
            try await module.wait("all of it, once") { $0.received == all }
        }
    }

    @Test("what the module sends without end of 255 stops and goes on in whole escapes")
    func escapesUnderPressure() async throws {
        try await withModule(Self.specification) { module in
            let client = try await Self.open(module)
            try client.write("A")
            try await module.wait("the client") { $0.received.count == 1 }
            let taken = try await module.writeUntilRefused(255)
            #expect(taken < 1_000_000)
            #expect(try client.read(2 * taken) == [UInt8](repeating: 255, count: 2 * taken))
            try await module.wait("room again") { $0.canWriteCount == 1 }
            try Self.request(client, 2, [7])
            try await module.write("hello")
            #expect(try client.readText(5) == "hello")
        }
    }

    @Test("the client's settings are 115200 8N1, then what it sets, then 115200 8N1 for the next one")
    func clientLine() async throws {
        try await withModule(Self.specification) { module in
            #expect(try await Self.clientLine(module) == .standard)
            let client = try await Self.open(module)
            try client.write([255, 251, 44])
            // The state of the modem lines follows the agreement.
            #expect(try client.read(7) == Self.message(107, [0xB0]))
            try Self.request(client, 1, [0, 0, 255, 255])
            try Self.request(client, 2, [7])
            try Self.request(client, 3, [3])
            try Self.request(client, 4, [2])
            let expected = LineSettings(
                baud: 65_535, dataBits: 7, stopBits: .two, parity: .even, requestToSend: false, clearToSend: false)
            #expect(try await Self.clientLine(module) == expected)
            #expect(module.state.withLock { $0.clientLines.count } == 4)
            #expect(module.state.withLock { $0.clientLines.last } == expected)
            client.close()
            try await module.wait("the settings to fall back") { $0.clientLines.last == .standard }
            #expect(try await Self.clientLine(module) == .standard)
        }
    }

    @Test("the module hears of each change of DTR and RTS, with what was sent before, and both drop with the client")
    func controls() async throws {
        try await withModule(Self.specification) { module in
            let client = try await Self.open(module)
            // All at once: a pulse is not lost.
            try client.write(
                Array("AT".utf8) + Self.message(5, [8]) + Self.message(5, [11]) + Self.message(5, [9])
                    + Self.message(5, [12]) + Self.message(5, [11]))
            try await module.wait("the changes") { $0.controls.count == 5 }
            #expect(module.state.withLock { $0.received } == Array("AT".utf8))
            client.close()
            try await module.wait("the drop") { $0.controls.count == 6 }
            let heard = module.state.withLock { $0.controls.map { [$0.dataTerminalReady, $0.requestToSend] } }
            #expect(
                heard == [
                    [true, false], [true, true], [false, true], [false, false], [false, true], [false, false],
                ])
        }
    }

    @Test("a module that takes nothing can still be reset, and gets what was sent when it takes it")
    func resetWhileFull() async throws {
        try await withModule(Self.specification, capacity: 0) { module in
            let client = try await Self.open(module)
            let bytes = [UInt8](repeating: 65, count: RemotePortTransport.readAhead - 1)
            try client.write(bytes)
            try Self.request(client, 5, [11])
            try await module.wait("reset") {
                $0.controls == [SerialControls(dataTerminalReady: false, requestToSend: true)]
            }
            #expect(module.state.withLock { $0.received.isEmpty })
            try await module.setCapacity(1 << 20)
            try await module.wait("the bytes") { $0.received == bytes }
        }
    }

    @Test("a purge of what the client sent takes it back from a module that has not taken it")
    func purge() async throws {
        try await withModule(Self.specification, capacity: 0) { module in
            let client = try await Self.open(module)
            try client.write("void")
            try Self.request(client, 12, [1])
            try Self.request(client, 12, [2])
            try client.write("AT")
            try await module.setCapacity(100)
            try await module.wait("the rest") { $0.received == Array("AT".utf8) }
        }
    }

    @Test("a break is a byte 0, once, in its place, as is telnet's own")
    func breaks() async throws {
        try await withModule(Self.specification) { module in
            let client = try await Self.open(module)
            try client.write(
                Array("A".utf8) + Self.message(5, [5]) + Self.message(5, [6]) + Array("T".utf8) + [255, 243, 66])
            try await module.wait("the bytes") { $0.received == [65, 0, 84, 0, 66] }
        }
    }

    @Test("no data comes while the client has suspended it, answers do, and the module is told when it goes on")
    func suspension() async throws {
        try await withModule(Self.specification) { module in
            let client = try await Self.open(module)
            try client.write(Self.message(8, []))
            try Self.request(client, 2, [7])
            #expect(try await module.write(Array("hello".utf8)) == 0)
            try Self.request(client, 2, [8])
            try client.write(Self.message(9, []))
            try await module.wait("room") { $0.canWriteCount == 1 }
            try await module.write("hello")
            #expect(try client.readText(5) == "hello")
        }
    }

    @Test("what the module writes to a client that left while it was suspended is lost, as with nobody there")
    func suspendedDeparture() async throws {
        try await withModule(Self.specification) { module in
            let client = try await Self.open(module)
            try client.write(Self.message(8, []))
            try Self.request(client, 2, [7])
            #expect(try await module.write(Array("hello".utf8)) == 0)
            client.close()
            try await module.wait("to be let go on") { $0.canWriteCount == 1 }
            #expect(try await module.write(Array("hello".utf8)) == 5)
        }
    }

    @Test("a client that asks without end and never reads is stopped, and gets every answer when it reads")
    func flood() async throws {
        try await withModule(Self.specification, isEcho: true) { module in
            let client = try await Self.open(module)
            _ = fcntl(client.descriptor, F_SETFL, O_NONBLOCK)
            let question = Self.message(0, [])
            let block = [[UInt8]](repeating: question, count: 512).flatMap { $0 }
            var sent = 0
            var refusals = 0
            while refusals < 20, sent < 50_000_000 {
                let offset = sent % question.count
                let count = write(client.descriptor, Array(block[offset...]), block.count - offset)
                if count > 0 {
                    sent += count
                    refusals = 0
                } else {
                    refusals += 1
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            #expect(sent < 20_000_000)
            let answer = Self.message(100, Array("vesp".utf8))
            let answers = try client.read(sent / question.count * answer.count)
            #expect(answers == [[UInt8]](repeating: answer, count: sent / question.count).flatMap { $0 })
        }
    }

    @Test("nonsense, endless subnegotiations and cut escapes leave a port that works for the next client")
    func hostile() async throws {
        signal(SIGPIPE, SIG_IGN)
        try await withModule(Self.specification, isEcho: true) { module in
            let inputs: [[UInt8]] = [
                [255], [255, 250], [255, 250, 44], [255, 253], [255, 240], [255, 250, 44, 1, 0, 255],
                [255, 250, 44] + [UInt8](repeating: 1, count: 1_000_000), [UInt8](repeating: 255, count: 1001),
                [255, 250, 255, 240], [255, 250, 45, 1, 255, 240],
            ]
            for input in inputs + (0..<20).map({ round in noise(997 + round).map { $0 & 1 == 0 ? 255 : $0 | 0xF0 } }) {
                let client = try await Self.open(module)
                try client.write(input)
                client.close()
                try await waitUntil("the port answers after \(input.prefix(8))") {
                    let next = try await Self.open(module)
                    do {
                        try next.write(Self.message(2, [8]))
                        let answer = Self.message(102, [8])
                        return try next.readSome(atMost: answer.count).suffix(2) == [255, 240]
                    } catch let error as TestClient.Failure where error.code == ECONNRESET || error.code == EPIPE {
                        return false
                    }
                }
            }
        }
    }

    @Test("a client that sends its last command with its end has it obeyed")
    func lastWords() async throws {
        try await withModule(Self.specification, capacity: 0) { module in
            let client = try await Self.open(module)
            try client.write(Array("AT".utf8) + Self.message(5, [11]))
            client.close()
            try await module.wait("both changes") { $0.controls.count == 2 }
            try await module.setCapacity(100)
            try await module.wait("the bytes") { $0.received == Array("AT".utf8) }
        }
    }
}
