import ATPrimitives
import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// The server that AT+CIUPDATE asks for a version and an image (reference 7).
///
/// It answers one request on each connection and closes it: the module waits for that after the first one. All of it
/// runs on one event loop.
public struct UpdateServer: Sendable {
    /// Where it listens, with the port that was picked.
    public let endpoint: Endpoint
    private let channel: any Channel

    /// Starts to listen.
    /// - Parameters:
    ///   - endpoint: on which address and port; port 0 picks a free one.
    ///   - offer: what there is to be had.
    ///   - eventLoop: on which the server and its clients live.
    ///   - logger: is told each request.
    /// - Throws: when the endpoint is not to be had.
    public static func start(
        on endpoint: Endpoint, offering offer: UpdateOffer, eventLoop: any EventLoop, logger: Logger
    ) async throws(UpdateServerError) -> UpdateServer {
        try await start(
            on: endpoint, offering: offer, limits: UpdateServerLimits(), eventLoop: eventLoop, logger: logger)
    }

    static func start(
        on endpoint: Endpoint, offering offer: UpdateOffer, limits: UpdateServerLimits, eventLoop: any EventLoop,
        logger: Logger
    ) async throws(UpdateServerError) -> UpdateServer {
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: UpdateServerLimits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(UpdateClients(limit: limits.clients))
                }
            }
            // A client that has said all may close its side and still get its answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(RequestSizeLimit(limit: limits.requestSize))
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try pipeline.addHandler(IdleStateHandler(allTimeout: limits.idleTime))
                    try pipeline.addHandler(
                        UpdateClient(offer: offer, lifetime: limits.lifetime, logger: logger))
                }
            }
        do {
            let channel = try await bootstrap.bind(host: "\(endpoint.address)", port: Int(endpoint.port)).get()
            let port = channel.localAddress?.port.map { UInt16(truncatingIfNeeded: $0) } ?? endpoint.port
            return UpdateServer(endpoint: Endpoint(address: endpoint.address, port: port), channel: channel)
        } catch {
            throw UpdateServerError(endpoint: endpoint, reason: error)
        }
    }

    /// Returns when the server has ended.
    public func waitUntilEnded() async throws {
        try await channel.closeFuture.get()
    }

    /// Ends the server and the connections of its clients; may be called more than once, from anywhere.
    public func end() {
        channel.close(promise: nil)
    }
}

/// An address and port on which the server cannot listen.
public struct UpdateServerError: Error, CustomStringConvertible {
    /// Where it should have listened.
    public let endpoint: Endpoint
    /// What the system said.
    public let reason: any Error

    /// What is wrong and what to do about it, in one sentence.
    public var description: String {
        let cause = (reason as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(reason)"
        return
            "The update server cannot listen on \(endpoint) (\(cause)); give another address, or port 0 for a free one."
    }
}
