import ATAir
import ATPrimitives

extension VirtualNetwork {
    /// What the agenda holds.
    enum Due: Sendable {
        /// A packet has come to the access point.
        case relay(Packet)
        /// A packet has come to a module.
        case deliver(Packet, to: Air.Radio)
        /// A connection may have something to do.
        case look(Air.Radio, ConnectionID)
    }

    mutating func perform(_ due: Due, air: Air) {
        switch due {
        case .relay(let packet): relay(packet, air: air)
        case .deliver(let packet, let radio):
            if isThere(radio, for: packet, air: air) { receive(packet, by: radio, air: air) }
        case .look(let radio, let id): look(at: id, of: radio, air: air)
        }
    }

    // What modules send.

    mutating func sendDatagram(
        _ bytes: Span<UInt8>, from port: UInt16, of radio: Air.Radio, to remote: Endpoint, air: Air
    ) {
        guard (1...Self.maximumDatagramSize).contains(bytes.count) else { return }
        let routes = RoutingTable(of: radio, in: air, hasStation: true)
        switch routes.route(to: remote.address) {
        case .virtual(let interface):
            guard let address = routes.attachment(of: interface)?.address else { return }
            let payload = bytes.withUnsafeBufferPointer { Array($0) }
            send(
                .datagram(payload), from: Endpoint(address: address, port: port), to: remote, of: radio, air: air)
        case .broadcast:
            let payload = bytes.withUnsafeBufferPointer { Array($0) }
            for interface in Interface.allCases where routes.isBroadcast(remote.address, on: interface) {
                guard let attachment = routes.attachment(of: interface), let address = attachment.address else {
                    continue
                }
                var packet = Packet(
                    number: nextNumber(), sender: radio, network: attachment.network,
                    source: Endpoint(address: address, port: port), destination: remote, content: .datagram(payload))
                packet.isBroadcast = true
                transmit(packet, over: interface, of: radio, air: air)
            }
        case .host, .nowhere: break
        }
    }

    mutating func sendEchoRequest(_ ping: Ping, of radio: Air.Radio, to address: IPv4Address, air: Air) {
        let routes = RoutingTable(of: radio, in: air, hasStation: true)
        guard case .virtual(let interface) = routes.route(to: address),
            let own = routes.attachment(of: interface)?.address
        else { return }
        let number = nextNumber()
        if nodes[radio.number].echoes.count == Self.maximumEchoes { nodes[radio.number].echoes.removeFirst() }
        nodes[radio.number].echoes.append(Node.Echo(number: number, ping: ping, sent: clock))
        send(
            .echoRequest(number), from: Endpoint(address: own, port: 0), to: Endpoint(address: address, port: 0),
            of: radio, air: air)
    }

    /// Sends a packet to one address. Where the way leads is asked anew for each: it is lost if none does.
    mutating func send(
        _ content: Packet.Content, from source: Endpoint, to destination: Endpoint, of radio: Air.Radio, air: Air
    ) {
        let routes = RoutingTable(of: radio, in: air, hasStation: true)
        guard case .virtual(let interface) = routes.route(to: destination.address) else { return }
        let isToItself = routes.interface(owning: destination.address) != nil
        let packet = Packet(
            number: nextNumber(), sender: radio, network: isToItself ? nil : routes.attachment(of: interface)?.network,
            source: source, destination: destination, content: content)
        if isToItself {
            schedule(.deliver(packet, to: radio), of: packet, at: clock)
        } else {
            transmit(packet, over: interface, of: radio, air: air)
        }
    }

    /// A station's packet crosses its way to the access point; a softAP is the access point.
    private mutating func transmit(_ packet: Packet, over interface: Interface, of radio: Air.Radio, air: Air) {
        switch interface {
        case .softAP: schedule(.relay(packet), of: packet, at: clock)
        case .station:
            let quality = air.linkQuality(of: radio)
            let arrival = nodes[radio.number].uplink.arrival(ofBytes: packet.byteCount, quality: quality, at: clock)
            if let arrival { schedule(.relay(packet), of: packet, at: arrival) }
        }
    }

