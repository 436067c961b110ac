import ATPrimitives
import CPosix
import Glibc
import NIOCore
import NIOPosix

/// A UDP link of the module (contract, Network; reference 3.9).
///
/// With a target on the host's loopback it is bound there, so that every program of this host may send to it; if the
/// policy binds elsewhere, it is bound there, and anybody may. Else it is a connected socket, so that only its target
/// can answer. Datagrams are sent with sendto(2) and not by SwiftNIO, which would close the socket when one is refused.
final class DatagramLink: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private enum Phase {
        case closed
        /// The descriptor belongs to a channel that is not ready yet.
        case opening(CInt)
        case open(any Channel)
    }

    private let network: HostNetwork
    private let socket: Socket
    private let target: Endpoint
    private var localPort: UInt16
    private var phase = Phase.closed
    private var held: AddressedEnvelope<ByteBuffer>?
    private var isOffering = false
    /// How senders are shown to the module where that is not their address, the latest last.
    private var aliases: [(actual: Endpoint, shown: Endpoint)] = []

    init(network: HostNetwork, socket: Socket, to shown: Endpoint, via target: Endpoint, localPort: UInt16) {
        self.network = network
        self.socket = socket
        self.target = target
        self.localPort = localPort
        remember(target, as: shown)
    }

    /// - Returns: False if no socket could be had.
    func open() -> Bool {
        let descriptor = makeDescriptor()
        guard descriptor >= 0 else { return false }
        phase = .opening(descriptor)
        let link = NIOLoopBound(self, eventLoop: network.loop)
        DatagramBootstrap(group: network.loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: NetworkLimits.datagramRead)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try link.value.network.track(channel)
                    try channel.pipeline.syncOperations.addHandler(link.value)
                }
            }
            .withBoundSocket(descriptor)
            .assumeIsolated()
            .whenFailure { _ in self.close() }
        return true
    }

    func send(_ bytes: Span<UInt8>, to shown: Endpoint, via actual: Endpoint) {
        guard network.isAttached, network.policy.permits(actual.address) else { return }
        guard isOpenToAll || actual == target else { return }
        remember(actual, as: shown)
        // Whatever goes wrong, the datagram is lost, as one is on the air.
        switch phase {
        case .closed: break
        case .opening(let descriptor): _ = Self.send(bytes, to: actual, on: descriptor)
        case .open(let channel): _ = channel.withDescriptor { Self.send(bytes, to: actual, on: $0) }
        }
    }

    func close() {
        if case .open(let channel) = phase {
            phase = .closed
            channel.close(promise: nil)
        }
        phase = .closed
        held = nil
    }

    /// Offers what is held and reads on, if the module can be reached.
    func moveOn() {
        guard network.isAttached, !isOffering, case .open = phase else { return }
        isOffering = true
        defer { isOffering = false }
        if let datagram = held, let sender = datagram.remoteAddress.endpoint {
            let shown = aliases.last { $0.actual == sender }?.shown ?? sender
            guard network.offer(datagram.data.readableBytesUInt8Span, from: shown, on: socket) > 0 else { return }
            held = nil
        }
        if case .open(let channel) = phase { channel.pipeline.syncOperations.read() }
    }

    private var isLocal: Bool { Subnet.loopback.contains(target.address) }
    private var isOpenToAll: Bool { isLocal || !Subnet.loopback.contains(network.policy.bind) }

    private func makeDescriptor() -> CInt {
        let broadcast = network.policy.permits(.broadcast)
        guard isOpenToAll else {
            let descriptor = cposix_udp_bind(IPv4Address.any.value, 0, broadcast)
            guard descriptor >= 0 else { return descriptor }
            let result = cposix_udp_connect(descriptor, target.address.value, target.port)
            guard result == 0 else {
                Glibc.close(descriptor)
                return result
            }
            return descriptor
        }
        let host = isLocal ? IPv4Address.loopback : network.policy.bind
        let descriptor = cposix_udp_bind(host.value, localPort, broadcast)
        return descriptor >= 0 ? descriptor : makeDescriptor(onAnyPortOf: host, broadcast: broadcast)
    }

    private func makeDescriptor(onAnyPortOf host: IPv4Address, broadcast: Bool) -> CInt {
        let descriptor = cposix_udp_bind(host.value, 0, broadcast)
        guard descriptor >= 0 else { return descriptor }
        let port = UInt16(truncatingIfNeeded: cposix_local_port(descriptor))
        network.report(.datagramPort(localPort, at: Endpoint(address: host, port: port)))
        return descriptor
    }

    private static func send(_ bytes: Span<UInt8>, to target: Endpoint, on descriptor: CInt) -> CInt {
        bytes.withUnsafeBytes {
            cposix_send_to(descriptor, $0.baseAddress, $0.count, target.address.value, target.port)
        }
    }

    private func remember(_ actual: Endpoint, as shown: Endpoint) {
        if let latest = aliases.last, latest == (actual, shown) { return }
        aliases.removeAll { $0.actual == actual }
        guard actual != shown else { return }
        if aliases.count == NetworkLimits.aliases { aliases.removeFirst() }
        aliases.append((actual, shown))
    }

    // What the channel says.

    func channelActive(context: ChannelHandlerContext) {
        guard case .opening = phase else { return context.close(promise: nil) }
        phase = .open(context.channel)
        moveOn()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let datagram = unwrapInboundIn(data)
        guard (1...NetworkLimits.datagram).contains(datagram.data.readableBytes) else { return }
        held = datagram
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        moveOn()
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard case .open = phase else { return }
        // An ICMP error that the kernel takes for a final one has closed it, but a link of the chip lives on.
        phase = .closed
        _ = open()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An ICMP error: a datagram was lost, which the chip does not notice either.
    }
}
