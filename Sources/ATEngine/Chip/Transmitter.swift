import ATPrimitives

/// The sending half of the UART: what the firmware has written and the line has not yet carried away.
///
/// Bytes stand in one queue in the order of writing. `departed` of them, at the front, have left the line and wait for
/// the owner to take them. While the line is paced, a byte departs when its last bit is out; departures are counted
/// from the start of a run of bytes, so that no rounding adds up. A gate holds back what is written after it until the
/// CPU, which is busy with the flash, could have written it.
struct Transmitter: Sendable {
    /// More than this in the FIFO and the CPU waits (reference 1.1).
    static let blockingCount = 125

    private var queue = ByteQueue()
    private var departed = 0
    private var frame: FrameTime
    private let isPaced: Bool
    private var runStart = Instant.zero
    private var runCount: Int64 = 0
    private var gate: Gate?

    private struct Gate {
        var position: Int
        let opens: Instant
    }

    init(settings: LineSettings, isPaced: Bool) {
        frame = FrameTime(settings)
        self.isPaced = isPaced
        queue.reserve(8192)
    }

    /// All bytes that the owner has not yet taken.
    var count: Int { queue.count }
    var isEmpty: Bool { queue.isEmpty }

    mutating func write(_ byte: UInt8, at now: Instant) {
        wake(at: now)
        queue.append(byte)
    }

    mutating func write(_ bytes: Span<UInt8>, at now: Instant) {
        wake(at: now)
        queue.append(bytes)
    }

    mutating func write(_ text: StaticString, at now: Instant) {
        wake(at: now)
        queue.append(text)
    }

    /// What is written from now on does not start before `opens`.
    mutating func hold(until opens: Instant) {
        gate = Gate(position: gate?.position ?? queue.count, opens: opens)
    }

    /// The line carries what it can until `now`.
    mutating func advance(to now: Instant) {
        carry(to: now)
        guard let gate, gate.opens <= now else { return }
        let wasIdle = departed == gate.position
        self.gate = nil
        if wasIdle { startRun(at: gate.opens) }
        carry(to: now)
    }

    /// When the next byte departs, or the gate opens; nil if nothing is under way.
    var nextDeparture: Instant? {
        if departed < limit { return isPaced ? runStart + frame.time(of: runCount + 1) : runStart }
        return gate?.opens
    }

    /// Gives the departed bytes, at most `max`; `body` returns how many it took.
    mutating func take(max: Int, _ body: (Span<UInt8>) -> Int) {
        if !isPaced { departed = limit }
        let offered = min(departed, max)
        guard offered > 0 else { return }
        let taken = queue.withFirst(offered, body)
        precondition((0...offered).contains(taken))
        queue.removeFirst(taken)
        departed -= taken
        gate?.position -= taken
    }

    mutating func set(_ settings: LineSettings, at now: Instant) {
        // The run that ends here was at the old rate.
        startRun(at: now)
        frame = FrameTime(settings)
    }

    /// Without power nothing more leaves.
    mutating func powerOff(at now: Instant) {
        gate = nil
        queue.removeAll()
        departed = 0
        startRun(at: now)
    }

    /// A reset empties the FIFO; what takes no time has left before.
    mutating func reset(at now: Instant) {
        gate = nil
        if isPaced { queue.truncate(to: departed) }
        startRun(at: now)
    }

    private var limit: Int { gate?.position ?? queue.count }

    private mutating func wake(at now: Instant) {
        if departed == limit { startRun(at: now) }
    }

    private mutating func startRun(at now: Instant) {
        let last = runStart + frame.time(of: isPaced ? runCount : 0)
        runStart = max(now, last)
        runCount = 0
    }

    private mutating func carry(to now: Instant) {
        let limit = limit
        guard departed < limit else { return }
        guard isPaced else {
            departed = limit
            return
        }
        guard now > runStart else { return }
        let possible = frame.count(in: now - runStart) - runCount
        let carried = min(Int64(limit - departed), possible)
        departed += Int(carried)
        runCount += carried
    }
}
