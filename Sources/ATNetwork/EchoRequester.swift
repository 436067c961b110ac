import ATPrimitives
import CPosix
import Glibc
import NIOCore
import NIOPosix

/// How an echo request can be sent, in the order in which the ways are tried (platform notes, Network).
enum EchoMethod: CaseIterable, Sendable {
    /// A socket of ICMP datagrams, for groups that the system lists.
    case datagramSocket
    /// A raw socket, for those with CAP_NET_RAW.
    case rawSocket
    /// The `ping` program.
    case program
}

/// Sends echo requests by the first way that works here, and tells when the replies come.
final class EchoRequester: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private enum Way {
        case unknown
        case socket(CInt, isRaw: Bool)
        case open(any Channel, isRaw: Bool)
        case program
        case none
    }

    private struct Request {
        let ping: Ping
        let target: IPv4Address
        let sequence: UInt16
        let sent: NIODeadline
    }

    /// It owns this object, and is kept by its open channels and by a program that runs.
    private unowned let network: HostNetwork
    private let threadPool: NIOThreadPool
    private let methods: [EchoMethod]
    private let program: EchoProgram
    private var way = Way.unknown
    /// The oldest first.
    private var requests: [Request] = []
    /// Echo programs that run.
    private var running = 0
    private var sequence: UInt16 = 0

    init(network: HostNetwork, threadPool: NIOThreadPool, methods: [EchoMethod], program: EchoProgram) {
        self.network = network
        self.threadPool = threadPool
        self.methods = methods
        self.program = program
    }

    func send(_ ping: Ping, to target: IPv4Address) {
        if case .unknown = way { chooseWay() }
        sequence &+= 1
        let message = EchoMessage(sequence: sequence)
        switch way {
        case .unknown, .none: break
        case .program: run(ping, target)
        case .socket(let descriptor, _):
            remember(ping, target)
            _ = Self.send(message, to: target, on: descriptor)
        case .open(let channel, _):
            remember(ping, target)
            _ = channel.withDescriptor { Self.send(message, to: target, on: $0) }
        }
    }

    /// Forgets all requests.
    func cancel() {
        requests = []
    }

    func close() {
        cancel()
        if case .open(let channel, _) = way { channel.close(promise: nil) }
        way = .none
    }

    private func chooseWay() {
        for method in methods {
            guard method != .program else {
                way = .program
                return
            }
            let isRaw = method == .rawSocket
            let descriptor = cposix_icmp_socket(isRaw)
            // Where nothing is free the next request may have more luck; only a refusal is an answer.
            if descriptor == -EMFILE || descriptor == -ENFILE { return }
            guard descriptor >= 0 else { continue }
            // First the way, then the channel: SwiftNIO may make it active before it returns.
            way = .socket(descriptor, isRaw: isRaw)
            return adopt(descriptor)
        }
        way = .none
    }

    private func adopt(_ descriptor: CInt) {
        let requester = NIOLoopBound(self, eventLoop: network.loop)
        DatagramBootstrap(group: network.loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try requester.value.network.track(channel)
                    try channel.pipeline.syncOperations.addHandler(requester.value)
                }
            }
            .withBoundSocket(descriptor)
            .assumeIsolated()
            .whenFailure { _ in if case .socket = self.way { self.way = .unknown } }
    }

    private static func send(_ message: EchoMessage, to target: IPv4Address, on descriptor: CInt) -> CInt {
        message.request.withUnsafeBytes { cposix_send_to(descriptor, $0.baseAddress, $0.count, target.value, 0) }
    }

    private func remember(_ ping: Ping, _ target: IPv4Address) {
        if requests.count == NetworkLimits.pings { requests.removeFirst() }
        requests.append(Request(ping: ping, target: target, sequence: sequence, sent: .now()))
    }

    private func run(_ ping: Ping, _ target: IPv4Address) {
        guard running < NetworkLimits.pings else { return }
        running += 1
        let generation = network.generation
        threadPool.runIfActive(eventLoop: network.loop) { [program] in program.ping(target) }
            .assumeIsolated()
            .whenComplete { [network] result in
                self.running -= 1
                guard case .success(let milliseconds?) = result, generation == network.generation,
                    network.isAttached
                else { return }
                network.report(.pong(ping, milliseconds: milliseconds))
            }
    }

    // What the channel says.

    func channelActive(context: ChannelHandlerContext) {
        guard case .socket(_, let isRaw) = way else { return context.close(promise: nil) }
        way = .open(context.channel, isRaw: isRaw)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open(_, let isRaw) = way else { return }
        let packet = unwrapInboundIn(data)
        guard let reply = EchoMessage(reply: packet.data, hasHeader: isRaw),
            // The kernel gives a datagram socket an identifier of its own and only its own replies.
            !isRaw || reply.identifier == EchoMessage.identifier,
            let index = requests.firstIndex(where: {
                $0.sequence == reply.sequence && $0.target == packet.remoteAddress.endpoint?.address
            })
        else { return }
        let request = requests.remove(at: index)
        guard network.isAttached else { return }
        let milliseconds = (NIODeadline.now() - request.sent).nanoseconds / 1_000_000
        network.report(.pong(request.ping, milliseconds: Int(milliseconds)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Somebody has destroyed it; the next request opens another one. After `close` there is none.
        if case .open = way { way = .unknown }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A read has failed: no reply will come, and the module notices that by itself.
    }
}
