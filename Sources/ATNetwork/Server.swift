import ATPrimitives
import NIOCore
import NIOPosix

/// A server of the module: it listens at each forward's host port, or without one at the same port if that can be bound,
/// else at a free one (contract, Network).
///
/// A descriptor listens at once, but becomes a channel a tick later. A server that is closed in between is only marked,
/// and closed when the channel is there; one that is opened again in between is the same server.
final class Server {
    private let port: UInt16
    private let network: HostNetwork
    private var opening = 0
    private var listeners: [any Channel] = []
    private var isWanted = true
    /// Whether it was told that it can be reached.
    private var isServing = false

    init(port: UInt16, network: HostNetwork) {
        self.port = port
        self.network = network
    }

    /// - Parameter reserved: the host ports that reach this server.
    func open(reserved: [ReservedPort]) {
        do {
            for port in reserved { adopt(try port.makeListener(), at: port.endpoint) }
            if reserved.isEmpty {
                let listener = try makeListener()
                adopt(listener.descriptor, at: listener.endpoint)
            }
        } catch {
            network.report(.cannotServe(port, error))
        }
    }

    /// Wants it to listen again, before it has been closed.
    func reopen() { isWanted = true }

    func close() {
        isWanted = false
        closeIfUnwanted()
    }

    /// Lets clients in, after the radio has come back.
    func moveOn() {
        guard network.isAttached else { return }
        for listener in listeners { listener.pipeline.syncOperations.read() }
    }

    private func makeListener() throws(NetworkError) -> (descriptor: CInt, endpoint: Endpoint) {
        let host = network.policy.bind
        do {
            return try ListeningSocket.make(at: Endpoint(address: host, port: port))
        } catch {
            return try ListeningSocket.make(at: Endpoint(address: host, port: 0))
        }
    }

    private func adopt(_ descriptor: CInt, at endpoint: Endpoint) {
        opening += 1
        let server = NIOLoopBound(self, eventLoop: network.loop)
        ServerBootstrap(group: network.loop)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try server.value.network.track(channel)
                    try channel.pipeline.syncOperations.addHandler(AcceptOnDemand(server.value))
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: NetworkLimits.readSize)
            )
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try server.value.adopt(client: channel) }
            }
            .withBoundSocket(descriptor)
            .assumeIsolated()
            .whenComplete { self.opened($0, at: endpoint) }
    }

    private func adopt(client channel: any Channel) throws {
        try network.track(channel)
        guard let client = channel.remoteAddress?.endpoint else { throw ChannelError.ioOnClosedChannel }
        try channel.pipeline.syncOperations.addHandler(
            TCPConnection(network: network, client: client, serverPort: port))
    }

    private func opened(_ result: Result<any Channel, any Error>, at endpoint: Endpoint) {
        opening -= 1
        switch result {
        case .success(let channel):
            listeners.append(channel)
            guard isWanted else { break }
            isServing = true
            network.report(.serving(port, at: endpoint))
            moveOn()
        case .failure:
            network.report(.cannotServe(port, NetworkError(.bind, at: endpoint)))
        }
        closeIfUnwanted()
    }

    private func closeIfUnwanted() {
        guard !isWanted, opening == 0 else { return }
        for listener in listeners { listener.close(promise: nil) }
        listeners = []
        network.closed(self, port: port)
        if isServing { network.report(.stoppedServing(port)) }
    }

    /// Asks for the next client as long as the module can be reached.
    private final class AcceptOnDemand: ChannelInboundHandler {
        typealias InboundIn = any Channel
        private let server: Server

        init(_ server: Server) { self.server = server }

        func channelReadComplete(context: ChannelHandlerContext) {
            context.fireChannelReadComplete()
            server.moveOn()
        }
    }
}
