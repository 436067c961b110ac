import ATPrimitives
import CPosix
import NIOCore
import NIOPosix

/// One TCP connection of the module: dialled by it, or accepted by a server of it.
///
/// `Phase` is how far it has come, `Use` is what the module still wants of it. Bytes are read on demand: one read at a
/// time, offered to the module in the same tick, and no further read before all of it was taken. The far end's FIN is
/// reported after the last byte; an RST drops what was not taken. Once the module has closed or released it, what
/// comes is read and dropped, since the kernel answers a close with unread data with RST, which may cost the far end
/// what it has not read. While the radio is away nothing is dialled, read, written or finished.
final class TCPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private enum Phase {
        /// The radio is away, and the far end has not been dialled.
        case held(Endpoint)
        case dialling
        case open(any Channel, SendingHalf)
        case gone
    }

    private enum Use {
        case full
        /// The module has closed its side.
        case closing
        /// The module knows nothing of it any more.
        case forgotten
    }

    /// The far end, as the module sees it.
    private let peer: Endpoint
    private let network: HostNetwork
    /// The server to which it came; nil if the module has dialled.
    private let serverPort: UInt16?
    private var socket: Socket?
    private var phase = Phase.dialling
    private var use = Use.full
    /// A dialled channel that is not open yet.
    private var attempt: (any Channel)?
    private var inbox = Inbox()
    /// What waits for the radio; otherwise empty, and there for its memory.
    private var outbox = ByteBuffer()
    private var isAnnounced = false
    private var isOffering = false
    private var hasRemoteFinished = false
    private var hasReportedFinish = false
    private var lingerLimit: Scheduled<Void>?

    /// A connection that the module opens.
    init(network: HostNetwork, socket: Socket, peer: Endpoint) {
        self.network = network
        self.socket = socket
        self.peer = peer
        serverPort = nil
    }

    /// A client of the module's server.
    init(network: HostNetwork, client: Endpoint, serverPort: UInt16) {
        self.network = network
        peer = client
        self.serverPort = serverPort
    }

    /// Whether the module has not closed it.
    var isInUse: Bool { use == .full }

    // What the module asks.

    func dial(_ target: Endpoint) {
        guard network.isAttached else {
            phase = .held(target)
            return
        }
        phase = .dialling
        let connection = NIOLoopBound(self, eventLoop: network.loop)
        ClientBootstrap(group: network.loop)
            .connectTimeout(NetworkLimits.dialling)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: Self.readAllocator)
            .channelOption(.socketOption(.so_rcvbuf), value: .init(NetworkLimits.receiveBuffer))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try connection.value.adopt(channel) }
            }
            .connect(to: SocketAddress(target))
            .assumeIsolated()
            .whenFailure { _ in self.dialFailed() }
    }

    func send(_ bytes: Span<UInt8>) {
        guard use == .full else { return }
        switch phase {
        case .gone: return
        case .open(_, let sending) where network.isAttached:
            outbox.writeBytes(bytes.bytes)
            flushOutbox(to: sending)
        default:
            guard outbox.readableBytes + bytes.count <= NetworkLimits.heldOutput else { return fail() }
            outbox.writeBytes(bytes.bytes)
        }
    }

    /// Sends FIN; the end is reported.
    func close() {
        guard use == .full else { return }
        use = .closing
        inbox.removeAll()
        switch phase {
        case .held, .dialling: end()
        case .open: moveOn()
        case .gone: break
        }
    }

    /// Sends RST, and nothing is reported.
    func abort() {
        use = .forgotten
        if case .open(let channel, _) = phase { _ = channel.withDescriptor(cposix_reset_on_close) }
        end()
    }

    /// Shuts down in the background, and nothing is reported.
    func release() {
        use = .forgotten
        socket = nil
        inbox.removeAll()
        outbox.clear()
        guard case .open = phase else { return end() }
        network.linger(self)
        lingerLimit = network.loop.assumeIsolated().scheduleTask(in: network.lingerTime) { self.end() }
        moveOn()
    }

    /// Asks the module to take a client, as soon as the radio is there.
    func introduce() {
        guard let serverPort, case .open = phase else { return }
        guard network.isAttached else { return network.arrived(self) }
        socket = network.accept(self, from: peer, onPort: serverPort)
        if socket == nil { release() } else { begin() }
    }

    /// The module knows that it is connected: reading begins.
    func begin() {
        isAnnounced = true
        moveOn()
    }

    /// Does what can be done now: after the radio has come back, and whenever the module may take more.
    func moveOn() {
        guard network.isAttached || use == .forgotten else { return }
        switch phase {
        case .held(let target): dial(target)
        case .dialling, .gone: break
        case .open(let channel, let sending):
            flushOutbox(to: sending)
            guard use == .full else { return shutDown(channel, sending) }
            offer()
        }
    }

    // How it goes on.

    private static let readAllocator = FixedSizeRecvByteBufferAllocator(capacity: NetworkLimits.readSize)

    private func adopt(_ channel: any Channel) throws {
        guard case .dialling = phase else { throw ChannelError.connectPending }
        attempt = channel
        try network.track(channel)
        try channel.pipeline.syncOperations.addHandler(self)
    }

    private func dialFailed() {
        guard case .dialling = phase else { return }
        end()
    }

    private func flushOutbox(to sending: SendingHalf) {
        guard outbox.readableBytes > 0 else { return }
        sending.send(outbox)
        outbox.clear()
    }

    private func shutDown(_ channel: any Channel, _ sending: SendingHalf) {
        sending.sendFinish()
        if sending.isFinished && hasRemoteFinished {
            end()
        } else {
            channel.pipeline.syncOperations.read()
        }
    }

    private func offer() {
        guard isAnnounced, !isOffering, let socket else { return }
        isOffering = true
        defer { isOffering = false }
        if case .open(_, let sending) = phase { sending.lookBeforeReading() }
        while use == .full, network.isAttached, case .open = phase, let bytes = inbox.first {
            let taken = network.offer(bytes.readableBytesUInt8Span, from: peer, on: socket)
            guard taken > 0 else { return }
            inbox.remove(min(taken, bytes.readableBytes))
        }
        guard use == .full, network.isAttached, case .open(let channel, _) = phase else { return }
        if !hasRemoteFinished {
            channel.pipeline.syncOperations.read()
        } else if !hasReportedFinish {
            hasReportedFinish = true
            network.report(.finished(socket))
        }
    }

    /// Where nobody listens at a port of the range from which the kernel takes local ports, it may take that very one
    /// and connect the socket with itself.
    private func isItsOwnPeer(_ channel: any Channel) -> Bool {
        serverPort == nil && channel.localAddress?.endpoint == channel.remoteAddress?.endpoint
    }

    private func fail() {
        if case .open(let channel, _) = phase { _ = channel.withDescriptor(cposix_reset_on_close) }
        end()
    }

    /// The one way out: closes what is open and reports the end if the module still wants to know of it.
    func end() {
        let last = phase
        if case .gone = last { return }
        phase = .gone
        lingerLimit?.cancel()
        inbox.removeAll()
        outbox.clear()
        attempt?.close(promise: nil)
        attempt = nil
        if case .open(let channel, let sending) = last {
            sending.stop()
            channel.close(promise: nil)
        }
        switch (use, socket) {
        case (.full, let socket?): network.report(.reset(socket))
        case (.closing, let socket?): network.report(.closed(socket))
        default: network.lingered(self)
        }
    }

    // What the channel says.

    func channelActive(context: ChannelHandlerContext) {
        guard case .dialling = phase else { return context.close(promise: nil) }
        guard !isItsOwnPeer(context.channel) else { return fail() }
        attempt = nil
        phase = .open(
            context.channel,
            SendingHalf(channel: context.channel) {
                guard self.use != .forgotten, let socket = self.socket else { return }
                self.network.report(.acknowledged(socket))
            })
        if let socket { network.report(.connected(socket)) } else { introduce() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard use == .full else { return }
        inbox.append(unwrapInboundIn(data))
        offer()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if use != .full { moveOn() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
        hasRemoteFinished = true
        moveOn()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // SwiftNIO closes the channel after an error, so `channelInactive` follows and says all there is to say.
    }
}
