import ATPrimitives
import CPosix
import Glibc
import NIOCore
import NIOPosix

/// Where a socket of a UDP link is, and whom it hears.
enum DatagramPlace: Hashable {
    /// At this address, on the link's own port if that is free: all who reach it.
    case bound(IPv4Address)
    /// On a free port: this target, and nobody else.
    case reserved(for: Endpoint)

    var isReserved: Bool { if case .reserved = self { true } else { false } }
}

/// One of the host's sockets that carry a UDP link.
///
/// It is never connected, not even where it hears one target only: the kernel tells a connected socket of ICMP errors,
/// and SwiftNIO closes it, or traps, when a firewall on the way forbids a datagram. For the like reason datagrams are sent
/// with sendto(2) and not by SwiftNIO. If the socket is lost all the same (somebody destroys it, or the process has no
/// descriptors left), the link of the chip lives on: it is opened again, on the same port if that is still free, and if
/// there is none to be had, again and again until there is.
final class DatagramSocket: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    enum Phase {
        case closed
        /// The descriptor belongs to a channel that is not ready yet.
        case opening(CInt)
        case open(any Channel)
        /// None is to be had now.
        case waiting(Scheduled<Void>)
    }

    let place: DatagramPlace
    private(set) var phase = Phase.closed
    private let link: DatagramLink
    private let network: HostNetwork
    /// The module's port.
    private let localPort: UInt16
    /// The host's port, as far as it was told; of a reserved socket, which nobody needs to know, as it was last.
    private var hostPort: UInt16
    private var held: AddressedEnvelope<ByteBuffer>?
    private var isOffering = false
    /// How long it waits before it tries again.
    private(set) var pause = NetworkLimits.firstReopening

    init(of link: DatagramLink, at place: DatagramPlace, localPort: UInt16, network: HostNetwork) {
        self.link = link
        self.place = place
        self.localPort = localPort
        self.network = network
        hostPort = place.isReserved ? 0 : localPort
    }

    /// Whether it hears what is sent to this port of the host's loopback.
    func hearsLoopback(onPort port: UInt16) -> Bool {
        switch place {
        case .bound(let address): hostPort == port && (address == .any || Subnet.loopback.contains(address))
        case .reserved: false
        }
    }

    /// Nil while there is none that is ready.
    var channel: (any Channel)? { if case .open(let channel) = phase, channel.isActive { channel } else { nil } }

    /// - Parameter canMove: whether another port will do if its own is taken.
    /// - Returns: False if no socket could be had; then it stays closed.
    func open(canMove: Bool = true) -> Bool {
        let descriptor = makeDescriptor(canMove: canMove)
        guard descriptor >= 0 else { return false }
        notePort(of: descriptor)
        phase = .opening(descriptor)
        let socket = NIOLoopBound(self, eventLoop: network.loop)
        DatagramBootstrap(group: network.loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: NetworkLimits.datagramRead)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try socket.value.network.track(channel)
                    try channel.pipeline.syncOperations.addHandler(socket.value)
                }
            }
            .withBoundSocket(descriptor)
            .assumeIsolated()
            .whenFailure { _ in if case .opening = self.phase { self.openLater() } }
        return true
    }

    func send(_ bytes: Span<UInt8>, to target: Endpoint) {
        switch phase {
        case .closed, .waiting: break
        case .opening(let descriptor): _ = Self.send(bytes, to: target, on: descriptor)
        case .open(let channel): _ = channel.withDescriptor { Self.send(bytes, to: target, on: $0) }
        }
    }

    func close() {
        let last = phase
        phase = .closed
        held = nil
        switch last {
        // A channel that is not ready yet finds the socket closed.
        case .closed, .opening: break
        case .open(let channel): channel.close(promise: nil)
        case .waiting(let reopening): reopening.cancel()
        }
    }

    /// Offers what is held and reads on, if the module can be reached.
    func moveOn() {
        guard network.isAttached, !isOffering, case .open = phase else { return }
        isOffering = true
        defer { isOffering = false }
        if let datagram = held, let sender = datagram.remoteAddress.endpoint {
            guard link.offer(datagram.data.readableBytesUInt8Span, from: sender) else { return }
            held = nil
        }
        if case .open(let channel) = phase { channel.pipeline.syncOperations.read() }
    }

    // How it is opened.

    /// - Returns: A descriptor on the port that it had if that can be bound, else on any if it can move; or a negated errno.
    private func makeDescriptor(canMove: Bool) -> CInt {
        let descriptor = makeDescriptor(onPort: hostPort)
        guard canMove else { return descriptor }
        return descriptor == -EADDRINUSE || descriptor == -EACCES ? makeDescriptor(onPort: 0) : descriptor
    }

    private func makeDescriptor(onPort port: UInt16) -> CInt {
        let address = if case .bound(let address) = place { address } else { IPv4Address.any }
        return cposix_udp_bind(address.value, port, network.policy.permits(.broadcast))
    }

    /// Remembers the port, and tells it if others must know.
    private func notePort(of descriptor: CInt) {
        let port = UInt16(truncatingIfNeeded: cposix_local_port(descriptor))
        guard port != hostPort else { return }
        hostPort = port
        guard case .bound(let address) = place else { return }
        network.report(.datagramPort(localPort, at: Endpoint(address: address, port: port)))
    }

    private func openLater() {
        phase = .waiting(
            network.loop.assumeIsolated().scheduleTask(in: pause) { if !self.open() { self.openLater() } })
        pause = min(pause + pause, NetworkLimits.longestReopening)
    }

    private static func send(_ bytes: Span<UInt8>, to target: Endpoint, on descriptor: CInt) -> CInt {
        bytes.withUnsafeBytes {
            cposix_send_to(descriptor, $0.baseAddress, $0.count, target.address.value, target.port)
        }
    }

    // What the channel says.

    func channelActive(context: ChannelHandlerContext) {
        guard case .opening = phase else { return context.close(promise: nil) }
        phase = .open(context.channel)
        pause = NetworkLimits.firstReopening
        moveOn()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let datagram = unwrapInboundIn(data)
        guard (1...NetworkLimits.datagram).contains(datagram.data.readableBytes) else { return }
        if case .reserved(let target) = place, datagram.remoteAddress.endpoint != target { return }
        held = datagram
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        moveOn()
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard case .open = phase else { return }
        // A child process that has just been forked may hold the old socket, and so its port, for a moment.
        if !open(canMove: false) { openLater() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A read has failed: a datagram was lost, which the chip does not notice either.
    }
}
