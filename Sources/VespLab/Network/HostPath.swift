import ATAir
import ATEngine
import ATNetwork
import ATPrimitives
import NIOCore

/// The way of one module to the host's network: over the air, with the latency, jitter, bandwidth and loss that it has
/// there. On a perfect way everything passes at once.
///
/// What the module asks for travels up, what it hears travels down, each in its order. A lost piece of a stream comes
/// late, by the time that its retransmission takes; a lost datagram, name or echo never comes (names are asked again).
final class HostPath {
    /// How many bytes of a stream are on their way to the module: the chip's receive window (reference 3.5).
    static let window = 5840
    /// How many bytes of datagrams are; more are lost.
    static let datagramLimit = 16_384
    /// How many datagrams and requests of one socket are on their way up; more are lost.
    static let requestLimit = 1_024
    /// How many echo requests wait for their reply; the engine has 8 under way.
    static let pingLimit = 16
    /// What IP and TCP add to a packet, in bytes.
    static let headers = 40
    /// When a lost piece is sent again, and again in twice the time (reference 3.6); the last one always arrives.
    static let retransmission = Interval.seconds(1)
    static let retransmissions = 3

    /// What has no socket.
    enum Question {
        case resolve(Lookup, [UInt8])
        case ping(Ping, IPv4Address)
    }

    unowned let module: ModuleNetwork
    let network: HostNetwork
    let clock: LabClock
    /// How good the way is now, to a far end on this computer or elsewhere.
    let quality: (_ isLocal: Bool) -> LinkQuality
    var up: DelayLine
    var down: DelayLine
    var flows: [Socket: HostFlow] = [:]
    var questions = PacketQueue<Question>()
    var answers = PacketQueue<Event>()
    /// Echo requests without a reply, the oldest first.
    var pings: [(ping: Ping, isLocal: Bool, wayUp: Interval)] = []
    var isAttached = true
    var isWorking = false
    var alarm: Alarm?

    init(
        _ network: HostNetwork, for module: ModuleNetwork, loop: any EventLoop, clock: LabClock, seed: UInt64,
        quality: @escaping (_ isLocal: Bool) -> LinkQuality
    ) {
        self.network = network
        self.module = module
        self.clock = clock
        self.quality = quality
        up = DelayLine(random: .stream(seed: seed, salt: 0))
        down = DelayLine(random: .stream(seed: seed, salt: 1))
        alarm = Alarm(loop: loop, clock: clock) { [unowned self] in work() }
        network.delegate = self
    }

    func close() -> EventLoopFuture<Void> {
        alarm?.cancel()
        return network.close()
    }

    /// Whether the module's radio is there; without it nothing moves.
    func setAttached(_ attached: Bool) {
        network.setAttached(attached)
        guard attached != isAttached else { return }
        isAttached = attached
        if attached {
            alarm?.set(for: clock.now)
        } else if !isWorking {
            loseWhatIsOnTheAir()
        }
    }
}

// What the module asks for.
extension HostPath {
    func connect(_ socket: Socket, to shown: Endpoint, via actual: Endpoint) {
        flows[socket] = HostFlow(isLocal: Self.isLocal(actual), isDatagram: false)
        // A refusal of the policy has not been on the air.
        guard network.policy.permits(actual.address) else { return network.connect(socket, to: shown, via: actual) }
        submit(.connect(to: shown, via: actual), byteCount: 0, on: socket)
    }

    func open(_ socket: Socket, to shown: Endpoint, via actual: Endpoint, localPort: UInt16) {
        flows[socket] = HostFlow(isLocal: Self.isLocal(actual), isDatagram: true)
        network.open(socket, to: shown, via: actual, localPort: localPort)
    }

    func send(_ socket: Socket, _ bytes: Span<UInt8>, to shown: Endpoint, via actual: Endpoint?) {
        guard var flow = flows[socket] else { return }
        if flow.isDatagram, let actual { flow.isLocal = Self.isLocal(actual) }
        flows[socket] = flow
        if flow.requests.isEmpty, quality(flow.isLocal) == .perfect {
            return network.send(socket, bytes, to: shown, via: actual)
        }
        let bytes = bytes.withUnsafeBufferPointer { [UInt8]($0) }
        submit(.send(bytes, to: shown, via: actual), byteCount: bytes.count, on: socket)
    }

    func close(_ socket: Socket) {
        guard let flow = flows[socket] else { return }
        if flow.isDatagram {
            flows[socket] = nil
            network.close(socket)
        } else {
            submit(.close, byteCount: 0, on: socket)
        }
    }

    func abort(_ socket: Socket) {
        flows[socket] = nil
        network.abort(socket)
    }

    /// What the module had sent is on the air already.
    func release(_ socket: Socket) {
        while flows[socket]?.requests.isEmpty == false { performFirst(of: socket) }
        flows[socket] = nil
        network.release(socket)
    }

    /// The module may take more.
    func resume(_ socket: Socket) {
        guard flows[socket]?.isBlocked == true else { return network.resume(socket) }
        flows[socket]?.isBlocked = false
        alarm?.set(for: clock.now)
    }

    func listen(port: UInt16) { network.listen(port: port) }
    func unlisten(port: UInt16) { network.unlisten(port: port) }

    func resolve(_ lookup: Lookup, name: [UInt8]) {
        guard let due = arrival(on: &up, byteCount: name.count, isLocal: true, isReliable: true) else { return }
        ask(.resolve(lookup, name), due: due)
    }

    func ping(_ ping: Ping, to actual: IPv4Address) {
        let isLocal = Subnet(containing: .loopback, prefixLength: 8).contains(actual)
        let now = clock.now
        guard let due = arrival(on: &up, byteCount: 0, isLocal: isLocal, isReliable: false) else { return }
        if pings.count == Self.pingLimit { pings.removeFirst() }
        pings.append((ping, isLocal, due - now))
        ask(.ping(ping, actual), due: due)
    }
}
