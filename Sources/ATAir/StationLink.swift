import ATPrimitives

/// One station's way to the access point it was told to join, and its association with it.
///
/// Theory of operation. A join is a standing wish: it lasts until `leave`, and the link finds its own way back to being
/// associated whatever happens to the access point.
///
///     idle -> searching -> handshaking -> associated (fixed | asking -> leased or unleased)
///               ^   |           |              |
///               |   v           v              v
///               +- waiting <----+   lost: back to searching
///
/// The link holds the timers and the wish; it does not know the air. When a timer is due, `dueStep` says what the air has
/// to decide, and the air answers with exactly one of `found`, `fail`, `search`, `associate`, `setLease`. After a failure
/// the link waits: a new look can only end otherwise when the air has changed, so it wants no timer until `wake`. The
/// next look then falls on the grid of the rescans, as if it had looked all the time.
struct StationLink: Sendable {
    /// What the air has to decide now.
    enum Step {
        /// Is such an access point heard?
        case look(JoinRequest)
        /// Does it let the station in?
        case enter(JoinRequest, AccessPoint.ID)
        /// Does it give an address?
        case askForLease(JoinRequest, AccessPoint.ID)
    }

    private enum State {
        case idle
        case searching(JoinRequest, look: Instant)
        case waiting(JoinRequest, since: Instant)
        case handshaking(JoinRequest, AccessPoint.ID, until: Instant)
        case associated(JoinRequest, AccessPoint.ID, Addressing)
    }

    private enum Addressing {
        case fixed(IPv4Address)
        case asking(until: Instant)
        case leased(IPv4Address)
        case unleased
    }

    private var state: State = .idle
    /// The failure that was told last, so that each is told once until something else happens.
    private var toldFailure: StationProgress?

    var deadline: Instant? {
        switch state {
        case .idle, .waiting: nil
        case .searching(_, let look): look
        case .handshaking(_, _, let until): until
        case .associated(_, _, .asking(let until)): until
        case .associated: nil
        }
    }

    /// What the station wants; nil when it wants nothing.
    var request: JoinRequest? {
        switch state {
        case .idle: nil
        case .searching(let request, _), .waiting(let request, _), .handshaking(let request, _, _),
            .associated(let request, _, _):
            request
        }
    }

    /// The access point that the station is associated with.
    var accessPoint: AccessPoint.ID? {
        guard case .associated(_, let accessPoint, _) = state else { return nil }
        return accessPoint
    }

    /// The address that the station uses; nil while it has none.
    var address: IPv4Address? {
        switch state {
        case .associated(_, _, .fixed(let address)): address == .any ? nil : address
        case .associated(_, _, .leased(let address)): address
        default: nil
        }
    }

    /// Whether the station is associated, wants a lease and was told that none comes.
    var isUnleased: Bool {
        guard case .associated(_, _, .unleased) = state else { return false }
        return true
    }

    func dueStep(at now: Instant) -> Step? {
        guard let deadline, deadline <= now else { return nil }
        return switch state {
        case .searching(let request, _): .look(request)
        case .handshaking(let request, let accessPoint, _): .enter(request, accessPoint)
        case .associated(let request, let accessPoint, .asking): .askForLease(request, accessPoint)
        default: nil
        }
    }

    // Inputs from the module.

    mutating func join(_ request: JoinRequest, look: Instant) {
        toldFailure = nil
        state = .searching(request, look: look)
    }

    mutating func leave() {
        toldFailure = nil
        state = .idle
    }

    /// The station's address becomes fixed, or leased (nil); an associated station asks for the lease until `answer`.
    mutating func setAddress(_ address: IPv4Address?, answer: Instant) {
        guard var request else { return }
        request.address = address
        switch state {
        case .idle: break
        case .searching(_, let look): state = .searching(request, look: look)
        case .waiting(_, let since): state = .waiting(request, since: since)
        case .handshaking(_, let accessPoint, let until): state = .handshaking(request, accessPoint, until: until)
        case .associated(_, let accessPoint, _): associate(request, accessPoint, answer: answer)
        }
    }

    // Answers of the air.

    /// Looks (again) at `look`.
    mutating func search(at look: Instant) {
        guard let request else { return }
        state = .searching(request, look: look)
    }

    mutating func found(_ accessPoint: AccessPoint.ID, handshakeUntil: Instant) {
        guard let request else { return }
        state = .handshaking(request, accessPoint, until: handshakeUntil)
    }

    /// The look or the handshake has failed.
    /// - Returns: whether the module has to be told.
    mutating func fail(_ failure: StationProgress, at now: Instant) -> Bool {
        guard let request else { return false }
        state = .waiting(request, since: now)
        return tell(failure)
    }

    /// The station is in; it has its fixed address, or asks for a lease until `answer`.
    mutating func associate(_ request: JoinRequest, _ accessPoint: AccessPoint.ID, answer: Instant) {
        toldFailure = nil
        let addressing: Addressing = request.address.map { .fixed($0) } ?? .asking(until: answer)
        state = .associated(request, accessPoint, addressing)
    }

    /// DHCP has answered, or has not (nil).
    /// - Returns: whether the module has to be told.
    mutating func setLease(_ address: IPv4Address?) -> Bool {
        guard case .associated(let request, let accessPoint, .asking) = state else { return false }
        guard let address else {
            state = .associated(request, accessPoint, .unleased)
            return tell(.unleased)
        }
        toldFailure = nil
        state = .associated(request, accessPoint, .leased(address))
        return true
    }

    // Changes of the air.

    /// Something of an access point called `ssid` has changed.
    /// - Parameters:
    ///   - failure: only a station that failed like this looks again; nil means any.
    ///   - rescan: how far the looks are apart.
    mutating func wake(ssid: [UInt8], after failure: StationProgress?, rescan: Interval, at now: Instant) {
        guard case .waiting(let request, let since) = state, request.ssid == ssid else { return }
        guard failure == nil || failure == toldFailure else { return }
        state = .searching(request, look: Self.look(after: now, since: since, every: rescan))
    }

    /// DHCP may have an address now, so a station that got none asks again.
    mutating func askAgain(answer: Instant) {
        guard case .associated(let request, let accessPoint, .unleased) = state else { return }
        state = .associated(request, accessPoint, .asking(until: answer))
    }

    private mutating func tell(_ failure: StationProgress) -> Bool {
        guard failure != toldFailure else { return false }
        toldFailure = failure
        return true
    }

    /// The first look at or after `now` of those that follow one another `every` so long from `since` on.
    private static func look(after now: Instant, since: Instant, every rescan: Interval) -> Instant {
        guard rescan > .zero else { return now }
        let passed = (now - since).microseconds
        let looks = max(1, (passed + rescan.microseconds - 1) / rescan.microseconds)
        return since + rescan * looks
    }
}
