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

    /// Ends the wish to be joined; nothing is told. The lease is kept for the station's MAC as long as others are left
    /// and its time is not over.
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
            if stations[index].listedAddress == nil { list(index, address: .any, at: accessPoint) }
        }
        settle()
    }

    /// The module has lost its power or was reset: its scan, its station and its softAP are gone, its lease is free,
    /// and what it was not told yet it never hears.
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
        case .look: look(index)
        case .enter(let id): enter(index, id)
        case .askForLease(let id): grantLease(index, at: id)
        case .renewLease(let id, let address): renewLease(index, of: address, at: id)
        case .endLease(let id): endLease(index, at: id)
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
        if stations[index].listedAddress != nil, let owner = onAir[place].softAPOf {
            events.append(.stationLeft(request.mac), for: owner)
        }
        stations[index].listedAddress = nil
        releaseLease(of: index, at: id)
        wakeStations(wanting: onAir[place].settings.ssid, after: .refused)
    }

    /// A station's access point is gone or out of hearing: it looks for one of that name.
    mutating func loseAssociation(of index: Int) {
        endAssociation(of: index)
        stations[index].link.search(at: clock + stations[index].delays.rescan)
        events.append(.station(.lost), for: radio(index))
    }

    /// Tells the module whose softAP this is, if it is one, which address a station has, unless it knows.
    mutating func list(_ index: Int, address: IPv4Address, at id: AccessPoint.ID) {
        guard let place = entry(id), let owner = onAir[place].softAPOf, let request = stations[index].link.request,
            stations[index].listedAddress != address
        else { return }
        stations[index].listedAddress = address
        events.append(.stationJoined(request.mac, address), for: owner)
    }

    private mutating func look(_ index: Int) {
        guard let ssid = stations[index].link.request?.ssid else { return }
        var strongest: (id: AccessPoint.ID, signal: Int8)?
        var hasFaded = false
        for accessPoint in onAir where accessPoint.settings.ssid == ssid {
            guard let steady = signal(of: accessPoint, at: index) else { continue }
            guard let signal = faded(accessPoint, from: steady, at: index) else {
                hasFaded = true
                continue
            }
            if signal > strongest?.signal ?? .min { strongest = (accessPoint.id, signal) }
        }
        let delays = stations[index].delays
        if let strongest {
            stations[index].link.found(strongest.id, handshakeUntil: clock + delays.authenticate + delays.associate)
        } else {
            // Another look may find what has faded away, with nothing changed.
            fail(index, .notFound, nextLook: hasFaded ? clock + delays.rescanAfterFading : nil)
        }
    }

    private mutating func enter(_ index: Int, _ id: AccessPoint.ID) {
        guard let request = stations[index].link.request else { return }
        guard let place = entry(id), onAir[place].settings.ssid == request.ssid,
            signal(of: onAir[place], at: index) != nil
        else { return stations[index].link.search(at: clock) }
        guard onAir[place].settings.accepts(password: request.password) else { return fail(index, .wrongPassword) }
        guard stationCount(of: onAir[place]) < onAir[place].settings.capacity else { return fail(index, .refused) }
        stations[index].link.associate(id, answer: clock + leaseDelay(of: index))
        events.append(.station(.associated), for: radio(index))
        tuneSoftAP(of: index, to: onAir[place].settings.channel)
        if request.address != nil { list(index, address: .any, at: id) }
    }

    private mutating func fail(_ index: Int, _ failure: StationProgress, nextLook: Instant? = nil) {
        guard stations[index].link.fail(failure, at: clock, nextLook: nextLook) else { return }
        events.append(.station(failure), for: radio(index))
    }
}
