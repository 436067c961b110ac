import ATAir
import ATEngine
import ATNetwork
import ATPrimitives
import ATWorld
import NIOCore

/// What a module's links run over: the host's network and the lab's own, which are one to the engine. A stream goes one
/// of the two ways; a UDP socket is open on both, and each datagram goes where its target is.
final class ModuleNetwork {
    /// Where a far end is.
    private enum Way {
        /// On the host's network, at this endpoint.
        case host(Endpoint)
        /// In a network of the lab.
        case lab
        /// With everybody in the networks of the module.
        case everybody
        case nowhere
    }

    enum Carrier {
        case hostStream
        case labStream
        case datagrams(localPort: UInt16, isOpenOnHost: Bool)

        var isOnHost: Bool {
            switch self {
            case .hostStream, .datagrams(_, isOpenOnHost: true): true
            case .labStream, .datagrams: false
            }
        }

        var isInLab: Bool { if case .hostStream = self { false } else { true } }
    }

    /// Who owns this object.
    weak var module: LabModule?
    let name: String
    private let radio: Air.Radio
    unowned let lab: Lab
    private let policy: NetworkPolicy
    private(set) var host: HostPath?
    var carriers: [Socket: Carrier] = [:]

    init(_ network: HostNetwork, name: String, radio: Air.Radio, seed: UInt64, lab: Lab) {
        self.name = name
        self.radio = radio
        self.lab = lab
        policy = network.policy
        host = HostPath(network, for: self, loop: lab.loop, clock: lab.clock, seed: seed) { [unowned lab] isLocal in
            lab.air.linkQuality(of: radio, addsStandard: isLocal)
        }
    }

    func close() -> EventLoopFuture<Void> { host?.close() ?? lab.loop.makeSucceededVoidFuture() }

    /// Tells the ways whether the module can be reached at all; to be called after all that may have changed it.
    func updateAttachment() {
        host?.setAttached(routes.isAttached)
    }
}

// What the engine asks for.
extension ModuleNetwork {
    func connect(_ socket: Socket, to remote: Endpoint, localPort: UInt16) {
        switch way(to: remote) {
        case .host(let actual):
            carriers[socket] = .hostStream
            host?.connect(socket, to: remote, via: actual)
        case .lab:
            carriers[socket] = .labStream
            lab.network.connect(socket, of: radio, from: localPort, to: remote, at: lab.clock.now, air: lab.air)
        // Nobody answers.
        case .everybody, .nowhere: break
        }
    }

    func open(_ socket: Socket, to remote: Endpoint, localPort: UInt16) {
        carriers[socket] = .datagrams(localPort: localPort, isOpenOnHost: false)
        lab.network.open(socket, of: radio, port: localPort, at: lab.clock.now, air: lab.air)
        switch way(to: remote) {
        case .host(let actual): openOnHost(socket, to: remote, via: actual)
        // Programs of the host can write to the link, whoever it talks to.
        case .everybody where policy.permits(.loopback), .nowhere:
            openOnHost(socket, to: remote, via: Endpoint(address: .loopback, port: remote.port))
        case .lab where !reachableGuests.isEmpty && policy.permits(.loopback):
            openOnHost(socket, to: remote, via: Endpoint(address: .loopback, port: remote.port))
        case .everybody, .lab: break
        }
    }

    /// - Parameter remote: of a datagram; a stream has its own.
    func send(_ socket: Socket, _ bytes: Span<UInt8>, to remote: Endpoint) {
        switch carriers[socket] {
        case .hostStream: host?.send(socket, bytes, to: remote, via: nil)
        case .labStream: lab.network.send(bytes, on: socket, of: radio, to: remote, at: lab.clock.now, air: lab.air)
        case .datagrams: sendDatagram(socket, bytes, to: remote)
        case nil: break
        }
    }

    func close(_ socket: Socket) {
        switch carriers[socket] {
        case .hostStream: host?.close(socket)
        case .labStream: lab.network.close(socket, of: radio, at: lab.clock.now, air: lab.air)
        case .datagrams(_, let isOpenOnHost):
            carriers[socket] = nil
            lab.network.close(socket, of: radio, at: lab.clock.now, air: lab.air)
            if isOpenOnHost { host?.close(socket) }
        case nil: break
        }
    }

    func abort(_ socket: Socket) {
        guard let carrier = carriers.removeValue(forKey: socket) else { return }
        if carrier.isInLab { lab.network.abort(socket, of: radio, at: lab.clock.now, air: lab.air) }
        if carrier.isOnHost { host?.abort(socket) }
    }

    /// The module no longer knows the socket; the far end sees the end of the stream if the radio still works.
    func release(_ socket: Socket) {
        guard let carrier = carriers.removeValue(forKey: socket) else { return }
        if carrier.isInLab { lab.network.release(socket, of: radio, at: lab.clock.now, air: lab.air) }
        if carrier.isOnHost { host?.release(socket) }
    }

