import ATPrimitives

/// What a DHCP server remembers: which address it gave to whom. A lease that was released is kept for its station
/// until no fresh address is left, so that a station that returns gets the same one. Leases do not expire.
struct LeaseTable: Sendable {
    /// How many a server remembers; with all of them held, nobody gets another.
    static let maximumLeases = 1024

    private struct Lease {
        var mac: MACAddress
        var address: IPv4Address
        var isHeld: Bool
    }

    /// In the order in which they were given or released, so the first that nobody holds was released longest ago.
    private var leases: [Lease] = []

    /// Gives `mac` the address that it had, else the lowest that nobody had, else the one released longest ago.
    /// - Parameters:
    ///   - pool: the addresses to give.
    ///   - gateway: never given.
    /// - Returns: nil when all are held.
    mutating func lease(
        to mac: MACAddress, from pool: ClosedRange<IPv4Address>, except gateway: IPv4Address
    ) -> IPv4Address? {
        if let known = leases.firstIndex(where: { $0.mac == mac }) {
            let address = leases[known].address
            if pool.contains(address), address != gateway {
                leases[known].isHeld = true
                return address
            }
            leases.remove(at: known)
        }
        guard let address = fresh(in: pool, except: gateway) ?? recycled(in: pool, except: gateway) else { return nil }
        leases.append(Lease(mac: mac, address: address, isHeld: true))
        return address
    }

    /// The station has gone or no longer wants its address.
    /// - Returns: whether it had one.
    mutating func release(_ mac: MACAddress) -> Bool {
        guard let index = leases.firstIndex(where: { $0.mac == mac && $0.isHeld }) else { return false }
        var released = leases.remove(at: index)
        released.isHeld = false
        leases.append(released)
        return true
    }

    /// The server has moved to another subnet: what is not in it is forgotten.
    mutating func keepOnly(in subnet: Subnet) {
        leases.removeAll { !subnet.contains($0.address) }
    }

    private func fresh(in pool: ClosedRange<IPv4Address>, except gateway: IPv4Address) -> IPv4Address? {
        guard leases.count < Self.maximumLeases else { return nil }
        var candidate = pool.lowerBound
        for taken in (leases.map { $0.address } + [gateway]).sorted() where taken == candidate {
            candidate = IPv4Address(value: candidate.value &+ 1)
        }
        return pool.contains(candidate) ? candidate : nil
    }

    private mutating func recycled(in pool: ClosedRange<IPv4Address>, except gateway: IPv4Address) -> IPv4Address? {
        let index = leases.firstIndex { !$0.isHeld && pool.contains($0.address) && $0.address != gateway }
        return index.map { leases.remove(at: $0).address }
    }
}
