import ATPrimitives
import CPosix
import Glibc
import Testing

@testable import ATSerial

/// A real UART, for which the slave of a pseudo-terminal stands in.
@Suite struct DeviceTests {
    /// A pseudo-terminal; the master is the far end of the wires.
    private final class Wires {
        let far: TestClient
        let path: String
        /// Held open, so that the settings can be looked at.
        let near: CInt

        init() throws {
            var terminal = cposix_pty()
            guard cposix_pty_open(&terminal) == 0 else { throw TestClient.Failure("openpty") }
            far = TestClient(descriptor: terminal.master)
            near = terminal.slave
            path = withUnsafeBytes(of: terminal.path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }

        deinit { close(near) }

        var line: termios {
            var line = termios()
            tcgetattr(near, &line)
            return line
        }

        var baud: UInt32 {
            var baud: UInt32 = 0
            _ = cposix_line_baud(near, &baud)
            return baud
        }
    }

    private static func withDevice(
        _ path: String, settings: LineSettings = .standard, isEcho: Bool = false,
        _ body: (EchoModule) async throws -> Void
    ) async throws {
        try await withModule(
            isEcho: isEcho, opening: { SerialPort.open(.device(path: path), settings: settings, on: $0) }, body)
    }

    @Test("bytes go both ways, what is sent first is not kept back, and a megabyte comes whole")
    func bytes() async throws {
        let wires = try Wires()
        try await Self.withDevice(wires.path, isEcho: true) { module in
            try await module.write("ready")
            #expect(try wires.far.readText(5) == "ready")
            let bytes = noise(1 << 20)
            #expect(try wires.far.exchange(bytes) == bytes)
        }
    }

    @Test("the device gets the module's settings, odd rates among them, and its own back at the end")
    func settings() async throws {
        let wires = try Wires()
        var before = wires.line
        before.c_lflag |= tcflag_t(ECHO | ICANON)
        cfsetspeed(&before, speed_t(B300))
        tcsetattr(wires.near, TCSANOW, &before)
        let settings = LineSettings(
            baud: 74_880, dataBits: 7, stopBits: .two, parity: .even, requestToSend: true, clearToSend: true)
        try await Self.withDevice(wires.path, settings: settings) { module in
            #expect(wires.baud == 74_880)
            let flags = wires.line.c_cflag
            // The kernel makes 8 bits without parity of everything on a pseudo-terminal, so those are not looked at.
            #expect(flags & tcflag_t(CSTOPB) != 0)
            #expect(flags & tcflag_t(CRTSCTS) != 0)
            #expect(wires.line.c_lflag & tcflag_t(ECHO | ICANON) == 0)
        }
        #expect(wires.baud == 300)
        #expect(wires.line.c_lflag & tcflag_t(ECHO | ICANON) == tcflag_t(ECHO | ICANON))
    }

    @Test("the settings of the module become those of the line")
    func translation() {
        let settings = LineSettings(
            baud: 9600, dataBits: 5, stopBits: .oneAndAHalf, parity: .odd, requestToSend: false, clearToSend: true)
        let line = cposix_line_settings(settings)
        #expect(line.baud == 9600)
        #expect(line.data_bits == 5)
        #expect(line.two_stop_bits == 1)
        #expect(line.parity == UInt32(CPOSIX_PARITY_ODD))
        #expect(line.hardware_flow_control == 1)
        #expect(cposix_line_settings(.standard).hardware_flow_control == 0)
        #expect(cposix_line_settings(.standard).two_stop_bits == 0)
    }

    @Test("new settings come after the output before them, and hold the output after them")
    func change() async throws {
        let wires = try Wires()
        try await Self.withDevice(wires.path) { module in
            try await module.write("OK")
            var settings = LineSettings.standard
            settings.baud = 9600
            let taken = try await module.loop.submit { [settings] in
                module.port.setLine(settings)
                return module.port.write([1, 2, 3].span)
            }.get()
            #expect(taken == 0)
            try await module.wait("the module may write again") { $0.canWriteCount == 1 }
            #expect(wires.baud == 9600)
            #expect(try wires.far.readText(2) == "OK")
        }
    }

    @Test("a device that goes away is a failure, after what it had sent")
    func hangUp() async throws {
        let wires = try Wires()
        try await Self.withDevice(wires.path) { module in
            try wires.far.write("bye")
            try await module.wait("the bytes") { $0.received.count == 3 }
            wires.far.close()
            try await module.wait("the failure") { $0.failure != nil }
            let failure = module.state.withLock { $0.failure }
            #expect(failure?.kind == .failed)
            #expect(failure?.description.hasPrefix("device:\(wires.path) has gone away") == true)
        }
    }

    @Test("a path that is missing, a file or a directory is an error")
    func notADevice() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.makeFile("file", [1])
        #expect(
            try await openingError(.device(path: "/dev/nonexistent"))?.description
                == "device:/dev/nonexistent cannot be opened: No such file or directory")
        #expect(try await openingError(.device(path: file))?.problem.contains("not a serial device") == true)
        #expect(try await openingError(.device(path: "/dev/null"))?.problem.contains("not a serial device") == true)
        #expect(try await openingError(.device(path: directory.path))?.kind == .unavailable)
        #expect(try contents(file) == [1])
    }
}
