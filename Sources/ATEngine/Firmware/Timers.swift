import ATPrimitives

/// The timers of the firmware and of its TCP/IP stack.
enum Timer: Equatable {
    /// AT+RST, AT+RESTORE, AT+GSLP: the chip restarts or sleeps.
    case restart
    /// The next look at a join.
    case joinLook
    /// The pause that ends a transparent packet.
    case transparentFlush
    /// The next try of a transparent link that was lost.
    case transparentReconnect
    /// A stored transparent link looks for an address.
    case addressCheck
    /// The UART takes its new settings.
    case lineChange
    /// The step that an upgrade is at may last no longer.
    case upgradeStep
    /// Nor the whole upgrade.
    case upgradeTotal
    case link(LinkTimer, LinkID)
    case ping(Int)
}

/// The timers that each link has.
enum LinkTimer: Int, CaseIterable {
    /// How long the phase that the link is in may last.
    case phase
    /// The stack's look at a closing connection.
    case closePoll
    /// AT+CIPSTO.
    case idle
}

extension Timer {
    private static let firstLink = 8
    private static let firstPing = firstLink + LinkTimer.allCases.count * Links.count
    static let count = firstPing + Pings.limit

    fileprivate var index: Int {
        switch self {
        case .restart: 0
        case .joinLook: 1
        case .transparentFlush: 2
        case .transparentReconnect: 3
        case .addressCheck: 4
        case .lineChange: 5
        case .upgradeStep: 6
        case .upgradeTotal: 7
        case .link(let kind, let id): Self.firstLink + id * LinkTimer.allCases.count + kind.rawValue
        case .ping(let slot): Self.firstPing + slot
        }
    }

    fileprivate init(index: Int) {
        switch index {
        case 0: self = .restart
        case 1: self = .joinLook
        case 2: self = .transparentFlush
        case 3: self = .transparentReconnect
        case 4: self = .addressCheck
        case 5: self = .lineChange
        case 6: self = .upgradeStep
        case 7: self = .upgradeTotal
        case ..<Self.firstPing:
            let (id, kind) = (index - Self.firstLink).quotientAndRemainder(dividingBy: LinkTimer.allCases.count)
            self = .link(LinkTimer.allCases[kind], id)
        default: self = .ping(index - Self.firstPing)
        }
    }
}

/// When each timer is due; of two that are due at one instant the one that stands first in `Timer` fires first.
struct Timers: Sendable {
    private var due = [Instant](repeating: .never, count: Timer.count)
    private var first = 0

    /// When the next timer is due; `never` if none runs.
    var earliest: Instant { due[first] }

    mutating func start(_ timer: Timer, at instant: Instant) {
        let index = timer.index
        let wasFirst = index == first
        due[index] = instant
        if instant < due[first] || (instant == due[first] && index < first) {
            first = index
        } else if wasFirst {
            findFirst()
        }
    }

    mutating func stop(_ timer: Timer) {
        let index = timer.index
        guard due[index] != .never else { return }
        due[index] = .never
        if index == first { findFirst() }
    }

    func isRunning(_ timer: Timer) -> Bool { due[timer.index] != .never }

    /// The timer that is due first, stopped.
    mutating func popFirst() -> Timer {
        let timer = Timer(index: first)
        stop(timer)
        return timer
    }

    private mutating func findFirst() {
        first = 0
        for index in 1..<due.count where due[index] < due[first] { first = index }
    }
}
