import ATAir
import ATPrimitives

@testable import ATWorld

/// An air, its network, and modules that do what a test says. What they hear is written down as `1500us 0 connected 1`:
/// when, which module, what. A class, so that an expectation can ask it to act.
final class NetworkStage {
    /// A socket of a module.
    struct Place: Hashable {
        let radio: Air.Radio
        let socket: Socket
    }

    var air: Air
    var network: VirtualNetwork
    var now = Instant.zero
    /// How many bytes a module takes of what it is offered; all unless a test says otherwise.
    var appetite: [Air.Radio: Int] = [:]
    /// Whether servers take their clients.
    var admits = true
    private(set) var received: [Place: [UInt8]] = [:]
    /// Where each datagram came from.
    private(set) var senders: [Place: [Endpoint]] = [:]
    private var log: [String] = []
    private var hungry: [Place] = []
    private var sockets: UInt32 = 0
    private(set) var mostUnderWay = 0

    init(seed: UInt64 = 1) {
        air = Air(seed: seed, delays: .none)
        network = VirtualNetwork(seed: seed)
    }

    // The air.

    func attach(_ settings: RadioSettings = RadioSettings()) -> Air.Radio { air.attach(settings) }

    func addAccessPoint(_ name: String, _ change: (inout AccessPoint) -> Void = { _ in }) throws {
        var accessPoint = AccessPoint(ssid: Array(name.utf8), uplink: .none)
        change(&accessPoint)
        _ = try air.add(accessPoint, at: now)
    }

    func join(_ radio: Air.Radio, _ name: String) {
        let mac = MACAddress(value: 0x18FE_3400_0000 + UInt64(radio.number))
        let request = JoinRequest(ssid: Array(name.utf8), password: [], mac: mac, address: nil)
        air.join(request, by: radio, at: now)
    }

    func openSoftAP(_ name: String, of radio: Air.Radio, address: IPv4Address = IPv4Address(192, 168, 4, 1)) {
        let settings = SoftAPSettings(
            ssid: Array(name.utf8), password: [], channel: 1, security: .open,
            bssid: MACAddress(value: 0x1AFE_3400_0000 + UInt64(radio.number)), address: address, dhcp: true)
        air.setSoftAP(settings, of: radio, at: now)
    }

    /// The air and the network hear of it, as from `Effect.radioOff` and a reset.
    func powerOff(_ radio: Air.Radio) {
        air.powerOff(radio, at: now)
        network.releaseAll(of: radio, at: now, air: air)
        hungry.removeAll { $0.radio == radio }
    }

    func address(of radio: Air.Radio) -> IPv4Address { air.network(of: radio)?.address ?? .any }

    // The network.

    func connect(_ radio: Air.Radio, to address: IPv4Address, _ port: UInt16, from local: UInt16? = nil) -> Socket {
        let socket = nextSocket()
        network.connect(
            socket, of: radio, from: local ?? UInt16(10_000 + socket.number),
            to: Endpoint(address: address, port: port), at: now, air: air)
        drain()
        return socket
    }

    func open(_ radio: Air.Radio, port: UInt16) -> Socket {
        let socket = nextSocket()
        network.open(socket, of: radio, port: port, at: now, air: air)
        drain()
        return socket
    }

    func listen(_ radio: Air.Radio, _ port: UInt16) { network.listen(onPort: port, of: radio, at: now, air: air) }
    func unlisten(_ radio: Air.Radio, _ port: UInt16) { network.unlisten(onPort: port, of: radio, at: now, air: air) }

    func send(
        _ bytes: [UInt8], _ socket: Socket, of radio: Air.Radio, to remote: Endpoint = Endpoint(address: .any, port: 0)
    ) {
        network.send(bytes.span, on: socket, of: radio, to: remote, at: now, air: air)
        drain()
    }

    func close(_ socket: Socket, of radio: Air.Radio) {
        network.close(socket, of: radio, at: now, air: air)
        drain()
    }

    func abort(_ socket: Socket, of radio: Air.Radio) {
        network.abort(socket, of: radio, at: now, air: air)
        drain()
    }

    func release(_ socket: Socket, of radio: Air.Radio) {
        network.release(socket, of: radio, at: now, air: air)
        drain()
    }

