import ATPrimitives
import Foundation
import NIOCore
import Testing

@testable import ATSerial

/// A client that nobody here wrote: pyserial's `rfc2217://`.
@Suite struct PySerialTests {
    private static let program = """
        import sys, serial
        url = "rfc2217://127.0.0.1:" + sys.argv[1]
        port = serial.serial_for_url(url, baudrate=74880, bytesize=7, parity="E", stopbits=2, timeout=10)
        every = bytes(range(256)) * 40 + b"\\xff" * 1000
        port.write(every)
        assert port.read(len(every)) == every
        assert port.cts and port.dsr and port.cd and not port.ri
        port.baudrate = 9600
        port.bytesize = 8
        port.parity = "N"
        port.stopbits = 1
        port.rtscts = True
        port.rtscts = False
        port.rts = False
        port.rts = True
        port.dtr = False
        port.dtr = True
        port.write(b"A")
        assert port.read(1) == b"A"
        port.send_break(0.01)
        assert port.read(1) == b"\\0"
        port.reset_input_buffer()
        port.reset_output_buffer()
        try:
            port.baudrate = 6000000
            sys.exit("an impossible rate was accepted")
        except ValueError:
            pass
        port.close()
        port = serial.serial_for_url(url, do_not_open=True)
        port.dtr = False
        port.open()
        port.rts = False
        port.close()
        """

    @Test(
        "pyserial opens, sets everything, sends every byte, breaks, and holds reset",
        .enabled("needs python3 with pyserial") { try Python.run("import serial", []) == 0 })
    func session() async throws {
        try await withModule(.rfc2217(host: "127.0.0.1", port: 0), isEcho: true) { module in
            let location = try await module.loop.submit { module.port.location }.get()
            guard case .rfc2217(_, let port) = location else { throw Timeout(description: "not RFC 2217") }
            #expect(try Python.run(Self.program, ["\(port)"]) == 0)
            try await module.wait("the client to leave") { $0.controls.last == .released }
            let (controls, lines) = module.state.withLock { ($0.controls, $0.clientLines) }
            let asserted = controls.map { "\($0.dataTerminalReady ? "D" : "")\($0.requestToSend ? "R" : "")" }
            // Open, RTS, DTR, gone; then RTS alone, released.
            #expect(asserted == ["D", "DR", "D", "DR", "R", "DR", "", "R", ""])
            let first = LineSettings(
                baud: 74_880, dataBits: 7, stopBits: .two, parity: .even, requestToSend: false, clearToSend: false)
            #expect(lines.contains(first))
            var slow = LineSettings.standard
            slow.baud = 9600
            #expect(lines.contains(slow))
            slow.requestToSend = true
            slow.clearToSend = true
            #expect(lines.contains(slow))
        }
    }
}

/// The Python that is installed.
private enum Python {
    /// Runs a program to its end, a minute at most, and gives its status; its output is the test's.
    static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "60", "python3", "-W", "ignore", "-c", program] + arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
