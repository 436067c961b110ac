import ATPrimitives

/// The station: which access point it wants, how far it has come, and its address (reference 2.9, 4.2).
struct Station: Sendable {
    /// How far the station has come, in the words of the SDK; the raw value is the code of a failed join.
    enum State: Int, Sendable {
        case idle = 0
        case connecting = 1
        case wrongPassword = 2
        case noAccessPoint = 3
        case failed = 4
        case online = 5
    }

    var state = State.idle
    /// The configured network, also when joining it has failed.
    var ssid: [UInt8]
    var password: [UInt8]
    var mac: MACAddress
    var address = IPv4Address.any
    /// AT+CWDHCP: whether the address is leased.
    var usesDHCP: Bool
    var autoConnects: Bool
    /// How often AT+CWJAP has looked; nil while no join is awaited.
    var looks: Int?
    /// AT+CWLAP waits for a scan.
    var isScanning = false

    var hasAddress: Bool { address != .any }
    var isIdle: Bool { state == .idle }
    var fixedAddress: IPv4Address? { usesDHCP ? nil : address }
}

extension Engine {
    /// AT+CWJAP=: leaves, stores, joins; the answer comes at one of seven looks.
    mutating func join(_ ssid: [UInt8], _ password: [UInt8]) -> Outcome {
        stopStation()
        session.links.status = 5
        session.station.ssid = ssid
        session.station.password = password
        storeSystemParameters()
        session.station.looks = 0
        session.timers.start(.joinLook, at: now + delays.firstLook)
        startJoining()
        return .pending
    }

    /// The radio is told to join and to stay joined.
    mutating func startJoining() {
        session.station.state = .connecting
        effects.append(
            .join(
                JoinRequest(
                    ssid: session.station.ssid, password: session.station.password, mac: session.station.mac,
                    address: session.station.fixedAddress)))
    }

    /// The station leaves its network; a leased address goes with it, a fixed one stays (inferred).
    mutating func stopStation() {
        effects.append(.leave)
        session.station.state = .idle
        if session.station.usesDHCP { session.station.address = .any }
    }

    /// The radio says how far it has come.
    mutating func stationProgressed(_ progress: StationProgress) {
        guard !session.station.isIdle else { return }
        var isSettled = true
        switch progress {
        case .associated:
            let isFixed = !session.station.usesDHCP && session.station.hasAddress
            session.station.state = isFixed ? .online : .connecting
            isSettled = session.station.state == .online
            if isSettled { session.links.wasOpenSinceAddress = session.links.enabledCount > 0 }
        case .leased(let address, _, _):
            guard session.station.usesDHCP else { return }
            session.station.address = address
            session.station.state = .online
            session.links.wasOpenSinceAddress = session.links.enabledCount > 0
        case .unleased: session.station.state = .connecting
        case .wrongPassword: session.station.state = .wrongPassword
        case .notFound: session.station.state = .noAccessPoint
        case .refused: session.station.state = .failed
        case .lost:
            session.station.state = .connecting
            if session.station.usesDHCP { session.station.address = .any }
            isSettled = false
        }
        if isSettled && delays.looksAtOnce && session.station.looks != nil { endJoin() }
    }

    /// One of the seven looks at a join (reference 2.9).
    mutating func lookAtJoin() {
        guard let looks = session.station.looks else { return }
        session.station.looks = looks + 1
        let isOnline = session.station.state == .online && session.station.hasAddress
        if isOnline || looks + 1 == Delays.looks {
            endJoin()
        } else {
            session.timers.start(.joinLook, at: now + delays.look)
        }
    }

    private mutating func endJoin() {
        session.station.looks = nil
        session.timers.stop(.joinLook)
        let state = session.station.state
        if state == .online && session.station.hasAddress { return finish(.ok) }
        stopStation()
        guard firmware.policy.joinFailure == .code else { return finish(.error) }
        line("+CWJAP:", state.rawValue)
        put("\r\nFAIL\r\n")
        finish(.silent)
    }

    /// AT+CWQAP.
    mutating func leaveNetwork() {
        stopStation()
        session.links.status = 5
    }

    /// AT+CWLAP: the radio scans, the parser is busy.
    mutating func scan(_ filter: ScanFilter) -> Outcome {
        session.station.isScanning = true
        guard session.mode.hasStation else {
            scanEnded(nil)
            return .pending
        }
        effects.append(.scan(filter))
        return .pending
    }

    /// What the scan has found; nil if the radio refused.
    mutating func scanEnded(_ found: [ScannedAccessPoint]?) {
        guard session.station.isScanning else { return }
        session.station.isScanning = false
        guard let found else {
            // Quirk: the shipped firmware never answers (bug scan-refused).
            if !options.bugs.contains(.scanRefused) { finish(.error) }
            return
        }
        for accessPoint in found { putScanned(accessPoint) }
        finish(.ok)
    }

    private mutating func putScanned(_ accessPoint: ScannedAccessPoint) {
        let isParenthesised = firmware.policy.scanLine == .parenthesised
        put(isParenthesised ? "+CWLAP:(" : "+CWLAP:")
        Int(accessPoint.security.rawValue).print(to: &self)
        putField(Quoted(accessPoint.ssid))
        putField(Int(accessPoint.rssi))
        putField(Quoted(accessPoint.bssid))
        putField(Int(accessPoint.channel))
        line(isParenthesised ? ")" : "")
    }

    /// AT+CIPSTA=: a fixed address ends DHCP.
    mutating func setStationAddress(_ address: IPv4Address) {
        session.station.usesDHCP = false
        session.station.address = address
        storeAddress(address, at: UserParameters.stationAddress)
        effects.append(.stationAddress(address))
    }

    /// AT+CWDHCP for the station; false if there is no station now.
    mutating func setStationDHCP(_ isOn: Bool) -> Bool {
        guard session.mode.hasStation else { return false }
        guard isOn != session.station.usesDHCP else { return true }
        session.station.usesDHCP = isOn
        if isOn {
            session.station.address = .any
        } else if let stored = userParameters.stationAddress {
            session.station.address = stored
        }
        effects.append(.stationAddress(session.station.fixedAddress))
        return true
    }

    /// AT+CIPSTAMAC=: a different MAC restarts the station, if there is one (reference 2.16).
    mutating func setStationMAC(_ mac: MACAddress) {
        storeUserParameters(at: UserParameters.stationMAC, mac)
        guard session.mode.hasStation, mac != session.station.mac else { return }
        let wasJoining = !session.station.isIdle
        stopStation()
        session.station.mac = mac
        if wasJoining { startJoining() }
    }
}
