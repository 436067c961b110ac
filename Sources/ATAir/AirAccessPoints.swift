import ATPrimitives

extension Air {
    /// All that is on the air, softAPs too, in the order in which they went on the air.
    public var accessPoints: [ActiveAccessPoint] { onAir }

    /// Puts an access point on the air. The n-th without a subnet gets 10.77.n.0/24, n from 1, without those that are
    /// taken; one that comes back under the same SSID gets the subnet that it had, and its stations their addresses.
    /// Those that look for it find it.
    /// - Parameters:
    ///   - accessPoint: its description. A subnet of its own does not overlap with another's, unless SSID and subnet
    ///     are the same: then the two are one network. The networks of softAPs do not count: all have the same subnet.
    ///   - now: the time.
    /// - Returns: its number.
    /// - Throws: when a value is out of range, the BSSID or the subnet is taken, or there are `maximumAccessPoints`.
    public mutating func add(
        _ accessPoint: AccessPoint, at now: Instant
    ) throws(AccessPointRefusal) -> AccessPoint.ID {
        advance(to: now)
        guard onAir.count(where: { $0.softAPOf == nil }) < Self.maximumAccessPoints else { throw .tooManyAccessPoints }
        let entry = try resolved(accessPoint, replacing: nil)
        onAir.append(entry)
        wakeStations(wanting: accessPoint.ssid)
        settle()
        return entry.id
    }

    /// Changes an access point. A change of SSID, BSSID, channel, security or subnet is a restart: its stations are
    /// lost; so are those that do not hear it any more. All else leaves associations as they are; a station without a
    /// lease asks again, and one that was refused tries again.
    /// - Parameters:
    ///   - id: an access point that is no softAP.
    ///   - now: the time.
    ///   - change: changes the description.
    /// - Throws: as `add`, and then nothing has changed.
    public mutating func update(
        _ id: AccessPoint.ID, at now: Instant, _ change: (inout AccessPoint) -> Void
    ) throws(AccessPointRefusal) {
        advance(to: now)
        guard let index = entry(id), onAir[index].softAPOf == nil else { throw .unknownAccessPoint }
        let old = onAir[index]
        var settings = old.settings
        change(&settings)
        guard settings != old.settings else { return }
        let new = try resolved(settings, replacing: old)
        if new.isAnotherRadio(than: old) { evictStations(of: id) }
        onAir[index] = new
        evictStationsOutOfHearing(of: id)
        offerLeases(in: new.network)
        wakeStations(wanting: old.settings.ssid)
        if settings.ssid != old.settings.ssid { wakeStations(wanting: settings.ssid) }
        settle()
    }

    /// Takes an access point off the air. Its stations are lost at once (inferred: a module notices after some seconds
    /// without beacons) and look for it.
    /// - Throws: when there is no such access point.
    public mutating func remove(_ id: AccessPoint.ID, at now: Instant) throws(AccessPointRefusal) {
        advance(to: now)
        guard let index = entry(id), onAir[index].softAPOf == nil else { throw .unknownAccessPoint }
        evictStations(of: id)
        let removed = onAir.remove(at: index)
        wakeStations(wanting: removed.settings.ssid)
        settle()
    }

    /// The place of an access point in `onAir`.
    func entry(_ id: AccessPoint.ID) -> Int? {
        place(of: id.number, in: onAir) { $0.id.number }
    }

    /// The place of a network in `networks`.
    func place(_ id: Network.ID) -> Int? {
        place(of: id.number, in: networks) { $0.id.number }
    }

    /// The place of an element, by bisection.
    /// - Parameters:
    ///   - number: the element's.
    ///   - elements: in the order of their numbers.
    ///   - numberOf: says the number of an element.
    private func place<Element>(of number: UInt32, in elements: [Element], numberOf: (Element) -> UInt32) -> Int? {
        var candidates = elements.indices
        while let first = candidates.first {
            let middle = first + candidates.count / 2
            let found = numberOf(elements[middle])
            if found == number { return middle }
            candidates = found < number ? middle + 1..<candidates.upperBound : first..<middle
        }
        return nil
    }