    /// The module no longer drives its radio: in the lab's networks it falls silent.
    func leaveLab() { lab.network.releaseAll(of: radio, at: lab.clock.now, air: lab.air) }

    /// The module may take more.
    func resume(_ socket: Socket) {
        guard let carrier = carriers[socket] else { return }
        if carrier.isInLab { offer(socket) }
        if carrier.isOnHost { host?.resume(socket) }
    }

    func listen(port: UInt16) {
        lab.network.listen(onPort: port, of: radio, at: lab.clock.now, air: lab.air)
        host?.listen(port: port)
    }

    func unlisten(port: UInt16) {
        lab.network.unlisten(onPort: port, of: radio, at: lab.clock.now, air: lab.air)
        host?.unlisten(port: port)
    }

    func resolve(_ lookup: Lookup, name: [UInt8]) { host?.resolve(lookup, name: name) }

    func ping(_ ping: Ping, to address: IPv4Address) {
        switch way(to: Endpoint(address: address, port: 0)) {
        case .host(let actual): host?.ping(ping, to: actual.address)
        case .lab: lab.network.ping(ping, of: radio, to: address, at: lab.clock.now, air: lab.air)
        case .everybody, .nowhere: break
        }
    }
}

// Where things go.
extension ModuleNetwork {
    private func way(to remote: Endpoint) -> Way {
        switch routes.route(to: remote.address) {
        case .virtual: return reachableGuest(at: remote.address).map { .host($0.program) } ?? .lab
        case .broadcast: return .everybody
        case .host(let address): return .host(Endpoint(address: address, port: remote.port))
        case .nowhere: return .nowhere
        }
    }

    private var routes: RoutingTable {
        RoutingTable(of: radio, in: lab.air, hasStation: module?.hasStation ?? false)
    }

    /// The networks that the module is in.
    private var networks: [NetworkAttachment] {
        [lab.air.network(of: radio), lab.air.softAPNetwork(of: radio)].compactMap { network in
            network.flatMap { $0.address == nil ? nil : $0 }
        }
    }

    /// The programs of the host that are stations in the module's networks.
    private var reachableGuests: [Guest] {
        guard !lab.guests.isEmpty else { return [] }
        let networks = networks
        return lab.guests.filter { guest in networks.contains { $0.subnet.contains(guest.address) } }
    }

    private func reachableGuest(at address: IPv4Address) -> Guest? {
        lab.guests.isEmpty ? nil : reachableGuests.first { $0.address == address }
    }

    private func openOnHost(_ socket: Socket, to remote: Endpoint, via actual: Endpoint) {
        guard case .datagrams(let localPort, false) = carriers[socket] else { return }
        carriers[socket] = .datagrams(localPort: localPort, isOpenOnHost: true)
        host?.open(socket, to: remote, via: actual, localPort: localPort)
    }

    private func sendDatagram(_ socket: Socket, _ bytes: Span<UInt8>, to remote: Endpoint) {
        switch way(to: remote) {
        case .host(let actual): sendToHost(socket, bytes, to: remote, via: actual)
        case .lab: lab.network.send(bytes, on: socket, of: radio, to: remote, at: lab.clock.now, air: lab.air)
        case .everybody:
            lab.network.send(bytes, on: socket, of: radio, to: remote, at: lab.clock.now, air: lab.air)
            sendToMembersOnHost(socket, bytes, to: remote)
        case .nowhere: break
        }
    }

    private func sendToHost(_ socket: Socket, _ bytes: Span<UInt8>, to remote: Endpoint, via actual: Endpoint) {
        // The target may have become another one since the link was opened.
        if policy.permits(actual.address) { openOnHost(socket, to: remote, via: actual) }
        host?.send(socket, bytes, to: remote, via: actual)
    }

    /// A broadcast reaches the host too where it is in the network: as the gateway, and as its guests. What is bound to
    /// the port there may be a module of the lab; it has heard the broadcast in the network, and the sender itself does
    /// not hear it.
    private func sendToMembersOnHost(_ socket: Socket, _ bytes: Span<UInt8>, to remote: Endpoint) {
        let reached = networks.filter { remote.address == .broadcast || remote.address == $0.subnet.broadcast }
        for network in reached where network.uplink == .host && !lab.hearsLoopback(onPort: remote.port) {
            sendToHost(
                socket, bytes, to: Endpoint(address: network.gateway, port: remote.port),
                via: Endpoint(address: .loopback, port: remote.port))
        }
        for guest in reachableGuests where reached.contains(where: { $0.subnet.contains(guest.address) }) {
            sendToHost(socket, bytes, to: Endpoint(address: guest.address, port: remote.port), via: guest.program)
        }
    }

    /// A program that is a guest of the module's network is seen at its address there.
    func shown(_ far: Endpoint) -> Endpoint {
        guard !lab.guests.isEmpty, let guest = reachableGuests.first(where: { $0.program == far }) else { return far }
        return Endpoint(address: guest.address, port: far.port)
    }
}
