import ATEngine
import ATNetwork
import ATPrimitives

// What the host's network tells.
extension HostPath: HostNetworkDelegate {
    func hostNetwork(connected socket: Socket) { report(.connected(socket), on: socket) }
    func hostNetwork(reset socket: Socket) { report(.reset(socket), on: socket) }
    func hostNetwork(acknowledged socket: Socket) { report(.acknowledged(socket), on: socket) }
    func hostNetwork(finished socket: Socket) { report(.finished(socket), on: socket) }
    func hostNetwork(closed socket: Socket) { report(.closed(socket), on: socket) }

    /// Known without a packet.
    func hostNetwork(unreachable socket: Socket) {
        flows[socket] = nil
        module.isUnreachableOnHost(socket)
    }

    func hostNetwork(resolved lookup: Lookup, to address: IPv4Address?) {
        guard let due = arrival(on: &down, byteCount: 0, isLocal: true, isReliable: true) else { return }
        answer(.resolved(lookup, address), due: due)
    }

    func hostNetwork(pong ping: Ping, milliseconds: Int) {
        guard let index = pings.firstIndex(where: { $0.ping == ping }) else { return }
        let request = pings.remove(at: index)
        let now = clock.now
        guard let due = arrival(on: &down, byteCount: 0, isLocal: request.isLocal, isReliable: false) else { return }
        let onTheAir = request.wayUp + (due - now)
        answer(.pong(ping, milliseconds: milliseconds + Int(onTheAir.milliseconds)), due: due)
    }

    func hostNetwork(received bytes: Span<UInt8>, from sender: Endpoint, on socket: Socket) -> Int {
        guard let flow = flows[socket] else { return bytes.count }
        if flow.reports.isEmpty, quality(flow.isLocal) == .perfect {
            return module.deliver(bytes, on: socket, from: sender)
        }
        let room = (flow.isDatagram ? Self.datagramLimit : Self.window) - flow.heldBytes
        let count = flow.isDatagram ? bytes.count : min(bytes.count, room)
        guard count > 0, count <= room else {
            flows[socket]?.hasTurnedAway = true
            return 0
        }
        guard let due = arrival(on: &down, byteCount: count, isLocal: flow.isLocal, isReliable: !flow.isDatagram)
        else { return count }
        let piece = bytes.extracting(..<count).withUnsafeBufferPointer { [UInt8]($0) }
        flows[socket]?.reports.append(.payload(piece, from: sender), due: due)
        flows[socket]?.heldBytes += count
        if count < bytes.count { flows[socket]?.hasTurnedAway = true }
        schedule(due)
        return count
    }

    func hostNetwork(client: Endpoint, onPort port: UInt16) -> Socket? {
        let socket = module.accept(client, onPort: port)
        if let socket { flows[socket] = HostFlow(isLocal: Self.isLocal(client), isDatagram: false) }
        return socket
    }

    func hostNetwork(serving port: UInt16, at host: Endpoint) { module.serving(port, at: host) }
    func hostNetwork(stoppedServing port: UInt16) { module.stoppedServing(port) }
    func hostNetwork(cannotServe port: UInt16, error: NetworkError) { module.cannotServe(port, error) }
    func hostNetwork(datagramPort port: UInt16, at host: Endpoint) { module.datagramPort(port, at: host) }
}
