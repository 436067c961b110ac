import ATPrimitives
import CPosix
import Glibc
import NIOCore
import Testing

@testable import ATSerial

/// What a pseudo-terminal shows of its client's settings.
@Suite struct ClientLineTests {
    private static func clientLine(_ module: EchoModule) async throws -> LineSettings? {
        try await module.loop.submit { module.port.clientLine }.get()
    }

    @Test("the rate and flow control of a terminal are its client's, odd rates too, and stay when it leaves")
    func terminal() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            #expect(try await Self.clientLine(module) == .standard)
            let client = try TestClient.open(try await module.loop.submit { module.port.location }.get())
            var expected = LineSettings.standard
            for (baud, hasFlowControl) in [(UInt32(74_880), true), (9600, false), (1, true), (4_999_999, false)] {
                expected.baud = baud
                expected.requestToSend = hasFlowControl
                expected.clearToSend = hasFlowControl
                var line = cposix_line_settings(expected)
                #expect(cposix_line_configure(client.descriptor, &line) == 0)
                #expect(try await Self.clientLine(module) == expected)
            }
            client.close()
            #expect(try await Self.clientLine(module) == expected)
        }
    }

    @Test("the framing of a terminal, which nobody can see, is the module's")
    func framing() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            let settings = LineSettings(
                baud: 9600, dataBits: 7, stopBits: .two, parity: .even, requestToSend: true, clearToSend: true)
            try await module.loop.submit { module.port.setLine(settings) }.get()
            var expected = settings
            expected.baud = 115_200
            expected.requestToSend = false
            expected.clearToSend = false
            #expect(try await Self.clientLine(module) == expected)
        }
    }

    @Test("a terminal that was hung up shows nothing")
    func hungUp() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            let client = try TestClient.open(try await module.loop.submit { module.port.location }.get())
            var line = termios()
            tcgetattr(client.descriptor, &line)
            cfsetspeed(&line, speed_t(B0))
            #expect(tcsetattr(client.descriptor, TCSANOW, &line) == 0)
            #expect(try await Self.clientLine(module) == nil)
        }
    }

    @Test("a plain socket shows nothing of its client's settings")
    func sockets() async throws {
        let directory = try TemporaryDirectory()
        for specification in [
            SerialSpecification.tcp(host: "127.0.0.1", port: 0), .unix(path: directory.file("socket")),
        ] {
            try await withModule(specification) { module in
                _ = try TestClient.open(try await module.loop.submit { module.port.location }.get())
                #expect(try await Self.clientLine(module) == nil)
            }
        }
    }
}
