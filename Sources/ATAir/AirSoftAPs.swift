import ATPrimitives

extension Air {
    /// Puts a module's softAP on the air, changes it, or takes it off (nil). A change of its radio settings is a
    /// restart that its stations are lost by; a change of only its address or DHCP is none (shipped firmware, reference
    /// 2.12, 2.19): stations keep the address that they have until they ask again.
    public mutating func setSoftAP(_ settings: SoftAPSettings?, of radio: Radio, at now: Instant) {
        advance(to: now)
        let index = radio.number
        if let settings {
            if let old = stations[index].softAP, old.isSameRadio(as: settings), let place = softAPEntry(of: index) {
                stations[index].softAP = settings
                moveSoftAP(at: place, to: settings)
            } else {
                stopSoftAP(of: index)
                startSoftAP(of: index, settings)
            }
        } else {
            stopSoftAP(of: index)
        }
        settle()
    }

    /// A station that is no module joins a softAP at once, with the right password, and gets an address if there is
    /// one, which it keeps until it leaves.
    /// - Returns: false when there is no softAP, when it is full, or when a station with this MAC has joined already.
    @discardableResult
    public mutating func stationJoins(_ mac: MACAddress, softAPOf radio: Radio, at now: Instant) -> Bool {
        advance(to: now)
        guard let place = softAPEntry(of: radio.number) else { return false }
        let joined = stations(of: onAir[place].id)
        guard joined.count < Self.softAPCapacity, !joined.contains(where: { $0.mac == mac }) else { return false }
        let address = lease(to: mac, at: onAir[place])?.address ?? .any
        stations[radio.number].guests.append(JoinedStation(mac: mac, address: address, radio: nil))
        events.append(.stationJoined(mac, address), for: radio)
        return true
    }

    /// A station that came by `stationJoins` leaves.
    /// - Returns: false when it had not joined.
    @discardableResult
    public mutating func stationLeaves(_ mac: MACAddress, softAPOf radio: Radio, at now: Instant) -> Bool {
        advance(to: now)
        guard let place = softAPEntry(of: radio.number),
            let guest = stations[radio.number].guests.firstIndex(where: { $0.mac == mac })
        else { return false }
        stations[radio.number].guests.remove(at: guest)
        events.append(.stationLeft(mac), for: radio)
        releaseLease(of: mac, in: onAir[place].network)
        wakeStations(wanting: onAir[place].settings.ssid, after: .refused)
        settle()
        return true
    }

    /// The place of a module's softAP in `onAir`.
    func softAPEntry(of index: Int) -> Int? {
        stations[index].softAPEntry.flatMap { entry($0) }
    }

    /// All stations of an access point are lost. Modules look for it again, scripted stations have gone.
    mutating func evictStations(of id: AccessPoint.ID) {
        for index in stations.indices where stations[index].link.accessPoint == id {
            loseAssociation(of: index)
        }
        guard let place = entry(id), let owner = onAir[place].softAPOf else { return }
        for guest in stations[owner.number].guests {
            events.append(.stationLeft(guest.mac), for: owner)
        }
        stations[owner.number].guests.removeAll()
    }

    /// The stations that do not hear their access point any more are lost.
    mutating func evictStationsOutOfHearing(of id: AccessPoint.ID) {
        for index in stations.indices where stations[index].link.accessPoint == id {
            guard let place = entry(id), signal(of: onAir[place], at: index) == nil else { continue }
            loseAssociation(of: index)
        }
    }

    /// A module has one radio: on whatever channel its station is, its softAP is too, and stays there when the station
    /// leaves (inferred). The stations of the softAP follow, and the softAPs of those.
    mutating func tuneSoftAP(of index: Int, to channel: UInt8) {
        guard let place = softAPEntry(of: index), onAir[place].settings.channel != channel else { return }
        onAir[place].settings.channel = channel
        for follower in stations.indices where stations[follower].link.accessPoint == onAir[place].id {
            tuneSoftAP(of: follower, to: channel)
        }
    }

    /// Its network goes with it, so that the next one's leases begin anew.
    mutating func stopSoftAP(of index: Int) {
        guard let place = softAPEntry(of: index) else { return }
        evictStations(of: onAir[place].id)
        stations[index].softAP = nil
        stations[index].softAPEntry = nil
        let stopped = onAir.remove(at: place)
        networks.removeAll { $0.id == stopped.network }
        wakeStations(wanting: stopped.settings.ssid)
    }

    private mutating func startSoftAP(of index: Int, _ settings: SoftAPSettings) {
        let network = Network(
            id: Network.ID(number: nextIdentifier()), ssid: settings.ssid, isAutomatic: false, isOfSoftAP: true,
            subnet: settings.subnet, gateway: settings.address)
        networks.append(network)
        let id = AccessPoint.ID(number: nextIdentifier())
        stations[index].softAP = settings
        stations[index].softAPEntry = id
        let channel = attachedEntry(of: index).map { onAir[$0].settings.channel } ?? settings.channel
        onAir.append(
            ActiveAccessPoint(
                id: id, settings: settings.accessPoint(channel: channel, position: stations[index].radio.position),
                bssid: settings.bssid, network: network.id, subnet: network.subnet, gateway: network.gateway,
                softAPOf: radio(index)))
        wakeStations(wanting: settings.ssid)
    }

    private mutating func moveSoftAP(at place: Int, to settings: SoftAPSettings) {
        let old = onAir[place].settings
        onAir[place].settings = settings.accessPoint(channel: old.channel, position: old.position)
        onAir[place].subnet = settings.subnet
        onAir[place].gateway = settings.address
        guard let network = self.place(onAir[place].network) else { return }
        networks[network].subnet = settings.subnet
        networks[network].gateway = settings.address
        networks[network].leases.keepOnly(in: settings.subnet)
        offerLeases(in: networks[network].id)
    }
}

extension SoftAPSettings {
    /// The block around the softAP's own address.
    var subnet: Subnet { Subnet(ofSoftAP: address) }

    /// The softAP as an access point like any other, on the channel and in the place of its module's radio.
    func accessPoint(channel: UInt8, position: Position?) -> AccessPoint {
        var accessPoint = AccessPoint(
            ssid: ssid, bssid: bssid, channel: channel, rssi: Air.softAPSignal, security: security, password: password,
            subnet: subnet, leases: dhcp ? .range(pool) : .none, uplink: .none, capacity: Air.softAPCapacity)
        accessPoint.position = position
        accessPoint.leaseTime = Air.softAPLeaseTime
        return accessPoint
    }

    /// 100 addresses from .2 on, or for an own address from .128 on, the 100 below it (shipped firmware, reference
    /// 4.1).
    var pool: ClosedRange<IPv4Address> {
        let host = address.value & 0xFF
        let first = host < 128 ? subnet.address(at: 2) : IPv4Address(value: address.value - 100)
        return first...IPv4Address(value: first.value + 99)
    }

    /// Whether stations do not notice the change from `other`.
    func isSameRadio(as other: SoftAPSettings) -> Bool {
        ssid == other.ssid && password == other.password && channel == other.channel && security == other.security
            && bssid == other.bssid
    }
}
