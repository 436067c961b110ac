import ATPrimitives

/// The radio between the modules: who is on the air, what a scan shows, whether a join succeeds, how long it takes and
/// which address it brings. Pure: time comes with each call, events are fetched with `nextEvent`, and the same calls
/// with the same seed give the same events.
///
/// Every call first brings the air to its time, and when it returns, all that was due is done. Times that go back are
/// read as the latest time seen. Drain the events after each call.
public struct Air: Sendable {
    /// A module's radio.
    public struct Radio: Sendable, Hashable {
        /// 0 for the first that was attached, and so on.
        public let number: Int
    }

    /// No call makes more than a dozen events for each radio, and the owner drains after each call.
    static let maximumEvents = 16 * maximumRadios
    /// How many modules share one air.
    public static let maximumRadios = 4096
    /// How many access points an air has, softAPs not counted.
    public static let maximumAccessPoints = 256
    /// What is weaker than this, in dBm, nobody hears (inferred; the chip's sensitivity is about -91 to -98).
    public static let hearingLimit: Int8 = -95
    /// How strongly a module hears another's softAP that is no farther than a metre away, in dBm (inferred).
    public static let softAPSignal: Int8 = -40
    /// How many stations a softAP takes (reference 4.1).
    public static let softAPCapacity = 4
    /// How long the leases of a softAP last (what later SDKs do when they are not told otherwise; inferred).
    public static let softAPLeaseTime: Interval = .seconds(2 * 60 * 60)

    /// When `advance` has something to do; nil while nothing is under way.
    public private(set) var nextDeadline: Instant?

    private let delays: AirDelays
    var clock: Instant = .zero
    /// One for each radio, at its number.
    var stations: [Station] = []
    /// In the order in which they went on the air, which is that of their numbers.
    var onAir: [ActiveAccessPoint] = []
    /// In the order of their numbers.
    var networks: [Network] = []
    /// The n of the last subnet of its own choice that the air has given.
    var automaticSubnets: UInt32 = 0
    var events = RadioEventQueue<AirEvent>(limit: maximumEvents)
    private let seed: UInt64
    private var identifiers: UInt32 = 0

    /// An empty air.
    /// - Parameters:
    ///   - seed: decides everything that is random; each radio has a stream of its own.
    ///   - delays: how long things take.
    public init(seed: UInt64, delays: AirDelays) {
        self.seed = seed
        self.delays = delays
    }

    /// Gives a module its radio, which hears but is not heard until it is told to. At most `maximumRadios` times.
    public mutating func attach(_ settings: RadioSettings = RadioSettings()) -> Radio {
        precondition(stations.count < Self.maximumRadios, "more radios than an air has room for")
        let radio = Radio(number: stations.count)
        stations.append(
            Station(
                radio: settings, delays: settings.delays ?? delays,
                random: .stream(seed: seed, salt: UInt64(radio.number))))
        return radio
    }

    /// Brings the air to `now`.
    public mutating func advance(to now: Instant) {
        while let deadline = nextDeadline, deadline <= now {
            clock = max(clock, deadline)
            work()
            nextDeadline = earliestDeadline()
        }
        clock = max(clock, now)
    }

    /// What has happened and was not fetched yet, oldest first.
    public mutating func nextEvent() -> (Radio, AirEvent)? {
        events.removeFirst()
    }

    // What the other files of this module need.

    /// Does what became due by a call. Every mutating call begins with `advance` and ends with this.
    mutating func settle() {
        nextDeadline = earliestDeadline()
        advance(to: clock)
    }

    /// A number for an access point or a network.
    mutating func nextIdentifier() -> UInt32 {
        identifiers += 1
        return identifiers
    }

    func radio(_ index: Int) -> Radio { Radio(number: index) }

    private func earliestDeadline() -> Instant? {
        var earliest: Instant?
        for station in stations {
            guard let deadline = station.deadline else { continue }
            earliest = earliest.map { min($0, deadline) } ?? deadline
        }
        return earliest
    }

    /// One step of the first radio that has something due.
    private mutating func work() {
        for index in stations.indices {
            guard let deadline = stations[index].deadline, deadline <= clock else { continue }
            if finishScan(of: index) { return }
            takeStep(of: index)
            return
        }
    }
}
