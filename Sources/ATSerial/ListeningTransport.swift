import CPosix
import Glibc
import NIOCore
import NIOPosix

/// What a listener tells about its client: a line, or a transport that understands what the client says.
protocol ListeningTransportOwner: AnyObject {
    func attached()
    func detached()
    func received(_ bytes: ByteBuffer)
    /// The read that was asked for is over.
    func readCompleted()
    /// There is room for output again.
    func canWrite()
}

extension SerialLine: ListeningTransportOwner {}

/// `tcp:[HOST:]PORT` and `unix:PATH`: a listener with one client at a time.
///
/// A client that has closed and one that has only shut down its sending side look the same to TCP until something is
/// sent. The kernel tells them apart for a peer on this machine, so it is asked as long as a client is half-closed, and
/// when another client comes. A remote client that is half-closed gives way to a new one, since most of them are gone.
final class ListeningTransport: SerialTransport {
    /// What the kernel may hold for the module, or for a client that does not read; each way.
    static let kernelBufferLimit: ChannelOptions.Types.SocketOption.Value = 65_536
    /// How many connections may wait to be refused.
    private static let backlog = 16
    /// How long a silent client is left alone, and then asked again; the kernel gives up after nine times.
    private static let keepAliveSeconds: ChannelOptions.Types.SocketOption.Value = 15
    /// How often a half-closed client is looked for.
    private static let presenceInterval = TimeAmount.milliseconds(50)

    /// Where to listen.
    enum Address {
        case tcp(host: String, port: UInt16)
        case unix(UnixSocketFile)
    }

    private struct Client {
        let bytes: ByteChannel
        let channel: any Channel
        var isHalfClosed = false
    }

    private let loop: any EventLoop
    private var address: Address
    private let specification: SerialSpecification
    private weak var owner: (any ListeningTransportOwner)?
    private var server: (any Channel)?
    private var client: Client?

    /// Listens at `address`, of the port that was asked for as `specification`.
    init(_ address: Address, of specification: SerialSpecification, on loop: any EventLoop) {
        self.address = address
        self.specification = specification
        self.loop = loop
    }

    var location: SerialLocation {
        switch address {
        case .unix(let file): .unix(path: file.path)
        case .tcp(let host, let port):
            .tcp(
                host: server?.localAddress?.ipAddress ?? host,
                port: server?.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? port)
        }
    }
}

// MARK: - Opening and closing

extension ListeningTransport {
    func open(for line: SerialLine) -> EventLoopFuture<Void> {
        open(for: line as any ListeningTransportOwner)
    }

    func open(for owner: any ListeningTransportOwner) -> EventLoopFuture<Void> {
        self.owner = owner
        let bound: EventLoopFuture<any Channel>
        switch address {
        case .tcp(let host, let port):
            bound = bootstrap().bind(host: host, port: Int(port))
        case .unix(let file):
            do {
                try file.prepare()
            } catch {
                return loop.makeFailedFuture(error)
            }
            bound = bootstrap().bind(unixDomainSocketPath: file.path)
        }
        return bound.assumeIsolated().flatMapThrowing { server in
            self.server = server
            if case .unix(var file) = self.address {
                try file.remember()
                self.address = .unix(file)
            }
        }.flatMapErrorThrowing { error in
            self.server?.close(promise: nil)
            throw SerialPortError(
                .unavailable, line: self.specification.description, problem: "cannot be listened on", underlying: error)
        }.nonisolated()
    }

    private func bootstrap() -> ServerBootstrap {
        let transport = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: CInt(Self.backlog))
            // Accepted sockets have the listener's buffers.
            .serverChannelOption(.socketOption(.so_rcvbuf), value: Self.kernelBufferLimit)
            .serverChannelOption(.socketOption(.so_sndbuf), value: Self.kernelBufferLimit)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try transport.value.accept(channel) }
            }
        guard case .tcp = address else { return bootstrap }
        return
            bootstrap
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A client whose machine has died must not hold the port for ever.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: Self.keepAliveSeconds)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: Self.keepAliveSeconds)
    }

    func close() -> EventLoopFuture<Void> {
        if case .unix(let file) = address {
            file.remove()
        }
        let listening = server.map { $0.close().recover { _ in } } ?? loop.makeSucceededVoidFuture()
        let connected = client?.bytes.close(within: SerialPort.closeLimit) ?? loop.makeSucceededVoidFuture()
        return listening.and(connected).map { _ in }
    }
}

// MARK: - Clients

extension ListeningTransport {
    /// Another client is there; the error closes its channel.
    private func accept(_ channel: any Channel) throws {
        if let client {
            guard client.isHalfClosed, presence(of: client) != CPOSIX_PEER_PRESENT else {
                throw ChannelError.operationUnsupported
            }
            // Closes it at once, so that `client` is nil.
            client.bytes.closeNow()
        }
        let bytes = ByteChannel(owner: self)
        try bytes.install(in: channel)
        client = Client(bytes: bytes, channel: channel)
    }

    private func presence(of client: Client) -> cposix_peer {
        guard case .tcp = address else { return CPOSIX_PEER_PRESENT }
        do {
            return try client.channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { cposix_tcp_peer($0) } ?? CPOSIX_PEER_UNKNOWN
        } catch {
            return CPOSIX_PEER_GONE
        }
    }

    /// Looks from time to time whether a half-closed client has gone. (A Unix socket tells by itself.)
    private func watchForDeparture(of bytes: ByteChannel) {
        guard let client, client.bytes === bytes, client.isHalfClosed, case .tcp = address else { return }
        if presence(of: client) == CPOSIX_PEER_GONE {
            return bytes.closeNow()
        }
        loop.assumeIsolated().scheduleTask(in: Self.presenceInterval) {
            self.watchForDeparture(of: bytes)
        }
    }
}

// MARK: - Bytes

extension ListeningTransport: ByteChannelOwner {
    func requestRead() { client?.bytes.requestRead() }

    func write(_ bytes: Span<UInt8>) -> Int { client?.bytes.write(bytes) ?? bytes.count }

    func flush() { client?.bytes.flush() }

    func drained() -> EventLoopFuture<Void> { client?.bytes.drained() ?? loop.makeSucceededVoidFuture() }

    func byteChannelOpened(_ channel: ByteChannel) { owner?.attached() }

    func byteChannel(_ channel: ByteChannel, received bytes: ByteBuffer) { owner?.received(bytes) }

    func byteChannelReadCompleted(_ channel: ByteChannel) { owner?.readCompleted() }

    func byteChannelInputEnded(_ channel: ByteChannel) {
        guard client?.bytes === channel else { return }
        client?.isHalfClosed = true
        watchForDeparture(of: channel)
    }

    func byteChannelCanWrite(_ channel: ByteChannel) { owner?.canWrite() }

    func byteChannelClosed(_ channel: ByteChannel, error: (any Error)?) {
        guard client?.bytes === channel else { return }
        client = nil
        owner?.detached()
    }
}
