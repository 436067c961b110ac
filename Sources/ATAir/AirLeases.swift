import ATPrimitives

extension Air {
    /// How long the DHCP server takes to answer this station, this time.
    mutating func leaseDelay(of index: Int) -> Interval {
        let delays = stations[index].delays
        guard delays.leaseJitter > .zero else { return delays.lease }
        let jitter = stations[index].random.number(below: UInt64(delays.leaseJitter.microseconds))
        return delays.lease + .microseconds(Int64(jitter))
    }

    /// DHCP answers a station.
    mutating func grantLease(_ index: Int, _ request: JoinRequest, _ id: AccessPoint.ID) {
        guard let place = entry(id) else { return }
        let accessPoint = onAir[place]
        let address = lease(to: request.mac, at: accessPoint)
        if stations[index].link.setLease(address) {
            let progress: StationProgress =
                address.map { .leased($0, mask: accessPoint.subnet.mask, gateway: accessPoint.gateway) } ?? .unleased
            events.append(.station(progress), for: radio(index))
        }
        list(index, address: address ?? .any, at: id)
    }

    /// - Returns: nil when there is no DHCP or no address is left.
    mutating func lease(to mac: MACAddress, at accessPoint: ActiveAccessPoint) -> IPv4Address? {
        guard let pool = accessPoint.pool, let network = place(accessPoint.network) else { return nil }
        return networks[network].leases.lease(to: mac, from: pool, except: accessPoint.gateway)
    }

    /// A station no longer uses its lease, so another may have it.
    mutating func releaseLease(of index: Int, at id: AccessPoint.ID) {
        guard let mac = stations[index].link.request?.mac, let accessPoint = entry(id) else { return }
        releaseLease(of: mac, in: onAir[accessPoint].network)
    }

    mutating func releaseLease(of mac: MACAddress, in id: Network.ID) {
        guard let network = place(id) else { return }
        if networks[network].leases.release(mac) { offerLeases(in: id) }
    }

    /// Addresses may have become free in a network: whoever was told that there is none asks again.
    mutating func offerLeases(in network: Network.ID) {
        for index in stations.indices where stations[index].link.isUnleased {
            guard let id = stations[index].link.accessPoint, let place = entry(id), onAir[place].network == network
            else { continue }
            stations[index].link.askAgain(answer: clock + leaseDelay(of: index))
        }
        for accessPoint in onAir where accessPoint.network == network {
            guard let owner = accessPoint.softAPOf else { continue }
            offerLeasesToGuests(of: owner, at: accessPoint)
        }
    }

    private mutating func offerLeasesToGuests(of owner: Radio, at accessPoint: ActiveAccessPoint) {
        for guest in stations[owner.number].guests.indices
        where stations[owner.number].guests[guest].address == .any {
            let mac = stations[owner.number].guests[guest].mac
            guard let address = lease(to: mac, at: accessPoint) else { continue }
            stations[owner.number].guests[guest].address = address
            events.append(.stationJoined(mac, address), for: owner)
        }
    }
}
