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
    mutating func grantLease(_ index: Int, at id: AccessPoint.ID) {
        guard let place = entry(id), let request = stations[index].link.request else { return }
        let accessPoint = onAir[place]
        let lease = lease(to: request.mac, at: accessPoint)
        if stations[index].link.setLease(lease) {
            let progress: StationProgress =
                lease.map { .leased($0.address, mask: accessPoint.subnet.mask, gateway: accessPoint.gateway) }
                ?? .unleased
            events.append(.station(progress), for: radio(index))
        }
        list(index, address: lease?.address ?? .any, at: id)
    }

    /// Half of a lease is over. Without a server that serves the address, the station goes on using it (inferred: no
    /// server says no).
    mutating func renewLease(_ index: Int, of address: IPv4Address, at id: AccessPoint.ID) {
        guard let place = entry(id), let request = stations[index].link.request else { return }
        stations[index].link.renewed(renewal(of: address, to: request.mac, in: onAir[place].network))
    }

    /// The time of a lease that could not be renewed is over.
    mutating func endLease(_ index: Int, at id: AccessPoint.ID) {
        let answer = clock + leaseDelay(of: index)
        if stations[index].link.endLease(answer: answer) {
            events.append(.station(.unleased), for: radio(index))
        }
        list(index, address: .any, at: id)
        releaseLease(of: index, at: id)
    }

    /// - Returns: nil when no access point of the network has DHCP or an address left. The one that is asked comes
    ///   first.
    mutating func lease(to mac: MACAddress, at accessPoint: ActiveAccessPoint) -> Lease? {
        if let lease = lease(to: mac, ofServerAt: accessPoint) { return lease }
        for other in onAir where other.network == accessPoint.network && other.id != accessPoint.id {
            if let lease = lease(to: mac, ofServerAt: other) { return lease }
        }
        return nil
    }

    private mutating func lease(to mac: MACAddress, ofServerAt accessPoint: ActiveAccessPoint) -> Lease? {
        guard let pool = accessPoint.pool, let network = place(accessPoint.network) else { return nil }
        return networks[network].leases.lease(
            to: mac, from: pool, except: accessPoint.gateway, for: accessPoint.settings.leaseTime, at: clock)
    }

    /// - Returns: nil when no access point of the network has a DHCP server with this address.
    private mutating func renewal(of address: IPv4Address, to mac: MACAddress, in id: Network.ID) -> Lease? {
        guard let network = place(id) else { return nil }
        for accessPoint in onAir where accessPoint.network == id && accessPoint.gateway != address {
            guard let pool = accessPoint.pool, pool.contains(address) else { continue }
            return networks[network].leases.renew(
                address, of: mac, for: accessPoint.settings.leaseTime, at: clock)
        }
        return nil
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

    /// Addresses may have become free in a network: whoever was told that there is none asks again, and so does who
    /// could not renew a lease.
    mutating func offerLeases(in network: Network.ID) {
        for index in stations.indices where stations[index].link.wantsServer {
            guard let place = attachedEntry(of: index), onAir[place].network == network else { continue }
            stations[index].link.askAgain(answer: clock + leaseDelay(of: index), at: clock)
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
            guard let lease = lease(to: mac, at: accessPoint) else { continue }
            stations[owner.number].guests[guest].address = lease.address
            events.append(.stationJoined(mac, lease.address), for: owner)
        }
    }
}
