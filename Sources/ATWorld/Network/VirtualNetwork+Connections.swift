import ATAir
import ATPrimitives

// What the modules' TCP connections do.
extension VirtualNetwork {
    mutating func connect(
        _ socket: Socket, of radio: Air.Radio, from localPort: UInt16, to remote: Endpoint, air: Air
    ) {
        let node = radio.number
        precondition(nodes[node].connection(of: socket) == nil, "a socket is opened once")
        guard nodes[node].openCount < Self.maximumConnections, !nodes[node].usesPort(localPort) else {
            return events.append(.unreachable(socket), for: radio)
        }
        let routes = RoutingTable(of: radio, in: air, hasStation: true)
        // Where no way leads, nothing answers.
        guard case .virtual(let interface) = routes.route(to: remote.address),
            let address = routes.attachment(of: interface)?.address
        else { return }
        let local = Endpoint(address: address, port: localPort)
        // AT does not wait for the end of an old connection (reference 10).
        if let old = nodes[node].connection(from: local, to: remote) { cutOff(of: radio, at: old, air: air) }
        let sequence = nodes[node].nextInitialSequence()
        let tcp = TCPConnection(
            connecting: local, to: remote, initialSequence: sequence, at: clock, into: &output)
        add(tcp, as: .open(socket), of: radio, air: air)
    }

    mutating func admit(_ arrival: Arrival, as socket: Socket?, air: Air) {
        let radio = arrival.radio
        let node = radio.number
        guard let place = nodes[node].connection(arrival.connection), nodes[node].connections[place].use == .arriving
        else {
            // The client has gone in the meantime.
            if let socket { events.append(.reset(socket), for: radio) }
            return
        }
        guard let socket else { return close(of: radio, at: place, as: .forgotten, air: air) }
        nodes[node].connections[place].use = .open(socket)
        if nodes[node].connections[place].tcp.hasPayload {
            tellPayload(of: radio, at: place, socket)
        } else if nodes[node].connections[place].tcp.isAtEnd {
            events.append(.finished(socket), for: radio)
        }
    }

    mutating func sendSegments(_ bytes: Span<UInt8>, of radio: Air.Radio, at place: Int, air: Air) {
        let node = radio.number
        guard case .open(let socket) = nodes[node].connections[place].use else { return }
        // What was acknowledged before is no longer everything.
        events.remove(.acknowledged(socket), for: radio)
        if nodes[node].connections[place].tcp.send(bytes, at: clock, into: &output) {
            finishInput(of: radio, at: place, air: air)
        } else {
            // The engine never sends so much; a connection that loses bytes is none.
            abort(of: radio, at: place, air: air)
            events.append(.reset(socket), for: radio)
        }
    }

    /// The module closes its side, and wants to know the end or not.
    mutating func close(of radio: Air.Radio, at place: Int, as use: Node.Use, air: Air) {
        let node = radio.number
        guard !nodes[node].connections[place].use.isShutDown else {
            nodes[node].connections[place].use = use
            return
        }
        let place = nodes[node].shutDown(at: place, as: use)
        if case .closed(let socket) = use {
            events.remove(.payload(socket), for: radio)
            events.remove(.finished(socket), for: radio)
        }
        if nodes[node].connections[place].tcp.isOpening {
            abort(of: radio, at: place, air: air)
            if case .closed(let socket) = use { events.append(.closed(socket), for: radio) }
            return
        }
        nodes[node].connections[place].tcp.close(at: clock, into: &output)
        finishInput(of: radio, at: place, air: air)
        cutOffOldest(of: radio, air: air)
    }

    /// Sends RST and forgets the connection.
    mutating func abort(of radio: Air.Radio, at place: Int, air: Air) {
        nodes[radio.number].connections[place].tcp.abort(into: &output)
        finishInput(of: radio, at: place, air: air)
    }

    mutating func offerSegment(
        of radio: Air.Radio, at place: Int, air: Air, _ body: (Span<UInt8>, Endpoint) -> Int
    ) -> Bool {
        let node = radio.number
        guard case .open = nodes[node].connections[place].use else { return false }
        let remote = nodes[node].connections[place].tcp.remote
        let taken = nodes[node].connections[place].tcp.offer(into: &output) { body($0, remote) }
        if !nodes[node].connections[place].tcp.hasPayload { nodes[node].connections[place].isPayloadTold = false }
        finishInput(of: radio, at: place, air: air)
        return taken > 0
    }

