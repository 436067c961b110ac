import ATPrimitives

/// An address that a DHCP server has given to a station, as the station sees it.
struct Lease: Sendable, Hashable {
    let address: IPv4Address
    /// `.never` if it is for ever.
    let end: Instant
    /// When the station asks for more time, at half of the lease (RFC 2131 4.4.5); nil after it has asked in vain.
    private(set) var renewal: Instant?

    /// - Parameters:
    ///   - address: what was given.
    ///   - now: when.
    ///   - time: for how long; nil is for ever.
    init(_ address: IPv4Address, from now: Instant, for time: Interval?) {
        self.address = address
        end = time.map { now + $0 } ?? .never
        renewal = time.map { now + .microseconds($0.microseconds / 2) } ?? .never
    }

    /// When something is to be done about it.
    var deadline: Instant? {
        let next = renewal ?? end
        return next == .never ? nil : next
    }

    /// The server has not answered: the address is used until the lease ends.
    mutating func failRenewal() {
        renewal = nil
    }

    /// After a renewal in vain the server may answer now.
    mutating func renewAgain(at now: Instant) {
        if renewal == nil { renewal = now }
    }
}
