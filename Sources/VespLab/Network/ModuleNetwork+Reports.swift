import ATEngine
import ATNetwork
import ATPrimitives
import ATWorld

// What the module hears.
extension ModuleNetwork {
    func handle(_ event: Event) {
        switch event {
        case .reset(let socket), .closed(let socket): carriers[socket] = nil
        default: break
        }
        module?.handle(event)
    }

    /// The host has no socket for it; a UDP link stays open in the lab's networks.
    func isUnreachableOnHost(_ socket: Socket) {
        if case .datagrams(let localPort, _) = carriers[socket] {
            carriers[socket] = .datagrams(localPort: localPort, isOpenOnHost: false)
        } else {
            carriers[socket] = nil
        }
        module?.handle(.unreachable(socket))
    }

    /// The lab's network has no socket for it; a UDP link stays open on the host.
    private func isUnreachableInLab(_ socket: Socket) {
        if case .labStream = carriers[socket] { carriers[socket] = nil }
        module?.handle(.unreachable(socket))
    }

    /// Whether a datagram to this port of the host's loopback comes to the module.
    func hearsLoopback(onPort port: UInt16) -> Bool { host?.network.hearsLoopback(onPort: port) ?? false }

    func deliver(_ bytes: Span<UInt8>, on socket: Socket, from sender: Endpoint) -> Int {
        module?.deliver(bytes, on: socket, from: shown(sender)) ?? bytes.count
    }

    func accept(_ client: Endpoint, onPort port: UInt16) -> Socket? {
        guard let socket = module?.accept(shown(client), onPort: port) else { return nil }
        carriers[socket] = .hostStream
        return socket
    }

    /// What the lab's network tells.
    func receive(_ event: NetworkEvent) {
        switch event {
        case .connected(let socket): handle(.connected(socket))
        case .unreachable(let socket): isUnreachableInLab(socket)
        case .reset(let socket): handle(.reset(socket))
        case .acknowledged(let socket): handle(.acknowledged(socket))
        case .finished(let socket): handle(.finished(socket))
        case .closed(let socket): handle(.closed(socket))
        case .pong(let ping, let milliseconds): handle(.pong(ping, milliseconds: milliseconds))
        case .payload(let socket): offer(socket)
        case .client(let arrival, let client, let port):
            let socket = module?.accept(client, onPort: port)
            if let socket { carriers[socket] = .labStream }
            lab.network.admit(arrival, as: socket, at: lab.clock.now, air: lab.air)
        }
    }

    /// Offers what the lab's network holds for a socket, until the module takes no more.
    func offer(_ socket: Socket) {
        while module?.take(socket) == true {}
    }

    func serving(_ port: UInt16, at host: Endpoint) { lab.report(.server(module: name, port: port, at: host)) }
    func stoppedServing(_ port: UInt16) { lab.report(.serverClosed(module: name, port: port)) }
    func datagramPort(_ port: UInt16, at host: Endpoint) {
        lab.report(.datagramPort(module: name, port: port, at: host))
    }
    func cannotServe(_ port: UInt16, _ error: NetworkError) {
        module?.logger.warning("port \(port) of the module cannot be reached from the host: \(error)")
    }
}
