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

    @Test("the settings of a terminal are its client's, at odd rates too, and stay when it leaves")
    func terminal() async throws {
        let settings = [
            LineSettings.standard,
            LineSettings(
                baud: 74_880, dataBits: 7, stopBits: .two, parity: .even, requestToSend: true, clearToSend: true),
            LineSettings(
                baud: 300, dataBits: 5, stopBits: .oneAndAHalf, parity: .odd, requestToSend: false, clearToSend: false),
            LineSettings(
                baud: 4_999_999, dataBits: 6, stopBits: .one, parity: .none, requestToSend: false, clearToSend: false),
        ]
        try await withModule(.pseudoTerminal(link: nil)) { module in
            #expect(try await Self.clientLine(module) == .standard)
            let client = try TestClient.open(try await module.loop.submit { module.port.location }.get())
            for settings in settings {
                var line = cposix_line_settings(settings)
                #expect(cposix_line_configure(client.descriptor, &line) == 0)
                #expect(try await Self.clientLine(module) == settings)
            }
            client.close()
            #expect(try await Self.clientLine(module) == settings.last)
        }
    }

    @Test("a terminal that was hung up, or whose parity no module has, is not taken for something else")
    func oddTerminal() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            let client = try TestClient.open(try await module.loop.submit { module.port.location }.get())
            var line = termios()
            tcgetattr(client.descriptor, &line)
            // CMSPAR, which termios.h does not tell Swift.
            line.c_cflag |= tcflag_t(PARENB) | 0o10000000000
            #expect(tcsetattr(client.descriptor, TCSANOW, &line) == 0)
            #expect(try await Self.clientLine(module)?.parity == Parity.none)
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
