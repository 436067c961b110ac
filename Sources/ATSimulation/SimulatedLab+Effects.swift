import ATAir
import ATEngine
import ATPrimitives
import ATWorld

extension SimulatedLab {
    /// Hands what a module has asked for to the air, the network and its world. All effects of a call are fetched first,
    /// since their payload lies in the engine until the next call.
    mutating func performEffects(of index: Int) {
        guard modules[index].engine.hasEffects else { return }
        var effects: [(effect: Effect, payload: [UInt8])] = []
        while let effect = modules[index].engine.nextEffect() {
            effects.append((effect, modules[index].payload(of: effect)))
        }
        for (effect, payload) in effects { perform(effect, payload, of: index) }
    }

    private mutating func perform(_ effect: Effect, _ payload: [UInt8], of index: Int) {
        if let request = ModuleRequest(effect, payload) { modules[index].record(request) }
        switch effect {
        case .resolve(let lookup, _): modules[index].world.resolve(lookup, name: payload)
        case .connect, .open, .send, .close, .abort, .release: performOnLink(effect, payload, of: index)
        case .listen(let port): listen(onPort: port, of: index)
        case .unlisten(let port): stopListening(onPort: port, of: index)
        case .ping(let ping, let address): self.ping(ping, address, of: index)
        case .scan, .join, .leave, .stationAddress, .softAP, .radioOff: performOnAir(effect, of: index)
        // The engine keeps its flash, and bytes have no form here.
        case .line, .erase, .write: break
        case .restart, .sleep: losePower(of: index)
        }
    }

    private mutating func performOnLink(_ effect: Effect, _ payload: [UInt8], of index: Int) {
        switch effect {
        case .connect(let link, let socket, let remote, let localPort):
            modules[index].sockets[link] = socket
            connect(socket, to: remote, from: localPort, of: index)
        case .open(let link, let socket, _, let localPort):
            modules[index].sockets[link] = socket
            open(socket, port: localPort, of: index)
        case .send(_, let socket, _, let remote): send(payload, on: socket, to: remote, of: index)
        case .close(_, let socket): close(socket, of: index)
        case .abort(_, let socket): abort(socket, of: index)
        case .release(_, let socket): release(socket, of: index)
        default: break
        }
    }

    private mutating func performOnAir(_ effect: Effect, of index: Int) {
        let radio = modules[index].radio
        switch effect {
        case .scan(let filter): air.scan(filter, by: radio, at: now)
        case .join(let request): air.join(request, by: radio, at: now)
        case .leave: air.leave(radio, at: now)
        case .stationAddress(let address): air.setAddress(address, of: radio, at: now)
        case .softAP(let settings): air.setSoftAP(settings, of: radio, at: now)
        case .radioOff: air.powerOff(radio, at: now)
        default: break
        }
    }

    /// Everything that the chip held outside itself is gone: associations, softAP, connections, servers. Far ends in the
    /// network hear nothing of it.
    mutating func losePower(of index: Int) {
        air.powerOff(modules[index].radio, at: now)
        modules[index].world.moduleIsGone()
        modules[index].sockets = [Socket?](repeating: nil, count: SimulatedModule.linkCount)
        modules[index].waiting = []
        if hasNetwork { network.releaseAll(of: modules[index].radio, at: now, air: air) }
    }
}

extension SimulatedModule {
    fileprivate func payload(of effect: Effect) -> [UInt8] {
        switch effect {
        case .resolve(_, let payload), .send(_, _, let payload, _):
            return engine.withPayload(payload) { span in span.withUnsafeBufferPointer { Array($0) } }
        default: return []
        }
    }
}

extension ModuleRequest {
    /// Nil for effects that have no request.
    fileprivate init?(_ effect: Effect, _ payload: [UInt8]) {
        switch effect {
        case .resolve: self = .resolve(name: payload)
        case .connect(let link, _, let endpoint, _): self = .connect(link, .tcp, endpoint)
        case .open(let link, _, let endpoint, _): self = .connect(link, .udp, endpoint)
        case .send(let link, _, _, _): self = .send(link, payload)
        case .close(let link, _): self = .close(link)
        case .listen(let port): self = .listen(port: port)
        case .unlisten(let port): self = .unlisten(port: port)
        case .ping(_, let address): self = .ping(address)
        case .scan: self = .scan
        case .join(let request): self = .join(ssid: request.ssid)
        case .leave: self = .leave
        case .line(let settings): self = .baud(settings.baud)
        case .restart: self = .restart
        case .sleep(let length): self = .sleep(length)
        case .abort, .release, .stationAddress, .softAP, .radioOff, .erase, .write: return nil
        }
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
