import ATFlash
import ATPrimitives
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import VespUpdateServer

@Suite("The update server answers one request a connection and closes it")
struct UpdateServerTests {
    private static let versionRequest =
        "GET /v1/device/rom/?is_format_simple=true HTTP/1.0\r\nHost: 127.0.0.1:80\r\n\r\n"
    private static let imageTarget = "/v1/device/rom/?action=download_rom&version=v0.99&filename="

    private let image: [UInt8] = (0..<100_001).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }

    /// Runs a server for one test.
    private func withServer(
        _ limits: UpdateServerLimits = UpdateServerLimits(), _ body: (UpdateServer) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vesp-update-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        let path = directory.appendingPathComponent("user2.bin")
        try Data(image).write(to: path)
        let offered = try ApplicationImage(path: path.path)
        try FileManager.default.removeItem(at: directory)
        let version = try #require(FirmwareVersion("v0.99"))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = try await UpdateServer.start(
            on: Endpoint(address: .loopback, port: 0), offering: UpdateOffer(version: version, image: offered),
            limits: limits, eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        do { try await body(server) } catch {
            server.end()
            throw error
        }
        server.end()
        try await server.waitUntilEnded()
    }

    @Test("the version is told as the firmware looks for it, and the server closes")
    func version() async throws {
        try await withServer { server in
            let answer = try await RawClient.exchange(with: server, Self.versionRequest)
            #expect(answer.status == 200)
            #expect(answer.text.contains("rom_version\": \"v0.99\""))
            #expect(answer.header("content-length") == "\(answer.body.count)")
        }
    }

    @Test("the image comes with its length, for either half", arguments: ["user1.bin", "user2.bin"])
    func download(name: String) async throws {
        try await withServer { server in
            let request = "GET \(Self.imageTarget)\(name) HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
            let answer = try await RawClient.exchange(with: server, request)
            #expect(answer.status == 200)
            #expect(answer.header("content-length") == "\(image.count)")
            #expect(answer.header("content-encoding") == nil)
            #expect(answer.body == image)
        }
    }

    @Test(
        "anything else is not found",
        arguments: [
            "GET / HTTP/1.1", "POST /v1/device/rom/?is_format_simple=true HTTP/1.0",
            "HEAD /v1/device/rom/?is_format_simple=true HTTP/1.0",
            "GET /v1/device/rom/?action=download_rom&version=v0.98&filename=user1.bin HTTP/1.1",
        ])
    func notFound(line: String) async throws {
        try await withServer { server in
            let answer = try await RawClient.exchange(with: server, line + "\r\nHost: x\r\n\r\n")
            #expect(answer.status == 404)
            #expect(answer.body.isEmpty)
        }
    }

    @Test("what is no HTTP is a bad request")
    func nonsense() async throws {
        try await withServer { server in
            let answer = try await RawClient.exchange(with: server, "AT+CIUPDATE\r\n\r\n")
            #expect(answer.status == 400)
        }
    }

    @Test("a request that grows beyond the limit is refused before it is whole")
    func endlessHeaders() async throws {
        var limits = UpdateServerLimits()
        limits.requestSize = 1000
        try await withServer(limits) { server in
            let request = "GET / HTTP/1.1\r\n" + String(repeating: "X-Filler: 0123456789\r\n", count: 44)
            // 984 bytes are within the limit, and not the end of a request.
            let client = try await RawClient(server)
            try await client.send(request)
            try await client.send("X-Filler: 0123456789\r\n")
            #expect(try await client.answer().status == 431)
        }
    }

    @Test("a second request on one connection is not answered")
    func pipelined() async throws {
        try await withServer { server in
            let answer = try await RawClient.exchange(with: server, Self.versionRequest + Self.versionRequest)
            #expect(answer.text.components(separatedBy: "HTTP/1.").count == 2)
        }
    }

    @Test("a client that closes its side still gets its answer")
    func halfClosed() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.sendAll("GET \(Self.imageTarget)user1.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await client.answer().body == image)
        }
    }

    @Test("a client that closes its side before it has asked is let go")
    func neverAsked() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.sendAll("GET /v1/dev")
            _ = try await client.everything()
        }
    }

    @Test("a connection that stands still is closed")
    func idle() async throws {
        var limits = UpdateServerLimits()
        limits.idleTime = .milliseconds(50)
        try await withServer(limits) { server in
            let client = try await RawClient(server)
            #expect(try await client.everything().isEmpty)
        }
    }

    @Test("a connection that is never done is closed in the end")
    func lifetime() async throws {
        var limits = UpdateServerLimits()
        limits.lifetime = .milliseconds(50)
        try await withServer(limits) { server in
            let client = try await RawClient(server)
            #expect(try await client.everything().isEmpty)
        }
    }

    @Test("one client too many is closed at once, the others are served, and there is room again")
    func tooMany() async throws {
        var limits = UpdateServerLimits()
        limits.clients = 2
        try await withServer(limits) { server in
            let first = try await RawClient(server)
            let second = try await RawClient(server)
            // An answer shows that the server has accepted all that came before.
            #expect(try await RawClient(server).everything().isEmpty)
            try await first.send(Self.versionRequest)
            #expect(try await first.answer().status == 200)
            try await second.send(Self.versionRequest)
            #expect(try await second.answer().status == 200)
            #expect(try await RawClient.exchange(with: server, Self.versionRequest).status == 200)
        }
    }

    @Test("the end of the server ends its clients")
    func end() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.send("GET /v1/dev")
            server.end()
            try await server.waitUntilEnded()
            _ = try await client.everything()
        }
    }

    @Test("a port that is taken is refused in a sentence with the port")
    func taken() async throws {
        try await withServer { server in
            let version = try #require(FirmwareVersion("v0.99"))
            let offer = UpdateOffer(version: version, image: try ApplicationImage(path: #filePath))
            let error = try await #require(throws: UpdateServerError.self) {
                try await UpdateServer.start(
                    on: server.endpoint, offering: offer, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
                    logger: Logger(label: "test"))
            }
            #expect(error.description.contains("127.0.0.1:\(server.endpoint.port)"))
        }
    }
}
