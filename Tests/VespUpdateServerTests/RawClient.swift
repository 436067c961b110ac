import NIOCore
import NIOPosix
import Testing

@testable import VespUpdateServer

/// A client that sends bytes as they are and reads until the server closes.
struct RawClient {
    private let channel: any Channel
    private let received: EventLoopFuture<[UInt8]>

    init(_ server: UpdateServer) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: [UInt8].self)
        received = promise.futureResult
        do {
            channel = try await ClientBootstrap(group: loop)
                .channelOption(.allowRemoteHalfClosure, value: false)
                .connectTimeout(.seconds(10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Collector(promise))
                    }
                }
                .connect(host: "127.0.0.1", port: Int(server.endpoint.port)).get()
        } catch {
            promise.fail(error)
            throw error
        }
        // A server that never closes fails the test instead of holding it up.
        let deadline = loop.scheduleTask(in: .seconds(60)) { promise.fail(TimedOut()) }
        received.whenComplete { _ in deadline.cancel() }
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(channel.allocator.buffer(string: text)).get()
    }

    /// Sends what is the last, and closes this side before anything can have come back.
    func sendAll(_ text: String) async throws {
        let channel = channel
        try await channel.eventLoop.flatSubmit {
            channel.writeAndFlush(channel.allocator.buffer(string: text), promise: nil)
            return channel.close(mode: .output)
        }.get()
    }

    /// All that comes until the server closes.
    func everything() async throws -> [UInt8] { try await received.get() }

    func answer() async throws -> Answer { try Answer(await everything()) }

    /// Sends a request and reads the answer.
    static func exchange(with server: UpdateServer, _ request: String) async throws -> Answer {
        let client = try await RawClient(server)
        try await client.send(request)
        return try await client.answer()
    }
}

/// The answer of a server, taken apart by hand.
struct Answer {
    let text: String
    let body: [UInt8]
    private let lines: [String]

    init(_ bytes: [UInt8]) throws {
        text = String(decoding: bytes, as: UTF8.self)
        let end = try #require(
            bytes.firstRange(of: Array("\r\n\r\n".utf8)), "there is no header in \(bytes.count) bytes")
        lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n").map(String.init)
        body = Array(bytes[end.upperBound...])
    }

    var status: Int? {
        let words = lines[0].split(separator: " ")
        return words.count > 1 ? Int(words[1]) : nil
    }

    func header(_ name: String) -> String? {
        let prefix = name.lowercased() + ": "
        return lines.first { $0.lowercased().hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
}

private struct TimedOut: Error {}

/// Keeps what comes until the connection ends.
private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<[UInt8]>
    private var bytes: [UInt8] = []

    init(_ promise: EventLoopPromise<[UInt8]>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset ends the connection as well; what came before it counts.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(bytes)
    }
}
