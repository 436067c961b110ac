import ATAir
import ATEngine
import ATPrimitives
import ATWorld

// Where a module's sockets lead. An address that the script knows is the script's; what else lies in a network of the lab
// is carried between the modules; and where no way leads, the script's world stays silent. A TCP connection goes one of
// these ways, servers and UDP sockets are open on both: neither minds what it does not know.
extension SimulatedLab {
    private func isVirtual(_ address: IPv4Address, of index: Int) -> Bool {
        guard hasNetwork, !modules[index].world.knows(address) else { return false }
        let hasStation = modules[index].engine.interfaces.station != nil
        let routes = RoutingTable(of: modules[index].radio, in: air, hasStation: hasStation)
        if case .virtual = routes.route(to: address) { return true }
        return false
    }

    mutating func connect(_ socket: Socket, to remote: Endpoint, from localPort: UInt16, of index: Int) {
        if isVirtual(remote.address, of: index) {
            network.connect(socket, of: modules[index].radio, from: localPort, to: remote, at: now, air: air)
        } else {
            modules[index].world.connect(socket, to: remote)
        }
    }

    mutating func open(_ socket: Socket, port: UInt16, of index: Int) {
        modules[index].world.openDatagramSocket(socket)
        if hasNetwork { network.open(socket, of: modules[index].radio, port: port, at: now, air: air) }
    }

    mutating func send(_ payload: [UInt8], on socket: Socket, to remote: Endpoint, of index: Int) {
        modules[index].world.send(byteCount: payload.count, on: socket)
        guard hasNetwork else { return }
        network.send(payload.span, on: socket, of: modules[index].radio, to: remote, at: now, air: air)
    }

    mutating func close(_ socket: Socket, of index: Int) {
        modules[index].world.close(socket)
        if hasNetwork { network.close(socket, of: modules[index].radio, at: now, air: air) }
    }

    mutating func abort(_ socket: Socket, of index: Int) {
        modules[index].world.forget(socket)
        if hasNetwork { network.abort(socket, of: modules[index].radio, at: now, air: air) }
    }

    mutating func release(_ socket: Socket, of index: Int) {
        modules[index].world.forget(socket)
        if hasNetwork { network.release(socket, of: modules[index].radio, at: now, air: air) }
    }

    mutating func listen(onPort port: UInt16, of index: Int) {
        modules[index].world.listen(onPort: port)
        if hasNetwork { network.listen(onPort: port, of: modules[index].radio, at: now, air: air) }
    }

    mutating func stopListening(onPort port: UInt16, of index: Int) {
        modules[index].world.stopListening(onPort: port)
        if hasNetwork { network.unlisten(onPort: port, of: modules[index].radio, at: now, air: air) }
    }

    mutating func ping(_ ping: Ping, _ address: IPv4Address, of index: Int) {
        if isVirtual(address, of: index) {
            network.ping(ping, of: modules[index].radio, to: address, at: now, air: air)
        } else {
            modules[index].world.ping(ping, address)
        }
    }

    /// What the network tells a module.
    mutating func hear(_ event: NetworkEvent, by index: Int) {
        switch event {
        case .connected(let socket): handle(.connected(socket), by: index)
        case .unreachable(let socket): handle(.unreachable(socket), by: index)
        case .reset(let socket): handle(.reset(socket), by: index)
        case .acknowledged(let socket): handle(.acknowledged(socket), by: index)
        case .finished(let socket): handle(.finished(socket), by: index)
        case .closed(let socket): handle(.closed(socket), by: index)
        case .pong(let ping, let milliseconds): handle(.pong(ping, milliseconds: milliseconds), by: index)
        case .payload(let socket):
            if !modules[index].waiting.contains(socket) { modules[index].waiting.append(socket) }
            offering.insert(index)
        case .client(let arrival, let client, let port):
            let socket = accept(client, onPort: port, of: index)
            network.admit(arrival, as: socket, at: now, air: air)
        }
    }

    /// A client comes to a server of a module.
    /// - Returns: its socket from now on; nil if the module does not want it.
    mutating func accept(_ client: Endpoint, onPort port: UInt16, of index: Int) -> Socket? {
        let socket = modules[index].engine.accept(from: client, onPort: port, at: now)
        touched.insert(index)
        if let socket, let link = modules[index].engine.link(of: socket) { modules[index].sockets[link] = socket }
        return socket
    }
}
