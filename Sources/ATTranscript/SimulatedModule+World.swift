import ATAir
import ATEngine
import ATPrimitives
import ATWorld

extension SimulatedModule {
    /// Lets the world act as a `!` line says, and brings everything to rest.
    /// - Throws: `ScriptFailure` if it cannot act so.
    mutating func perform(_ action: WorldAction) throws(ScriptFailure) {
        switch action {
        case .accessPoint(let ssid, let properties): try setAccessPoint(ssid, properties)
        case .accessPointGone(let ssid): try removeAccessPoint(ssid)
        case .stationJoins(let mac):
            // A softAP that is full refuses without a word; one that is not there is a slip of the script.
            guard air.stationJoins(mac, softAPOf: radio, at: now) || air.softAPNetwork(of: radio) != nil
            else { throw .stationRefused }
        case .stationLeaves(let mac):
            guard air.stationLeaves(mac, softAPOf: radio, at: now) else { throw .stationUnknown }
        case .name(let name, let answer): world.setAnswer(answer, for: name)
        case .peer(let endpoint, let behavior): world.setPeer(endpoint, behavior)
        case .link(let link, let action): try perform(action, onLink: link)
        case .client(let client, let port): connect(client, toPort: port)
        case .datagram(let link, let sender, let bytes): try sendDatagram(bytes, from: sender, toLink: link)
        case .power(let event): perform(event)
        case .flashErased: erasesFlashAtPowerOn = true
        }
        try settle()
    }

    // MARK: The air

    private mutating func setAccessPoint(
        _ ssid: [UInt8], _ properties: [AccessPointProperty]
    ) throws(ScriptFailure) {
        do {
            if let known = accessPoints.first(where: { $0.ssid == ssid && isMeant($0.id, by: properties) }) {
                try air.update(known.id, at: now) { $0.apply(properties) }
            } else {
                var accessPoint = AccessPoint(ssid: ssid)
                accessPoint.apply(properties)
                accessPoints.append((ssid, try air.add(accessPoint, at: now)))
            }
        } catch {
            throw .accessPoint(error)
        }
    }

    /// A line with another BSSID describes another access point of the same name.
    private func isMeant(_ id: AccessPoint.ID, by properties: [AccessPointProperty]) -> Bool {
        for case .bssid(let bssid) in properties {
            return air.accessPoints.contains { $0.id == id && $0.bssid == bssid }
        }
        return true
    }

    private mutating func removeAccessPoint(_ ssid: [UInt8]) throws(ScriptFailure) {
        let gone = accessPoints.filter { $0.ssid == ssid }
        guard !gone.isEmpty else { throw .accessPoint(.unknownAccessPoint) }
        accessPoints.removeAll { $0.ssid == ssid }
        do {
            for accessPoint in gone { try air.remove(accessPoint.id, at: now) }
        } catch {
            throw .accessPoint(error)
        }
    }

    // MARK: Peers

    private mutating func perform(_ action: PeerAction, onLink link: LinkID) throws(ScriptFailure) {
        guard let socket = sockets[link] else { throw .noConnection(link) }
        do {
            try world.perform(action, on: socket)
        } catch {
            throw ScriptFailure(error, link)
        }
    }

    private mutating func sendDatagram(
        _ bytes: [UInt8], from sender: Endpoint, toLink link: LinkID
    ) throws(ScriptFailure) {
        guard let socket = sockets[link] else { throw .noConnection(link) }
        do {
            try world.sendDatagram(bytes, to: socket, from: sender)
        } catch {
            throw ScriptFailure(error, link)
        }
    }

    /// Nobody listens: the client is refused, and the module never hears of it. Else the module may still close it.
    private mutating func connect(_ client: Endpoint, toPort port: UInt16) {
        guard world.isListening(onPort: port), let socket = engine.accept(from: client, onPort: port, at: now) else {
            return
        }
        world.admit(client, on: socket)
        if let link = engine.link(of: socket) { sockets[link] = socket }
    }

    // MARK: Power

    private mutating func perform(_ event: PowerEvent) {
        if event != .on { losePower() }
        if erasesFlashAtPowerOn, event == .on || event == .cycle {
            engine.eraseFlash()
            erasesFlashAtPowerOn = false
        }
        engine.handle(.power(event), at: now)
    }
}

extension ScriptFailure {
    fileprivate init(_ error: WorldError, _ link: LinkID) {
        self =
            switch error {
            case .notConnected: .noConnection(link)
            case .alreadyClosed: .peerHasClosed(link)
            case .tooMuchPending: .tooMuchPending(link)
            }
    }
}

extension AccessPoint {
    /// Sets what the script mentions. An access point with a password is WPA2 unless the script says otherwise.
    fileprivate mutating func apply(_ properties: [AccessPointProperty]) {
        for property in properties {
            switch property {
            case .password(let password):
                self.password = password
                if security == .open { security = .wpa2 }
            case .security: break
            case .channel(let channel): self.channel = channel
            case .rssi(let rssi): self.rssi = rssi
            case .bssid(let bssid): self.bssid = bssid
            case .noLeases: leases = .none
            }
        }
        for case .security(let security) in properties { self.security = security }
    }
}
