import ATPrimitives

/// A UDP link of the module (contract, Network; reference 3.9).
///
/// What it sends to the host's loopback goes out of a socket that is bound there, so that every program of this host may
/// send to it. If the policy binds elsewhere, all else goes out of a socket that is bound there, and anybody may. Else
/// each target has a socket that hears it alone. A socket is opened with the link, or by the first
/// datagram that needs it, and stays.
final class DatagramLink {
    private let network: HostNetwork
    private let socket: Socket
    private let target: Endpoint
    private let localPort: UInt16
    /// Those that were sent from last come last.
    private(set) var sockets: [DatagramSocket] = []
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
    func open() -> Bool { socket(for: target) != nil }

    /// Whatever goes wrong, the datagram is lost, as one is on the air.
    func send(_ bytes: Span<UInt8>, to shown: Endpoint, via actual: Endpoint) {
        guard network.isAttached, network.policy.permits(actual.address) else { return }
        remember(actual, as: shown)
        socket(for: actual)?.send(bytes, to: actual)
    }

    func close() {
        for socket in sockets { socket.close() }
        sockets = []
    }

    /// Offers what is held and reads on, if the module can be reached.
    func moveOn() {
        for socket in sockets { socket.moveOn() }
    }

    // What a socket asks of it.

    /// - Returns: Whether the module took the datagram.
    func offer(_ bytes: Span<UInt8>, from sender: Endpoint) -> Bool {
        let shown = aliases.last { $0.actual == sender }?.shown ?? sender
        return network.offer(bytes, from: shown, on: socket) > 0
    }

    // Where a datagram goes out.

    private func socket(for target: Endpoint) -> DatagramSocket? {
        let place = place(for: target)
        if let index = sockets.firstIndex(where: { $0.place == place }) {
            let socket = sockets.remove(at: index)
            sockets.append(socket)
            return socket
        }
        let socket = DatagramSocket(of: self, at: place, localPort: localPort, network: network)
        guard socket.open() else { return nil }
        if place.isReserved { makeRoom() }
        sockets.append(socket)
        return socket
    }

    private func place(for target: Endpoint) -> DatagramPlace {
        let bind = network.policy.bind
        // A socket that is bound to all addresses reaches loopback too, and has the port already.
        let servesAll = bind == .any && sockets.contains { $0.place == .bound(.any) }
        if Subnet.loopback.contains(target.address), !servesAll { return .bound(.loopback) }
        return Subnet.loopback.contains(bind) ? .reserved(for: target) : .bound(bind)
    }

    /// Closes the reserved socket that was not sent from for the longest time, if there are as many as may be.
    private func makeRoom() {
        guard sockets.count(where: \.place.isReserved) == NetworkLimits.datagramTargets,
            let index = sockets.firstIndex(where: \.place.isReserved)
        else { return }
        sockets.remove(at: index).close()
    }

    private func remember(_ actual: Endpoint, as shown: Endpoint) {
        if let latest = aliases.last, latest == (actual, shown) { return }
        aliases.removeAll { $0.actual == actual }
        guard actual != shown else { return }
        if aliases.count == NetworkLimits.aliases { aliases.removeFirst() }
        aliases.append((actual, shown))
    }
}
