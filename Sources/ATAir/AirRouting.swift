import ATPrimitives

// Asked for each packet: nothing here is copied that counts references, and only `stations(of:)` makes an array.
extension Air {
    /// Where a module's station is attached; nil while it is not associated.
    public func network(of radio: Radio) -> NetworkAttachment? {
        attachedEntry(of: radio.number).map { attachment(at: $0, address: stations[radio.number].link.address) }
    }

    /// The network of a module's softAP; nil while it is off.
    public func softAPNetwork(of radio: Radio) -> NetworkAttachment? {
        softAPEntry(of: radio.number).map { attachment(at: $0, address: onAir[$0].gateway) }
    }

    /// Who answers at an address of a network; nil when nobody does. If two use one address, the gateway wins, then the
    /// module that was attached to the air first.
    public func owner(of address: IPv4Address, in network: Network.ID) -> AddressOwner? {
        guard address != .any else { return nil }
        for accessPoint in onAir.indices
        where onAir[accessPoint].network == network && onAir[accessPoint].gateway == address {
            return onAir[accessPoint].softAPOf.map { .softAP($0) } ?? .gateway
        }
        for index in stations.indices where stations[index].link.address == address {
            guard let place = attachedEntry(of: index), onAir[place].network == network else { continue }
            return .station(radio(index))
        }
        return guest(at: address, in: network).map { .scriptedStation($0) }
    }

    /// The stations that are associated with an access point: modules in the order of attaching, then scripted ones.
    public func stations(of accessPoint: AccessPoint.ID) -> [JoinedStation] {
        var joined: [JoinedStation] = []
        for index in stations.indices where stations[index].link.accessPoint == accessPoint {
            guard let request = stations[index].link.request else { continue }
            let address = stations[index].link.address ?? .any
            joined.append(JoinedStation(mac: request.mac, address: address, radio: radio(index)))
        }
        if let place = entry(accessPoint), let owner = onAir[place].softAPOf {
            joined += stations[owner.number].guests
        }
        return joined
    }

    /// The place in `onAir` of the access point that a module's station is associated with.
    func attachedEntry(of index: Int) -> Int? {
        stations[index].link.accessPoint.flatMap { entry($0) }
    }

    /// How many stations are associated with an access point.
    func stationCount(of accessPoint: ActiveAccessPoint) -> Int {
        let guests = accessPoint.softAPOf.map { stations[$0.number].guests.count } ?? 0
        return guests + stations.count { $0.link.accessPoint == accessPoint.id }
    }

    /// A station that is no module; only the network of a softAP has some.
    private func guest(at address: IPv4Address, in network: Network.ID) -> MACAddress? {
        for accessPoint in onAir.indices where onAir[accessPoint].network == network {
            guard let owner = onAir[accessPoint].softAPOf else { continue }
            return stations[owner.number].guests.first { $0.address == address }?.mac
        }
        return nil
    }

    private func attachment(at place: Int, address: IPv4Address?) -> NetworkAttachment {
        NetworkAttachment(
            accessPoint: onAir[place].id, network: onAir[place].network, subnet: onAir[place].subnet,
            gateway: onAir[place].gateway, uplink: onAir[place].settings.uplink, address: address)
    }
}
