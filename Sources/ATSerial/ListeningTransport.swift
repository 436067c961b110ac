import Glibc
import NIOCore
import NIOPosix

/// What a listener tells about its client: a line, or a transport that understands what the client says.
protocol ListeningTransportOwner: AnyObject {
    /// How many bytes were received and wait for the module.
    var unreadCount: Int { get }
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
/// Theory of operation. A client that has closed and one that has only shut down its sending side look the same to TCP
/// until something is sent. The kernel tells them apart for a peer on this machine, so it is asked as long as a client
/// is half-closed, and when another client comes. A remote client that is half-closed gives way to a new one, since most
/// of them are gone.
///
/// When another client comes, the one before may have closed without our knowing yet: its end waits for our next turn,
/// is on its way from another processor, or is behind bytes that the module has not taken. Then the newcomer is neither
/// refused nor let in, but waits (`waiting`) until the end has been met, so that the module gets the bytes of the one
/// before those of the other. If a client is there, another one is refused.
final class ListeningTransport: SerialTransport {
    /// What the kernel may hold for the module, or for a client that does not read; each way.
    static let kernelBufferLimit: ChannelOptions.Types.SocketOption.Value = 65_536
    /// How many connections may wait to be seen.
    private static let backlog = 64
    /// How long a silent client is left alone, and then asked again; the kernel gives up after nine times.
    private static let keepAliveSeconds: ChannelOptions.Types.SocketOption.Value = 15
    /// How often a half-closed client is looked for.
    private static let presenceInterval = TimeAmount.milliseconds(50)
    /// How long a client may wait for the one before it. A moment is enough, unless the module takes nothing.
    static let waitLimit = TimeAmount.seconds(5)
    /// How much of earlier clients may wait for the module when another one comes in; what that one sends before it
    /// closes comes on top, since NIO reads it all at the end.
    private static let unreadLimit = 65_536

    /// Where to listen.
    enum Address {
        case tcp(host: String, port: UInt16)
        case unix(UnixSocketFile)
    }

    private struct Client {
        let bytes: ByteChannel
        let socket: ClientSocket
        /// It sends no more, and all that it sent has been read.
        var isHalfClosed = false
    }

    private let loop: any EventLoop
    private var address: Address
    private let specification: SerialSpecification
    private let waitLimit: TimeAmount
    private weak var owner: (any ListeningTransportOwner)?
    private var server: (any Channel)?
    private var client: Client?
    private(set) var waiting = WaitingClients()
    private var isClosed = false

    /// Listens at `address`, of the port that was asked for as `specification`.
    init(
        _ address: Address, of specification: SerialSpecification, waitLimit: TimeAmount = ListeningTransport.waitLimit,
        on loop: any EventLoop
    ) {
        self.address = address
        self.specification = specification
        self.waitLimit = waitLimit
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
            // So that `waiting` is full at its limit.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            // Accepted sockets have the listener's buffers.
            .serverChannelOption(.socketOption(.so_rcvbuf), value: Self.kernelBufferLimit)
            .serverChannelOption(.socketOption(.so_sndbuf), value: Self.kernelBufferLimit)
            .childChannelInitializer { channel in
                transport.value.accept(channel)
            }
        guard case .tcp = address else { return bootstrap }
        return
            bootstrap
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A byte sent as urgent is a byte like the others; telnet's mark is one.
            .childChannelOption(.socketOption(.init(rawValue: SO_OOBINLINE)), value: 1)
            // A client whose machine has died must not hold the port for ever.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: Self.keepAliveSeconds)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: Self.keepAliveSeconds)
    }

