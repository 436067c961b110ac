import ATPrimitives

/// The receiving half of the UART: bytes on the line, then in the FIFO, then in a batch that the firmware works off.
///
/// The firmware learns of bytes by an interrupt, at 100 bytes in the FIFO or after a gap of two characters; one
/// interrupt starts one run of its task, which takes what the FIFO held at that moment: a batch (reference 1.1). While
/// the line is not paced, what comes in one call is one batch. A host that is faster than the line loses nothing: the
/// port waits until there is room here (contract, Serial kinds).
struct Receiver: Sendable {
    /// How many bytes wait here before the port has to: one read of a pseudo-terminal.
    static let capacity = 4096
    /// The size of the chip's FIFO (reference 1.1).
    static let fifoSize = 128
    /// The interrupt comes at this many bytes (reference 1.1).
    static let threshold = 100
    /// Or after a gap of this many characters (reference 1.1).
    static let gap: Int64 = 2

    private var queue = ByteQueue()
    private var arrived = 0
    private var batch = 0
    private var frame: FrameTime
    private let isPaced: Bool
    private let isStrict: Bool
    /// A host that is too fast is made to wait: by the port, or by RTS (reference 1.1).
    private var holdsHost: Bool
    private var runStart = Instant.zero
    private var runCount: Int64 = 0
    private var lastArrival = Instant.zero

    /// - Parameter isStrict: bytes that find the FIFO full are lost.
    init(settings: LineSettings, isPaced: Bool, isStrict: Bool) {
        frame = FrameTime(settings)
        self.isPaced = isPaced
        self.isStrict = isStrict
        holdsHost = !isStrict || settings.requestToSend
        queue.reserve(Self.capacity)
    }

    var isEmpty: Bool { queue.isEmpty }
    /// How many more bytes may come.
    var room: Int { Self.capacity - queue.count }
    /// How many bytes of the batch the firmware has yet to read.
    var batchCount: Int { batch }

    mutating func append(_ bytes: Span<UInt8>, at now: Instant) {
        if isPaced, arrived == queue.count { startRun(at: now) }
        queue.append(bytes)
        if !isPaced { arrived = queue.count }
    }

    /// When the next batch is complete if nothing else comes; nil if there is none under way.
    func nextBatch(at now: Instant) -> Instant? {
        guard batch == 0, !queue.isEmpty else { return nil }
        guard isPaced, arrived < Self.threshold else { return now }
        let waiting = queue.count - arrived
        let missing = Self.threshold - arrived
        if waiting >= missing { return arrival(of: missing) }
        if waiting == 0 { return lastArrival + frame.time(of: Self.gap) }
        return arrival(of: waiting) + frame.time(of: Self.gap)
    }

    /// Starts the next batch if it is complete at `now`, and says whether it is.
    mutating func startBatch(at now: Instant) -> Bool {
        advance(to: now)
        guard let due = nextBatch(at: now), due <= now else { return false }
        batch = arrived
        return true
    }

    /// The line brings what it can until `now`; a full FIFO holds the host back, or loses what comes.
    mutating func advance(to now: Instant) {
        guard isPaced, now > runStart, arrived < queue.count else { return }
        fill(until: now)
        guard !holdsHost, arrived == Self.fifoSize, arrived < queue.count else { return }
        let possible = frame.count(in: now - runStart) - runCount
        let lost = min(Int64(queue.count - arrived), possible)
        guard lost > 0 else { return }
        lastArrival = arrival(of: Int(lost))
        queue.remove(Int(lost), after: arrived)
        runCount += lost
    }

    private mutating func fill(until now: Instant) {
        let room = Self.fifoSize - arrived
        let possible = frame.count(in: now - runStart) - runCount
        let coming = min(Int64(min(room, queue.count - arrived)), possible)
        guard coming > 0 else { return }
        lastArrival = arrival(of: Int(coming))
        arrived += Int(coming)
        runCount += coming
    }

    /// On a line that takes no time, what the firmware has not read by now has found the FIFO full.
    mutating func loseOverflow() {
        guard !isPaced, !holdsHost, queue.count > Self.fifoSize else { return }
        queue.truncate(to: Self.fifoSize)
        arrived = Self.fifoSize
        batch = min(batch, Self.fifoSize)
    }

    /// The next byte of the batch; there must be one.
    mutating func popFirst(at now: Instant) -> UInt8 {
        let byte = queue.popFirst()
        remove(1, at: now)
        return byte
    }

    /// Moves the next `count` bytes of the batch to the end of `bytes`.
    mutating func take(_ count: Int, at now: Instant, into bytes: inout [UInt8]) {
        queue.withFirst(count) { span in
            span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        }
        queue.removeFirst(count)
        remove(count, at: now)
    }

    mutating func set(_ settings: LineSettings, at now: Instant) {
        frame = FrameTime(settings)
        holdsHost = !isStrict || settings.requestToSend
        startRun(at: now)
    }

    /// Without power, bytes are lost.
    mutating func removeAll() {
        queue.removeAll()
        arrived = 0
        batch = 0
    }

    private mutating func remove(_ count: Int, at now: Instant) {
        if isPaced, holdsHost, arrived == Self.fifoSize { startRun(at: now) }
        arrived -= count
        batch -= count
    }

    private mutating func startRun(at now: Instant) {
        runStart = max(now, lastArrival)
        runCount = 0
    }

    private func arrival(of count: Int) -> Instant {
        runStart + frame.time(of: runCount + Int64(count))
    }
}
