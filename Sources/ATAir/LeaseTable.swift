import ATPrimitives

/// What a DHCP server remembers: which address it gave to whom. A lease that was released is kept for its station until
/// its time is over, or no fresh address is left, so that a station that returns gets the same one.
struct LeaseTable: Sendable {
    /// How many a server remembers; with all of them held, nobody gets another.
    static let maximumLeases = 1024

    private struct Entry {
        var mac: MACAddress
        var address: IPv4Address
        /// A station uses it; it sees to its end itself.
        var isHeld: Bool
        var end: Instant
    }

    /// In the order in which they were given or released, so the first that nobody holds was released longest ago.
    private var entries: [Entry] = []

    /// How many are remembered.
    var count: Int { entries.count }

    /// Gives `mac` the address that it had, else the lowest that nobody had, else the one released longest ago.
    /// - Parameters:
    ///   - mac: whose.
    ///   - pool: the addresses to give.
    ///   - gateway: never given.
    ///   - time: for how long; nil is for ever.
    ///   - now: the time.
    /// - Returns: nil when all are held.
    mutating func lease(
        to mac: MACAddress, from pool: ClosedRange<IPv4Address>, except gateway: IPv4Address, for time: Interval?,
        at now: Instant
    ) -> Lease? {
        entries.removeAll { !$0.isHeld && $0.end <= now }
        if let known = entries.firstIndex(where: { $0.mac == mac }) {
            let address = entries[known].address
            if pool.contains(address), address != gateway {
                let lease = Lease(address, from: now, for: time)
                entries[known].isHeld = true
                entries[known].end = lease.end
                return lease
            }
            entries.remove(at: known)
        }
        makeRoom(outside: pool)
        guard let address = fresh(in: pool, except: gateway) ?? recycled(in: pool, except: gateway) else { return nil }
        let lease = Lease(address, from: now, for: time)
        entries.append(Entry(mac: mac, address: address, isHeld: true, end: lease.end))
        return lease
    }

    /// A station that holds an address wants it for longer.
    /// - Returns: nil when it is another's.
    mutating func renew(_ address: IPv4Address, of mac: MACAddress, for time: Interval?, at now: Instant) -> Lease? {
        guard let known = entries.firstIndex(where: { $0.mac == mac && $0.address == address && $0.isHeld }) else {
            return nil
        }
        let lease = Lease(address, from: now, for: time)
        entries[known].end = lease.end
        return lease
    }

    /// The station has gone or no longer wants its address.
    /// - Returns: whether it had one.
    mutating func release(_ mac: MACAddress) -> Bool {
        guard let index = entries.firstIndex(where: { $0.mac == mac && $0.isHeld }) else { return false }
        var released = entries.remove(at: index)
        released.isHeld = false
        entries.append(released)
        return true
    }

    /// The server has moved to another subnet: what is not in it is forgotten, unless a station still uses it.
    mutating func keepOnly(in subnet: Subnet) {
        entries.removeAll { !$0.isHeld && !subnet.contains($0.address) }
    }

    /// In a full table, what nobody holds and the server no longer gives is the first to go.
    private mutating func makeRoom(outside pool: ClosedRange<IPv4Address>) {
        guard entries.count >= Self.maximumLeases else { return }
        let useless = entries.firstIndex { !$0.isHeld && !pool.contains($0.address) }
        if let useless { entries.remove(at: useless) }
    }

    private func fresh(in pool: ClosedRange<IPv4Address>, except gateway: IPv4Address) -> IPv4Address? {
        guard entries.count < Self.maximumLeases else { return nil }
        var candidate = pool.lowerBound
        for taken in (entries.map { $0.address } + [gateway]).sorted() where taken == candidate {
            candidate = IPv4Address(value: candidate.value &+ 1)
        }
        return pool.contains(candidate) ? candidate : nil
    }

    private mutating func recycled(in pool: ClosedRange<IPv4Address>, except gateway: IPv4Address) -> IPv4Address? {
        let index = entries.firstIndex { !$0.isHeld && pool.contains($0.address) && $0.address != gateway }
        return index.map { entries.remove(at: $0).address }
    }
}