    func ping(_ number: UInt32, _ radio: Air.Radio, _ address: IPv4Address) {
        network.ping(Ping(number: number), of: radio, to: address, at: now, air: air)
        drain()
    }

    /// Offers again what modules have left lying.
    func offerAgain() {
        let places = hungry
        hungry = []
        for place in places { offer(place) }
        drain()
    }

    /// Lets time pass, from deadline to deadline.
    func run(for interval: Interval) {
        let end = now + interval
        while let deadline = network.nextDeadline, deadline <= end {
            now = max(now, deadline)
            network.advance(to: now, air: air)
            drain()
        }
        now = end
        network.advance(to: now, air: air)
        drain()
    }

    /// Lets time pass until nothing is under way, at most so long.
    func settle(within interval: Interval = .seconds(600)) {
        let end = now + interval
        while let deadline = network.nextDeadline, deadline <= end { run(for: deadline - now) }
    }

    /// What was written down since the last call.
    func events() -> [String] {
        defer { log = [] }
        return log
    }

    func text(_ radio: Air.Radio, _ socket: Socket) -> String {
        String(decoding: received[Place(radio: radio, socket: socket)] ?? [], as: UTF8.self)
    }

    private func nextSocket() -> Socket {
        sockets += 1
        return Socket(number: sockets)
    }

    private func drain() {
        while let (radio, event) = network.nextEvent() {
            switch event {
            case .payload(let socket): offer(Place(radio: radio, socket: socket))
            case .client(let arrival, let client, let port):
                let socket = admits ? nextSocket() : nil
                write(radio, "client \(socket?.number.description ?? "-") from \(client) on \(port)")
                network.admit(arrival, as: socket, at: now, air: air)
            default: write(radio, event.text)
            }
        }
        mostUnderWay = max(mostUnderWay, network.agenda.count)
    }

    private func offer(_ place: Place) {
        let limit = appetite[place.radio] ?? .max
        var left = limit
        while left > 0 {
            let hasTaken = network.offerPayload(to: place.radio, on: place.socket, at: now, air: air) { bytes, sender in
                let count = min(left, bytes.count)
                received[place, default: []] += bytes.extracting(..<count).withUnsafeBufferPointer { Array($0) }
                senders[place, default: []].append(sender)
                left -= count
                return count
            }
            if !hasTaken { return }
        }
        hungry.append(place)
    }

    private func write(_ radio: Air.Radio, _ text: String) { log.append("\(now) \(radio.number) \(text)") }
}

extension NetworkEvent {
    var text: String {
        switch self {
        case .connected(let socket): "connected \(socket.number)"
        case .unreachable(let socket): "unreachable \(socket.number)"
        case .reset(let socket): "reset \(socket.number)"
        case .acknowledged(let socket): "acknowledged \(socket.number)"
        case .finished(let socket): "finished \(socket.number)"
        case .closed(let socket): "closed \(socket.number)"
        case .payload(let socket): "payload \(socket.number)"
        case .pong(let ping, let milliseconds): "pong \(ping.number) \(milliseconds)"
        case .client(_, let client, let port): "client \(client) \(port)"
        }
    }
}

/// Bytes that look random and are known to both ends.
func pattern(_ count: Int, seed: UInt64 = 7) -> [UInt8] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}

extension NetworkStage {
    /// Two modules: the second has joined the first's softAP, so that they are 192.168.4.1 and 192.168.4.2.
    static func pair(seed: UInt64 = 1, latency: Interval? = nil) -> (NetworkStage, Air.Radio, Air.Radio) {
        let stage = NetworkStage(seed: seed)
        let host = stage.attach()
        let guest = stage.attach(RadioSettings(latency: latency))
        stage.openSoftAP("soft", of: host)
        stage.join(guest, "soft")
        return (stage, host, guest)
    }

    /// A pair with an open connection: socket 1 at the guest, socket 2 at the server.
    static func connectedPair(latency: Interval? = nil) -> (NetworkStage, Air.Radio, Air.Radio, Socket, Socket) {
        let (stage, host, guest) = pair(latency: latency)
        stage.listen(host, 80)
        let client = stage.connect(guest, to: IPv4Address(192, 168, 4, 1), 80)
        stage.run(for: .milliseconds(100))
        _ = stage.events()
        return (stage, host, guest, client, Socket(number: 2))
    }
}
