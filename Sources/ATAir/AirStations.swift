import ATPrimitives

extension Air {
    /// Joins an access point, or softAP of another module, and stays joined until `leave`: a missing one is looked for,
    /// a lost one is joined again. `AirEvent.station` tells how it goes. An earlier association ends without a word.
    public mutating func join(_ request: JoinRequest, by radio: Radio, at now: Instant) {
        advance(to: now)
        endAssociation(of: radio.number)
        stations[radio.number].link.join(request, look: clock + stations[radio.number].delays.find)
        settle()
    }

    /// Ends the wish to be joined; nothing is told. The lease is kept for the station's MAC as long as others are left.
    public mutating func leave(_ radio: Radio, at now: Instant) {
        advance(to: now)
        endAssociation(of: radio.number)
        stations[radio.number].link.leave()
        settle()
    }

    /// The station's address becomes fixed, or leased.
    /// - Parameters:
    ///   - address: fixed from now on, and no longer leased; nil: a lease is asked for, again if there was one. Neither
    ///     changes the association.
    ///   - radio: whose station.
    ///   - now: the time.
    public mutating func setAddress(_ address: IPv4Address?, of radio: Radio, at now: Instant) {
        advance(to: now)
        let index = radio.number
        let answer = clock + leaseDelay(of: index)
        stations[index].link.setAddress(address, answer: answer)
        if address != nil, let accessPoint = stations[index].link.accessPoint {
            releaseLease(of: index, at: accessPoint)
            if !stations[index].isListed { list(index, address: .any, at: accessPoint) }
        }
        settle()
    }

    /// The module has lost its power or was reset: its scan, its station and its softAP are gone, its lease is free, and
    /// what it was not told yet it never hears.
    public mutating func powerOff(_ radio: Radio, at now: Instant) {
        advance(to: now)
        endAssociation(of: radio.number)
        stations[radio.number].link.leave()
        stations[radio.number].scan = nil
        stopSoftAP(of: radio.number)
        settle()
        events.removeAll(for: radio)
    }

    /// Does what the link's timer says.
    mutating func takeStep(of index: Int) {
        switch stations[index].link.dueStep(at: clock) {
        case .look(let request): look(index, for: request)
        case .enter(let request, let id): enter(index, request, id)
        case .askForLease(let request, let id): grantLease(index, request, id)
        case nil: break
        }
    }

    /// Those that wait for an access point of this name look again.
    /// - Parameter failure: only those that failed like this; nil means all.
    mutating func wakeStations(wanting ssid: [UInt8], after failure: StationProgress? = nil) {
        for index in stations.indices {
            let rescan = stations[index].delays.rescan
            stations[index].link.wake(ssid: ssid, after: failure, rescan: rescan, at: clock)
        }
    }

    /// The association ends, if there is one, and what it held is free for others. The link's state is the caller's.
    mutating func endAssociation(of index: Int) {
        guard let id = stations[index].link.accessPoint, let place = entry(id),
            let request = stations[index].link.request
        else { return }
        if stations[index].isListed, let owner = onAir[place].softAPOf {
            events.append(.stationLeft(request.mac), for: owner)
        }
        stations[index].isListed = false
        releaseLease(of: index, at: id)
        wakeStations(wanting: onAir[place].settings.ssid, after: .refused)
    }

    /// Tells the module whose softAP this is, if it is one, which address a station has.
    mutating func list(_ index: Int, address: IPv4Address, at id: AccessPoint.ID) {
        guard let place = entry(id), let owner = onAir[place].softAPOf, let request = stations[index].link.request
        else { return }
        stations[index].isListed = true
        events.append(.stationJoined(request.mac, address), for: owner)
    }

    private mutating func look(_ index: Int, for request: JoinRequest) {
        var strongest: (id: AccessPoint.ID, signal: Int8)?
        for accessPoint in onAir where accessPoint.settings.ssid == request.ssid {
            guard let signal = signal(of: accessPoint, at: index), signal > strongest?.signal ?? .min else { continue }
            strongest = (accessPoint.id, signal)
        }
        if let strongest {
            let delays = stations[index].delays
            stations[index].link.found(strongest.id, handshakeUntil: clock + delays.authenticate + delays.associate)
        } else {
            fail(index, .notFound)
        }
    }

    private mutating func enter(_ index: Int, _ request: JoinRequest, _ id: AccessPoint.ID) {
        guard let place = entry(id), onAir[place].settings.ssid == request.ssid,
            signal(of: onAir[place], at: index) != nil
        else { return stations[index].link.search(at: clock) }
        let settings = onAir[place].settings
        guard settings.accepts(password: request.password) else { return fail(index, .wrongPassword) }
        guard stations(of: id).count < settings.capacity else { return fail(index, .refused) }
        stations[index].link.associate(request, id, answer: clock + leaseDelay(of: index))
        events.append(.station(.associated), for: radio(index))
        if request.address != nil { list(index, address: .any, at: id) }
    }

    private mutating func fail(_ index: Int, _ failure: StationProgress) {
        guard stations[index].link.fail(failure, at: clock) else { return }
        events.append(.station(failure), for: radio(index))
    }
}
