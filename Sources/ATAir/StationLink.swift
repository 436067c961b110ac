import ATPrimitives

/// One station's way to the access point it was told to join, and its association with it.
///
/// Theory of operation. A join is a standing wish: it lasts until `leave`, and the link finds its own way back to being
/// associated whatever happens to the access point.
///
///     idle -> searching -> handshaking -> associated (fixed | asking -> leased or unleased)
///               ^   |           |              |                 ^        | the lease ends
///               |   v           v              |                 +--------+
///               +- waiting <----+              v
///               +------------------------ lost: back to searching
///
/// The link holds the timers and the wish; it does not know the air. When a timer is due, `dueStep` says what the air
/// has to decide, and the air answers with exactly one of `found`, `fail`, `search`, `associate`, `setLease`,
/// `renewed`, `endLease`. After a failure the link waits: a new look can only end otherwise when the air has changed,
/// so it wants no timer until `wake`. The next look then falls on the grid of the rescans, as if it had looked all the
/// time.
///
/// The wish is beside the state, which so has nothing to count references of: it is read for each packet.
struct StationLink: Sendable {
    /// What the air has to decide now.
    enum Step {
        /// Is such an access point heard?
        case look
        /// Does it let the station in?
        case enter(AccessPoint.ID)
        /// Does it give an address?
        case askForLease(AccessPoint.ID)
        /// Does its network let the station keep this address for longer?
        case renewLease(AccessPoint.ID, IPv4Address)
        /// The time of the lease is over.
        case endLease(AccessPoint.ID)
    }

    private enum State {
        case idle
        case searching(look: Instant)
        case waiting(since: Instant)
        case handshaking(AccessPoint.ID, until: Instant)
        case associated(AccessPoint.ID, Addressing)
    }

    private enum Addressing {
        case fixed(IPv4Address)
        case asking(until: Instant)
        case leased(Lease)
        case unleased
    }

    /// What the station wants; nil when it wants nothing, that is in the state idle.
    private(set) var request: JoinRequest?
    private var state: State = .idle
    /// The failure that was told last, so that each is told once until something else happens.
    private var toldFailure: StationProgress?

    var deadline: Instant? {
        switch state {
        case .idle, .waiting: nil
        case .searching(let look): look
        case .handshaking(_, let until): until
        case .associated(_, .asking(let until)): until
        case .associated(_, .leased(let lease)): lease.deadline
        case .associated: nil
        }
    }

    /// The access point that the station is associated with.
    var accessPoint: AccessPoint.ID? {
        guard case .associated(let accessPoint, _) = state else { return nil }
        return accessPoint
    }

    /// The address that the station uses; nil while it has none.
    var address: IPv4Address? {
        switch state {
        case .associated(_, .fixed(let address)): address == .any ? nil : address
        case .associated(_, .leased(let lease)): lease.address
        default: nil
        }
    }

    /// What is to be decided now; nil when no timer is due.
    func dueStep(at now: Instant) -> Step? {
        guard let deadline, deadline <= now else { return nil }
        return switch state {
        case .idle, .waiting: nil
        case .searching: .look
        case .handshaking(let accessPoint, _): .enter(accessPoint)
        case .associated(let accessPoint, .asking): .askForLease(accessPoint)
        case .associated(let accessPoint, .leased(let lease)):
            lease.renewal == nil ? .endLease(accessPoint) : .renewLease(accessPoint, lease.address)
        case .associated: nil
        }
    }

    // Inputs from the module.

    mutating func join(_ request: JoinRequest, look: Instant) {
        toldFailure = nil
        self.request = request
        state = .searching(look: look)
    }

    mutating func leave() {
        toldFailure = nil
        request = nil
        state = .idle
    }

    /// The station's address becomes fixed, or leased (nil); an associated station asks for the lease until `answer`.
    mutating func setAddress(_ address: IPv4Address?, answer: Instant) {
        request?.address = address
        if let accessPoint { associate(accessPoint, answer: answer) }
    }

    // Answers of the air.

    /// Looks (again) at `look`.
    mutating func search(at look: Instant) {
        guard request != nil else { return }
        state = .searching(look: look)
    }

    mutating func found(_ accessPoint: AccessPoint.ID, handshakeUntil: Instant) {
        guard request != nil else { return }
        state = .handshaking(accessPoint, until: handshakeUntil)
    }

    /// The look or the handshake has failed.
    /// - Parameters:
    ///   - failure: how.
    ///   - now: the time.
    ///   - look: when to look again although the air does not change; nil is never.
    /// - Returns: whether the module has to be told.
    mutating func fail(_ failure: StationProgress, at now: Instant, nextLook look: Instant?) -> Bool {
        guard request != nil else { return false }
        state = look.map { .searching(look: $0) } ?? .waiting(since: now)
        return tell(failure)
    }

    /// The station is in; it has its fixed address, or asks for a lease until `answer`.
    mutating func associate(_ accessPoint: AccessPoint.ID, answer: Instant) {
        guard let request else { return }
        toldFailure = nil
        let addressing: Addressing = request.address.map { .fixed($0) } ?? .asking(until: answer)
        state = .associated(accessPoint, addressing)
    }

    /// DHCP has answered, or has not (nil).
    /// - Returns: whether the module has to be told.
    mutating func setLease(_ lease: Lease?) -> Bool {
        guard case .associated(let accessPoint, .asking) = state else { return false }
        guard let lease else {
            state = .associated(accessPoint, .unleased)
            return tell(.unleased)
        }
        toldFailure = nil
        state = .associated(accessPoint, .leased(lease))
        return true
    }

    /// DHCP has given the address for longer, or has not (nil).
    mutating func renewed(_ lease: Lease?) {
        guard case .associated(let accessPoint, .leased(var old)) = state else { return }
        old.failRenewal()
        state = .associated(accessPoint, .leased(lease ?? old))
    }

    /// The lease has ended: the station is told that it has none, and asks for another until `answer`.
    /// - Returns: whether the module has to be told.
    mutating func endLease(answer: Instant) -> Bool {
        guard case .associated(let accessPoint, .leased) = state else { return false }
        state = .associated(accessPoint, .asking(until: answer))
        return tell(.unleased)
    }

    // Changes of the air.

    /// Something of an access point called `ssid` has changed, or how it is heard.
    /// - Parameters:
    ///   - ssid: its name.
    ///   - failure: only a station that failed like this looks again; nil means any.
    ///   - rescan: how far the looks are apart.
    ///   - now: the time.
    mutating func wake(ssid: [UInt8], after failure: StationProgress?, rescan: Interval, at now: Instant) {
        guard case .waiting(let since) = state, failure == nil || failure == toldFailure, request?.ssid == ssid
        else { return }
        state = .searching(look: Self.look(after: now, since: since, every: rescan))
    }

    /// Whether the station waits for DHCP to serve (again): it has no lease, or could not renew the one that it has.
    var wantsServer: Bool {
        switch state {
        case .associated(_, .unleased): true
        case .associated(_, .leased(let lease)): lease.renewal == nil
        default: false
        }
    }

    /// DHCP may have an address now: a station that got none asks again until `answer`, one that could not renew its
    /// lease tries it again at once.
    mutating func askAgain(answer: Instant, at now: Instant) {
        switch state {
        case .associated(let accessPoint, .unleased): state = .associated(accessPoint, .asking(until: answer))
        case .associated(let accessPoint, .leased(var lease)):
            lease.renewAgain(at: now)
            state = .associated(accessPoint, .leased(lease))
        default: break
        }
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