    /// A segment has reached the module.
    mutating func receive(_ segment: Segment, of packet: Packet, by radio: Air.Radio, air: Air) {
        let node = radio.number
        if let place = nodes[node].connection(from: packet.destination, to: packet.source) {
            nodes[node].connections[place].tcp.receive(segment, at: clock, into: &output)
            return finishInput(of: radio, at: place, air: air)
        }
        let isOpening = segment.isSynchronize && segment.acknowledgement == nil && !segment.isReset
        guard isOpening, nodes[node].listeningPorts.contains(packet.destination.port) else {
            guard let refusal = segment.refusal else { return }
            return send(.segment(refusal), from: packet.destination, to: packet.source, of: radio, air: air)
        }
        guard nodes[node].openCount < Self.maximumConnections else { return }
        let sequence = nodes[node].nextInitialSequence()
        let tcp = TCPConnection(
            accepting: segment, at: packet.destination, from: packet.source, initialSequence: sequence, at: clock,
            into: &output)
        add(tcp, as: .arriving, of: radio, air: air)
    }

    /// The agenda's look at a connection: its deadline may have moved on since.
    mutating func look(at id: ConnectionID, of radio: Air.Radio, air: Air) {
        let node = radio.number
        guard let place = nodes[node].connection(id), let look = nodes[node].connections[place].nextLook, look <= clock
        else { return }
        nodes[node].connections[place].nextLook = nil
        nodes[node].connections[place].tcp.advance(to: clock, into: &output)
        finishInput(of: radio, at: place, air: air)
    }

    private mutating func add(_ tcp: TCPConnection, as use: Node.Use, of radio: Air.Radio, air: Air) {
        let id = ConnectionID(number: nextNumber())
        let place =
            nodes[radio.number].connections.firstIndex { $0.use.isShutDown } ?? nodes[radio.number].connections.count
        nodes[radio.number].connections.insert(Node.Connection(id: id, use: use, tcp: tcp), at: place)
        finishInput(of: radio, at: place, air: air)
    }

    /// Makes room if too many shut down.
    private mutating func cutOffOldest(of radio: Air.Radio, air: Air) {
        let node = radio.number
        guard nodes[node].connections.count - nodes[node].openCount > Self.maximumShutDowns,
            let oldest = nodes[node].oldestShutDown
        else { return }
        cutOff(of: radio, at: oldest, air: air)
    }

    /// A connection that the module has closed gets no more time.
    private mutating func cutOff(of radio: Air.Radio, at place: Int, air: Air) {
        if case .closed(let socket) = nodes[radio.number].connections[place].use {
            events.append(.closed(socket), for: radio)
        }
        abort(of: radio, at: place, air: air)
    }

    /// Sends and tells what an input has brought about. A connection that is gone leaves its place.
    private mutating func finishInput(of radio: Air.Radio, at place: Int, air: Air) {
        let (local, remote) = (
            nodes[radio.number].connections[place].tcp.local, nodes[radio.number].connections[place].tcp.remote
        )
        for index in output.segments.indices {
            send(.segment(output.segments[index]), from: local, to: remote, of: radio, air: air)
        }
        for index in output.events.indices { tell(output.events[index], of: radio, at: place) }
        output.removeAll()
        if nodes[radio.number].connections[place].tcp.isGone {
            nodes[radio.number].connections.remove(at: place)
        } else {
            scheduleLook(at: place, of: radio)
        }
    }

    private mutating func scheduleLook(at place: Int, of radio: Air.Radio) {
        let connection = nodes[radio.number].connections[place]
        guard let deadline = connection.tcp.deadline, connection.nextLook.map({ deadline < $0 }) ?? true else { return }
        nodes[radio.number].connections[place].nextLook = deadline
        agenda.insert(.look(radio, connection.id), at: deadline, number: nextNumber())
    }

    private mutating func tell(_ event: TCPEvent, of radio: Air.Radio, at place: Int) {
        let connection = nodes[radio.number].connections[place]
        switch (event, connection.use) {
        case (.arrived, .arriving):
            let arrival = Arrival(radio: radio, connection: connection.id)
            events.append(
                .client(arrival, from: connection.tcp.remote, port: connection.tcp.local.port), for: radio)
        case (.connected, .open(let socket)): events.append(.connected(socket), for: radio)
        case (.acknowledged, .open(let socket)), (.acknowledged, .closed(let socket)):
            events.append(.acknowledged(socket), for: radio)
        case (.received, .open(let socket)): tellPayload(of: radio, at: place, socket)
        case (.finished, .open(let socket)): events.append(.finished(socket), for: radio)
        case (.reset, .open(let socket)):
            // What the module has not taken is lost.
            events.remove(.payload(socket), for: radio)
            events.append(.reset(socket), for: radio)
        case (.reset, .closed(let socket)), (.ended, .closed(let socket)):
            events.append(.closed(socket), for: radio)
        default: break
        }
    }

    private mutating func tellPayload(of radio: Air.Radio, at place: Int, _ socket: Socket) {
        guard !nodes[radio.number].connections[place].isPayloadTold else { return }
        nodes[radio.number].connections[place].isPayloadTold = true
        events.append(.payload(socket), for: radio)
    }
}