    private mutating func schedule(_ due: Due, of packet: Packet, at time: Instant) {
        guard agenda.count < Self.maximumPackets else { return }
        agenda.insert(due, at: time, number: packet.number)
    }

    // What the access point does.

    private mutating func relay(_ packet: Packet, air: Air) {
        guard let network = packet.network else { return }
        guard !packet.isBroadcast else { return relayToAll(packet, in: network, air: air) }
        switch air.owner(of: packet.destination.address, in: network) {
        case .softAP(let radio): schedule(.deliver(packet, to: radio), of: packet, at: clock)
        case .station(let radio): sendDown(packet, to: radio, air: air)
        case .gateway, .scriptedStation: answer(packet, in: network)
        case nil: break
        }
    }

    private mutating func relayToAll(_ packet: Packet, in network: Network.ID, air: Air) {
        for accessPoint in air.accessPoints where accessPoint.network == network {
            if let radio = accessPoint.softAPOf, radio != packet.sender {
                schedule(.deliver(packet, to: radio), of: packet, at: clock)
            }
            for station in air.stations(of: accessPoint.id) {
                if let radio = station.radio, radio != packet.sender { sendDown(packet, to: radio, air: air) }
            }
        }
    }

    private mutating func sendDown(_ packet: Packet, to radio: Air.Radio, air: Air) {
        addNode(of: radio)
        let quality = air.linkQuality(of: radio)
        let arrival = nodes[radio.number].downlink.arrival(ofBytes: packet.byteCount, quality: quality, at: clock)
        if let arrival { schedule(.deliver(packet, to: radio), of: packet, at: arrival) }
    }

    /// What is no module answers ping and refuses TCP (inferred).
    private mutating func answer(_ packet: Packet, in network: Network.ID) {
        let content: Packet.Content
        switch packet.content {
        case .echoRequest(let number): content = .echoReply(number)
        case .segment(let segment):
            guard let refusal = segment.refusal else { return }
            content = .segment(refusal)
        case .datagram, .echoReply: return
        }
        let answer = Packet(
            number: nextNumber(), sender: nil, network: network, source: packet.destination,
            destination: packet.source, content: content)
        schedule(.relay(answer), of: answer, at: clock)
    }

    // What reaches a module.

    /// Whether the module still is where the packet was sent to.
    private func isThere(_ radio: Air.Radio, for packet: Packet, air: Air) -> Bool {
        let routes = RoutingTable(of: radio, in: air, hasStation: true)
        let address = packet.destination.address
        guard let network = packet.network else { return routes.interface(owning: address) != nil }
        return Interface.allCases.contains { interface in
            guard let attachment = routes.attachment(of: interface), attachment.network == network else { return false }
            return packet.isBroadcast || attachment.address == address
        }
    }

    private mutating func receive(_ packet: Packet, by radio: Air.Radio, air: Air) {
        addNode(of: radio)
        switch packet.content {
        case .segment(let segment): receive(segment, of: packet, by: radio, air: air)
        case .datagram(let payload): receiveDatagram(payload, of: packet, by: radio)
        case .echoRequest(let number):
            send(.echoReply(number), from: packet.destination, to: packet.source, of: radio, air: air)
        case .echoReply(let number): receiveEcho(number, by: radio)
        }
    }

    /// The socket that was opened first hears it (inferred: lwIP); without one it is lost.
    private mutating func receiveDatagram(_ payload: [UInt8], of packet: Packet, by radio: Air.Radio) {
        let port = packet.destination.port
        guard let place = nodes[radio.number].datagramSockets.firstIndex(where: { $0.port == port }) else { return }
        if nodes[radio.number].datagramSockets[place].receive(payload, from: packet.source) {
            events.append(.payload(nodes[radio.number].datagramSockets[place].socket), for: radio)
        }
    }

    private mutating func receiveEcho(_ number: UInt64, by radio: Air.Radio) {
        guard let place = nodes[radio.number].echoes.firstIndex(where: { $0.number == number }) else { return }
        let echo = nodes[radio.number].echoes.remove(at: place)
        events.append(.pong(echo.ping, milliseconds: Int((clock - echo.sent).milliseconds)), for: radio)
    }
}