    func close() -> EventLoopFuture<Void> {
        isClosed = true
        waiting.refuseAll()
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
    private var isTCP: Bool {
        if case .tcp = address { true } else { false }
    }

    /// What earlier clients sent has been taken, up to the limit.
    private var hasRoom: Bool { (owner?.unreadCount ?? 0) <= Self.unreadLimit }

    /// Another client is there; NIO opens its channel when the future succeeds, and closes it when that fails.
    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        do {
            guard !isClosed else { throw ChannelError.operationUnsupported }
            let socket = try ClientSocket(of: channel, isTCP: isTCP)
            if client == nil, waiting.isEmpty, hasRoom {
                try install(channel, socket)
                return loop.makeSucceededVoidFuture()
            }
            // The one before it; nobody if the module has not taken what the last one left.
            guard (waiting.last ?? client?.socket)?.mayGiveWay ?? true else {
                throw ChannelError.operationUnsupported
            }
            return wait(channel, socket)
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    private func wait(_ channel: any Channel, _ socket: ClientSocket) -> EventLoopFuture<Void> {
        let isLetIn = loop.makePromise(of: Void.self)
        let deadline = loop.assumeIsolated().scheduleTask(in: waitLimit) {
            self.waiting.refuse(socket)
            self.acceptWhileThereIsRoom()
        }
        waiting.append(.init(channel: channel, socket: socket, isLetIn: isLetIn, deadline: deadline))
        acceptWhileThereIsRoom()
        makeWay()
        return isLetIn.futureResult
    }

    /// Closes a client that has gone, and whose end has been met, for the sake of one that waits.
    private func makeWay() {
        guard let client, client.isHalfClosed, !waiting.isEmpty, client.socket.mayGiveWay else { return }
        client.bytes.closeNow()
    }

    /// Lets the next one in. Not now, since this may be a call of the module, inside which nobody comes or goes.
    private func letNextIn() {
        guard !waiting.isEmpty else { return }
        loop.assumeIsolated().execute {
            guard self.client == nil, self.hasRoom else { return }
            let next = self.waiting.next()
            self.acceptWhileThereIsRoom()
            guard let next else { return }
            do {
                try self.install(next.channel, next.socket)
                next.isLetIn.succeed()
            } catch {
                next.refuse()
                self.letNextIn()
            }
        }
    }

    private func acceptWhileThereIsRoom() {
        guard let options = server?.syncOptions else { return }
        // Fails only for a closed listener, where it makes no difference.
        do { try options.setOption(.autoRead, value: !waiting.isFull) } catch {}
    }

    private func install(_ channel: any Channel, _ socket: ClientSocket) throws {
        let bytes = ByteChannel(owner: self)
        try bytes.install(in: channel)
        client = Client(bytes: bytes, socket: socket)
        // A channel that fails before it is active says so in no other way.
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            self.byteChannelClosed(bytes, error: nil)
        }
    }

    /// Looks from time to time whether a half-closed client has gone. (A Unix socket tells by itself.)
    private func watchForDeparture(of bytes: ByteChannel) {
        guard let client, client.bytes === bytes, client.isHalfClosed, isTCP else { return }
        if client.socket.presence == .gone {
            return bytes.closeNow()
        }
        loop.assumeIsolated().scheduleTask(in: Self.presenceInterval) {
            self.watchForDeparture(of: bytes)
        }
    }
}

// MARK: - Bytes

extension ListeningTransport: ByteChannelOwner {
    func requestRead() {
        if let client {
            client.bytes.requestRead()
        } else {
            letNextIn()
        }
    }

    func write(_ bytes: Span<UInt8>) -> Int { client?.bytes.write(bytes) ?? bytes.count }

    func flush() { client?.bytes.flush() }

    func drained() -> EventLoopFuture<Void> { client?.bytes.drained() ?? loop.makeSucceededVoidFuture() }

    func byteChannelOpened(_ channel: ByteChannel) { owner?.attached() }

    func byteChannel(_ channel: ByteChannel, received bytes: ByteBuffer) { owner?.received(bytes) }

    func byteChannelReadCompleted(_ channel: ByteChannel) { owner?.readCompleted() }

    func byteChannelInputEnded(_ channel: ByteChannel) {
        guard let client, client.bytes === channel, !client.isHalfClosed else { return }
        self.client?.isHalfClosed = true
        makeWay()
        watchForDeparture(of: channel)
    }

    func byteChannelCanWrite(_ channel: ByteChannel) { owner?.canWrite() }

    func byteChannelClosed(_ channel: ByteChannel, error: (any Error)?) {
        guard let client, client.bytes === channel else { return }
        self.client = nil
        if !isClosed, !client.isHalfClosed {
            let rest = client.socket.readRest()
            if rest.readableBytes > 0 { owner?.received(rest) }
        }
        client.socket.close()
        owner?.detached()
        letNextIn()
    }
}
