import Glibc
import NIOCore
import Testing

@testable import ATSerial

@Suite struct StandardStreamsTests {
    /// A pipe; both ends are closed at the end.
    private final class Pipe {
        let output: TestClient
        let input: TestClient

        init() throws {
            var ends: [CInt] = [0, 0]
            guard pipe(&ends) == 0 else { throw TestClient.Failure("pipe") }
            // A program of another test that inherits one would hold the pipe open.
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            output = TestClient(descriptor: ends[0])
            input = TestClient(descriptor: ends[1])
        }
    }

    private static func withStreams(
        _ input: CInt, _ output: CInt, isEcho: Bool = true, capacity: Int = 4096,
        _ body: (EchoModule) async throws -> Void
    ) async throws {
        try await withModule(
            isEcho: isEcho, capacity: capacity,
            opening: { SerialPort.open(StandardStreamsTransport(input: input, output: output, on: $0), on: $0) }, body)
    }

    private static func isBlocking(_ client: TestClient) -> Bool {
        fcntl(client.descriptor, F_GETFL) & O_NONBLOCK == 0
    }

    @Test("a command goes through pipes, and the end comes after everything before it")
    func pipes() async throws {
        let (input, output) = (try Pipe(), try Pipe())
        try await Self.withStreams(input.output.descriptor, output.input.descriptor, capacity: 3) { module in
            try input.input.write("AT+GMR\r\n")
            #expect(try output.output.readText(8) == "AT+GMR\r\n")
            try input.input.write("AT\r\n")
            input.input.close()
            try await module.wait("the end") { $0.hasEnded }
            #expect(try output.output.readText(4) == "AT\r\n")
        }
        #expect(Self.isBlocking(input.output))
        #expect(Self.isBlocking(output.input))
    }

    @Test("a socket, which cannot be opened anew, has its flags back at the end")
    func sockets() async throws {
        var ends: [CInt] = [0, 0]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let (near, far) = (TestClient(descriptor: ends[0]), TestClient(descriptor: ends[1]))
        try await Self.withStreams(near.descriptor, near.descriptor) { module in
            try far.write("AT")
            #expect(try far.readText(2) == "AT")
            #expect(!Self.isBlocking(near))
        }
        #expect(Self.isBlocking(near))
    }

    @Test("a terminal works and never sees O_NONBLOCK")
    func terminal() async throws {
        try await withModule(.pseudoTerminal(link: nil), isEcho: true) { module in
            let location = try await module.loop.submit { module.port.location }.get()
            let terminal = try TestClient.open(location)
            let output = try Pipe()
            // What the far end sends comes in at the terminal.
            try await Self.withStreams(terminal.descriptor, output.input.descriptor) { _ in
                try await module.write("AT")
                #expect(try output.output.readText(2) == "AT")
                #expect(Self.isBlocking(terminal))
            }
        }
    }

    @Test("regular files work, a megabyte of them, with a slow module")
    func files() async throws {
        let directory = try TemporaryDirectory()
        let bytes = noise(1 << 20)
        let input = open(try directory.makeFile("input", bytes), O_RDONLY | O_CLOEXEC)
        let path = try directory.makeFile("output", [])
        let output = open(path, O_WRONLY | O_CLOEXEC)
        defer {
            close(input)
            close(output)
        }
        try await Self.withStreams(input, output, capacity: 128) { module in
            try await module.wait("the end") { $0.hasEnded }
            #expect(module.state.withLock { $0.largestOffer } <= 128)
        }
        #expect(try contents(path) == bytes)
    }

    @Test("/dev/null is an input at its end and an output that takes everything")
    func nowhere() async throws {
        let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nowhere) }
        try await Self.withStreams(nowhere, nowhere) { module in
            try await module.wait("the end") { $0.hasEnded }
            #expect(try await module.write([UInt8](repeating: 0, count: 100_000)) == 100_000)
        }
    }

    @Test("an output pipe without a reader is a failure")
    func noReader() async throws {
        let (input, output) = (try Pipe(), try Pipe())
        try await Self.withStreams(input.output.descriptor, output.input.descriptor) { module in
            output.output.close()
            try input.input.write("AT")
            try await module.wait("the failure") { $0.failure?.kind == .failed }
        }
    }

    @Test("a full disk is a failure")
    func fullDisk() async throws {
        let input = try Pipe()
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        try await Self.withStreams(input.output.descriptor, full) { module in
            try input.input.write("AT")
            try await module.wait("the failure") { $0.failure != nil }
            let failure = module.state.withLock { $0.failure }
            #expect(failure?.description == "stdio cannot be written: No space left on device")
        }
    }

    @Test("a stream that is not open is an error")
    func closedStream() async throws {
        let output = try Pipe()
        let error = await #expect(throws: SerialPortError.self) {
            // A number that no process here reaches.
            try await Self.withStreams(1_000_000, output.input.descriptor) { _ in }
        }
        #expect(error?.kind == .unavailable)
    }
}
