import ATAir
import ATEngine
import ATPrimitives
import ATWorld

extension SimulatedModule {
    /// Hands what the module has asked for to the air and the world. All effects of a call are fetched first, since
    /// their payload lies in the engine until the next call.
    mutating func performEffects() {
        var effects: [(effect: Effect, payload: [UInt8])] = []
        while let effect = engine.nextEffect() { effects.append((effect, payload(of: effect))) }
        for (effect, payload) in effects { perform(effect, payload) }
    }

    private func payload(of effect: Effect) -> [UInt8] {
        switch effect {
        case .resolve(_, let payload), .send(_, _, let payload, _):
            return engine.withPayload(payload) { span in span.indices.map { span[$0] } }
        default: return []
        }
    }

    private mutating func perform(_ effect: Effect, _ payload: [UInt8]) {
        switch effect {
        case .resolve(let lookup, _):
            requests.append(.resolve(name: payload))
            world.resolve(lookup, name: payload)
        case .connect, .open, .send, .close, .abort, .release: performOnLink(effect, payload)
        case .listen(let port):
            requests.append(.listen(port: port))
            world.listen(onPort: port)
        case .unlisten(let port):
            requests.append(.unlisten(port: port))
            world.stopListening(onPort: port)
        case .ping(let ping, let address):
            requests.append(.ping(address))
            world.ping(ping, address)
        case .scan, .join, .leave, .stationAddress, .softAP, .radioOff: performOnAir(effect)
        case .line(let settings): requests.append(.baud(settings.baud))
        // The engine keeps its flash; nobody here wants a file of it.
        case .erase, .write: break
        case .restart:
            requests.append(.restart)
            losePower()
        case .sleep(let length):
            requests.append(.sleep(length))
            losePower()
        }
    }

    private mutating func performOnLink(_ effect: Effect, _ payload: [UInt8]) {
        switch effect {
        case .connect(let link, let socket, let endpoint, _):
            requests.append(.connect(link, .tcp, endpoint))
            sockets[link] = socket
            world.connect(socket, to: endpoint)
        case .open(let link, let socket, let endpoint, _):
            requests.append(.connect(link, .udp, endpoint))
            sockets[link] = socket
            world.openDatagramSocket(socket)
        case .send(let link, let socket, _, _):
            requests.append(.send(link, payload))
            world.send(byteCount: payload.count, on: socket)
        case .close(let link, let socket):
            requests.append(.close(link))
            world.close(socket)
        case .abort(_, let socket), .release(_, let socket): world.forget(socket)
        default: break
        }
    }

    private mutating func performOnAir(_ effect: Effect) {
        switch effect {
        case .scan(let filter):
            requests.append(.scan)
            air.scan(filter, by: radio, at: now)
        case .join(let request):
            requests.append(.join(ssid: request.ssid))
            air.join(request, by: radio, at: now)
        case .leave:
            requests.append(.leave)
            air.leave(radio, at: now)
        case .stationAddress(let address): air.setAddress(address, of: radio, at: now)
        case .softAP(let settings): air.setSoftAP(settings, of: radio, at: now)
        case .radioOff: air.powerOff(radio, at: now)
        default: break
        }
    }

    /// Everything that the chip held outside itself is gone: associations, softAP, connections, servers.
    mutating func losePower() {
        air.powerOff(radio, at: now)
        world.moduleIsGone()
        sockets = [Socket?](repeating: nil, count: Self.linkCount)
    }
}

extension Event {
    init(_ event: WorldEvent) {
        self =
            switch event {
            case .resolved(let lookup, let address): .resolved(lookup, address)
            case .connected(let socket): .connected(socket)
            case .reset(let socket): .reset(socket)
            case .acknowledged(let socket): .acknowledged(socket)
            case .finished(let socket): .finished(socket)
            case .closed(let socket): .closed(socket)
            case .pong(let ping, let milliseconds): .pong(ping, milliseconds: milliseconds)
            }
    }

    init(_ event: AirEvent) {
        self =
            switch event {
            case .scanned(let accessPoints): .scanned(accessPoints)
            case .scanRefused: .scanRefused
            case .station(let progress): .station(progress)
            case .stationJoined(let mac, let address): .stationJoined(mac, address)
            case .stationLeft(let mac): .stationLeft(mac)
            }
    }
}