    private mutating func resolved(
        _ settings: AccessPoint, replacing old: ActiveAccessPoint?
    ) throws(AccessPointRefusal) -> ActiveAccessPoint {
        try settings.validate()
        let bssid = try freeBSSID(for: settings, replacing: old)
        let subnet = try freeSubnet(for: settings, replacing: old)
        if case .range(let range) = settings.leases {
            guard subnet.contains(range.lowerBound), subnet.contains(range.upperBound) else {
                throw .leasesOutsideSubnet
            }
        }
        // Nothing is refused from here on.
        let isAutomatic = settings.subnet == nil
        let network = networks[place(ofSSID: settings.ssid, subnet: subnet, isAutomatic: isAutomatic)]
        return ActiveAccessPoint(
            id: old?.id ?? AccessPoint.ID(number: nextIdentifier()), settings: settings, bssid: bssid,
            network: network.id, subnet: subnet, gateway: network.gateway, softAPOf: nil,
            automaticSubnet: isAutomatic ? subnet : old?.automaticSubnet)
    }

    /// The BSSID that was given, or the first derived one that is free; one that was derived before stays.
    private func freeBSSID(
        for settings: AccessPoint, replacing old: ActiveAccessPoint?
    ) throws(AccessPointRefusal) -> MACAddress {
        let others = onAir.filter { $0.id != old?.id }
        func isFree(_ bssid: MACAddress) -> Bool { !others.contains { $0.bssid == bssid } }
        if let bssid = settings.bssid {
            guard isFree(bssid) else { throw .bssidTaken }
            return bssid
        }
        if let old, old.settings.bssid == nil, old.settings.ssid == settings.ssid { return old.bssid }
        var ordinal = 0
        while !isFree(.bssid(ofSSID: settings.ssid, ordinal: ordinal)) {
            ordinal += 1
        }
        return .bssid(ofSSID: settings.ssid, ordinal: ordinal)
    }

    /// The subnet that was given, or one of the air's choice: that which it had, that which this SSID had before it
    /// left the air, or the next that nobody had.
    private func freeSubnet(
        for settings: AccessPoint, replacing old: ActiveAccessPoint?
    ) throws(AccessPointRefusal) -> Subnet {
        let others = onAir.filter { $0.id != old?.id && $0.softAPOf == nil }
        func isFree(_ subnet: Subnet) -> Bool { !others.contains { $0.subnet.overlaps(subnet) } }
        if let subnet = settings.subnet {
            let isShared = others.contains { $0.settings.ssid == settings.ssid && $0.subnet == subnet }
            guard isShared || isFree(subnet) else { throw .subnetOverlaps }
            return subnet
        }
        if let subnet = old?.automaticSubnet, isFree(subnet) { return subnet }
        let known = networks.first { network in
            network.isAutomatic && network.ssid == settings.ssid && isFree(network.subnet)
        }
        if let known { return known.subnet }
        var ordinal = automaticSubnets + 1
        while !isFree(Network.automaticSubnet(ordinal)) { ordinal += 1 }
        return Network.automaticSubnet(ordinal)
    }

    /// The place of the network of this SSID and subnet, which is made if there is none.
    private mutating func place(ofSSID ssid: [UInt8], subnet: Subnet, isAutomatic: Bool) -> Int {
        if let known = networks.firstIndex(where: { $0.ssid == ssid && $0.subnet == subnet && !$0.isOfSoftAP }) {
            return known
        }
        if isAutomatic { automaticSubnets = max(automaticSubnets, Network.automaticOrdinal(of: subnet)) }
        forgetUnusedNetwork()
        networks.append(
            Network(
                id: Network.ID(number: nextIdentifier()), ssid: ssid, isAutomatic: isAutomatic, isOfSoftAP: false,
                subnet: subnet, gateway: subnet.address(at: 1)))
        return networks.count - 1
    }

    /// Makes room for one more network. There are fewer access points than networks, so one of them is unused.
    private mutating func forgetUnusedNetwork() {
        guard networks.count(where: { !$0.isOfSoftAP }) >= Network.maximumNetworks else { return }
        let unused = networks.firstIndex { network in
            !network.isOfSoftAP && !onAir.contains { $0.network == network.id }
        }
        if let unused { networks.remove(at: unused) }
    }
}
