import ATPrimitives

extension Air {
    /// Where a module's station is attached; nil while it is not associated.
    public func network(of radio: Radio) -> NetworkAttachment? {
        let link = stations[radio.number].link
        guard let id = link.accessPoint, let place = entry(id) else { return nil }
        return attachment(at: onAir[place], address: link.address)
    }

    /// The network of a module's softAP; nil while it is off.
    public func softAPNetwork(of radio: Radio) -> NetworkAttachment? {
        softAPEntry(of: radio.number).map { attachment(at: onAir[$0], address: onAir[$0].gateway) }
    }

    /// Who answers at an address of a network; nil when nobody does. If two use one address, the gateway wins, then the
    /// module that was attached to the air first.
    public func owner(of address: IPv4Address, in network: Network.ID) -> AddressOwner? {
        let members = onAir.filter { $0.network == network }
        if let gateway = members.first(where: { $0.gateway == address }) {
            return gateway.softAPOf.map { .softAP($0) } ?? .gateway
        }
        for accessPoint in members {
            for station in stations(of: accessPoint.id) where station.address == address && address != .any {
                return station.radio.map { .station($0) } ?? .scriptedStation(station.mac)
            }
        }
        return nil
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

    private func attachment(at accessPoint: ActiveAccessPoint, address: IPv4Address?) -> NetworkAttachment {
        NetworkAttachment(
            accessPoint: accessPoint.id, network: accessPoint.network, subnet: accessPoint.subnet,
            gateway: accessPoint.gateway, uplink: accessPoint.settings.uplink, address: address)
    }
}
