import ATPrimitives

// How the station joins, scans and leaves, and what its address is (reference 2.9, 2.10, 2.14 to 2.18).
extension Engine {
    /// AT+CWJAP=: leaves, stores, joins; the answer comes at one of seven looks.
    mutating func join(_ ssid: [UInt8], _ password: [UInt8]) -> Outcome {
        leaveNetwork()
        session.station.configure(ssid, password)
        storeSystemParameters()
        session.station.awaitJoin()
        session.timers.start(.joinLook, at: now + delays.firstLook)
        startJoining()
        return .pending
    }

    /// The radio is told to join and to stay joined.
    mutating func startJoining() {
        session.station.start()
        effects.append(
            .join(
                JoinRequest(
                    ssid: session.station.ssid, password: session.station.password, mac: session.station.mac,
                    address: session.station.fixedAddress)))
    }

    mutating func stopStation() {
        effects.append(.leave)
        session.station.stop()
    }

    /// The radio says how far it has come.
    mutating func stationProgressed(_ progress: StationProgress) {
        switch session.station.progressed(progress) {
        case .none, .underWay: return
        case .online: session.links.stationIsOnline()
        case .failed: break
        }
        if delays.looksAtOnce && session.station.isAwaited { endJoin() }
    }

    /// One of the seven looks at a join (reference 2.9).
    mutating func lookAtJoin() {
        if session.station.look() {
            endJoin()
        } else if session.station.isAwaited {
            session.timers.start(.joinLook, at: now + delays.look)
        }
    }

    private mutating func endJoin() {
        session.station.endLooking()
        session.timers.stop(.joinLook)
        if session.station.isOnline { return finish(.ok) }
        let state = session.station.state
        stopStation()
        guard firmware.policy.joinFailure == .code else { return finish(.error) }
        line("+CWJAP:", state.rawValue)
        put("\r\nFAIL\r\n")
        finish(.silent)
    }

    /// AT+CWQAP.
    mutating func leaveNetwork() {
        stopStation()
        session.links.stationHasLeft()
    }

    /// AT+CWLAP: the radio scans, the parser is busy.
    mutating func scan(_ filter: ScanFilter) -> Outcome {
        session.station.startScanning()
        guard session.mode.hasStation else {
            scanEnded(nil)
            return .pending
        }
        effects.append(.scan(filter))
        return .pending
    }

    /// What the scan has found; nil if the radio refused.
    mutating func scanEnded(_ found: [ScannedAccessPoint]?) {
        guard session.station.endScanning() else { return }
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

    /// AT+CIPSTA=.
    mutating func setStationAddress(_ address: IPv4Address) {
        session.station.fix(address)
        storeAddress(address, at: UserParameters.stationAddress)
        effects.append(.stationAddress(address))
    }

    /// AT+CWDHCP for the station; false if there is no station now.
    mutating func setStationDHCP(_ isOn: Bool) -> Bool {
        guard session.mode.hasStation else { return false }
        guard isOn != session.station.usesDHCP else { return true }
        session.station.setDHCP(isOn, stored: userParameters.stationAddress)
        effects.append(.stationAddress(session.station.fixedAddress))
        return true
    }

    /// AT+CIPSTAMAC=: a different MAC restarts the station, if there is one (reference 2.16).
    mutating func setStationMAC(_ mac: MACAddress) {
        storeUserParameters(at: UserParameters.stationMAC, mac)
        guard session.mode.hasStation, mac != session.station.mac else { return }
        let wasJoining = !session.station.isIdle
        stopStation()
        session.station.setMAC(mac)
        if wasJoining { startJoining() }
    }
}
