import ATPrimitives

/// The direction of a TCP connection in which the far end sends: what has come in order and the module has not taken,
/// and how much more may come.
struct ReceivingStream: Sendable {
    /// The chip's receive window, 4 segments of 1460 bytes (reference 3.5).
    static let capacity = 5840
    /// The far end is told of so much new room without being asked.
    static let updateSize = 2 * SendingStream.segmentSize

    /// The number that is expected next.
    private(set) var next: SequenceNumber
    /// Whether the far end's FIN has come.
    private(set) var isFinished = false
    /// The segments as they came.
    private var chunks: [[UInt8]] = []
    /// How many bytes of the first were taken.
    private var takenOfFirst = 0
    private var count = 0
    private var announced: Int
    private var isDropping = false

    /// - Parameter first: the number of the first byte, after that of the SYN.
    init(first: SequenceNumber) {
        next = first
        announced = Self.capacity
    }

    var isEmpty: Bool { chunks.isEmpty }

    /// How many more bytes there is room for.
    var window: Int { Self.capacity - count }

    /// The far end is told of the window now.
    mutating func announceWindow() -> Int {
        announced = window
        return window
    }

    /// Whether the module has taken so much since then that the far end should be told.
    var shouldAnnounce: Bool { window - announced >= Self.updateSize }

    /// Takes what a segment brings, if it is the next; else it is a repetition, or something before it is missing.
    mutating func receive(_ segment: Segment) {
        guard segment.sequence == next, !isFinished, segment.payload.count <= window else { return }
        next = next + segment.length
        announced -= segment.payload.count
        isFinished = segment.isFinish
        guard !segment.payload.isEmpty, !isDropping else { return }
        count += segment.payload.count
        chunks.append(segment.payload)
    }

    /// Offers the rest of the oldest segment.
    /// - Returns: how many bytes of it were taken.
    mutating func offer(_ body: (Span<UInt8>) -> Int) -> Int {
        guard let first = chunks.first else { return 0 }
        let taken = body(first.span.extracting(takenOfFirst...))
        precondition((0...first.count - takenOfFirst).contains(taken), "more was taken than was offered")
        takenOfFirst += taken
        count -= taken
        if takenOfFirst == first.count {
            chunks.removeFirst()
            takenOfFirst = 0
        }
        return taken
    }

    /// The module wants no more: what is there and what comes is thrown away.
    mutating func dropAll() {
        isDropping = true
        chunks = []
        takenOfFirst = 0
        count = 0
    }
}
