import ATPrimitives

/// The direction of a TCP connection in which its own side sends: what is not acknowledged yet, the far end's window,
/// the FIN, and the timer that sends again.
///
/// Theory of operation. What one `append` brings is cut into segments at once, and a segment is sent again as it was
/// sent first, so nothing is copied and nothing overlaps by halves. From the oldest to the newest byte:
///
///     unacknowledged ... next ... highest ... end [FIN]
///       on its way, or      |        |          |
///       to be sent again ---+        |          +- the module's last byte
///                                    +- the end of what was ever sent
///
/// Without an ACK in time `next` goes back to `unacknowledged`, and all is sent again (the far end keeps nothing that
/// comes out of order). If the window has no room and nothing is on its way, the timer asks for the window instead.
struct SendingStream: Sendable {
    /// The largest payload of a segment (reference 10).
    static let segmentSize = 1460
    /// What is held at most: well above the chip's send buffer of 2920 bytes, which the engine never exceeds
    /// (reference 3.6).
    static let capacity = 16_384
    /// The first wait for an ACK; it doubles each time (reference 3.6).
    static let firstWait = Interval.seconds(1)
    /// How often the wait doubles at most: lwIP's table of exponents ends at 64 s.
    static let maximumDoublings = 6

    private struct Chunk: Sendable {
        let sequence: SequenceNumber
        let bytes: [UInt8]

        var end: SequenceNumber { sequence + bytes.count }
    }

    private enum Timer: Sendable {
        case idle
        /// Something is on its way.
        case retransmission(due: Instant, attempts: Int)
        /// The window is shut.
        case probe(due: Instant, attempts: Int)
    }

    /// What the timer wants.
    enum Expiry {
        /// Nothing yet.
        case none
        /// Call `nextSegment`: all is to be sent again.
        case sendAgain
        /// Send an empty segment with this number, which the far end answers with its window.
        case probe(SequenceNumber)
    }

    private(set) var unacknowledged: SequenceNumber
    private var next: SequenceNumber
    private(set) var highest: SequenceNumber
    private var end: SequenceNumber
    private var chunks: [Chunk] = []
    private var isFinishing = false
    private var timer = Timer.idle
    private var window: Int
    /// The numbers of the segment that told the window last, so that an older one does not.
    private var windowSequence: SequenceNumber
    private var windowAcknowledgement: SequenceNumber

    /// - Parameters:
    ///   - first: the number of the first byte, after that of the SYN.
    ///   - peer: the far end's segment of the handshake, which tells its window.
    init(first: SequenceNumber, peer: Segment) {
        unacknowledged = first
        next = first
        highest = first
        end = first
        window = peer.window
        windowSequence = peer.sequence
        windowAcknowledgement = first
    }

    /// Whether the far end has everything, and the FIN if there is one.
    var isAcknowledged: Bool { unacknowledged == last }
    var heldCount: Int { end.distance(from: unacknowledged) }

    var deadline: Instant? {
        switch timer {
        case .idle: nil
        case .retransmission(let due, _), .probe(let due, _): due
        }
    }

    /// How often the timer has run out since the far end last said something new.
    var attempts: Int {
        switch timer {
        case .idle: 0
        case .retransmission(_, let attempts), .probe(_, let attempts): attempts
        }
    }

    /// - Returns: false when there is no room; then nothing was added.
    mutating func append(_ bytes: Span<UInt8>) -> Bool {
        guard !isFinishing, heldCount + bytes.count <= Self.capacity else { return false }
        var start = 0
        while start < bytes.count {
            let piece = bytes.extracting(start..<min(start + Self.segmentSize, bytes.count))
            chunks.append(Chunk(sequence: end, bytes: piece.withUnsafeBufferPointer { Array($0) }))
            end = end + piece.count
            start += piece.count
        }
        return true
    }

    /// No more bytes: the FIN goes after the last.
    mutating func finish() { isFinishing = true }

    /// The next segment that may be sent now; nil when all was sent or the window has no room. Call it until nil, and
    /// then `restartTimer`.
    mutating func nextSegment() -> Segment? {
        if next == end, isFinishing {
            let segment = Segment(sequence: next, isFinish: true)
            advance(to: next + 1)
            return segment
        }
        guard let chunk = chunks.first(where: { $0.sequence == next }), fits(chunk) else { return nil }
        advance(to: chunk.end)
        return Segment(sequence: chunk.sequence, payload: chunk.bytes)
    }

    /// Sets the timer to what is missing now, if it does not run for that already.
    mutating func restartTimer(at now: Instant) {
        if unacknowledged < next {
            if case .retransmission = timer { return }
            timer = .retransmission(due: now + Self.firstWait, attempts: 0)
        } else if next < last {
            if case .probe = timer { return }
            timer = .probe(due: now + Self.firstWait, attempts: 0)
        } else {
            timer = .idle
        }
    }

    /// The far end has told what it expects and takes.
    /// - Returns: whether it has everything now that it did not have before.
    mutating func acknowledge(_ segment: Segment) -> Bool {
        guard let acknowledgement = segment.acknowledgement else { return false }
        updateWindow(segment, acknowledgement)
        guard unacknowledged < acknowledgement else { return false }
        chunks.removeAll { !(acknowledgement < $0.end) }
        unacknowledged = acknowledgement
        if next < unacknowledged { next = unacknowledged }
        timer = .idle
        return isAcknowledged
    }

    mutating func timerFired(at now: Instant) -> Expiry {
        guard let deadline, deadline <= now else { return .none }
        let attempts = attempts + 1
        let wait = Self.firstWait * (Int64(1) << Int64(min(attempts, Self.maximumDoublings)))
        if case .probe = timer {
            timer = .probe(due: now + wait, attempts: attempts)
            return .probe(unacknowledged + -1)
        }
        timer = .retransmission(due: now + wait, attempts: attempts)
        next = unacknowledged
        return .sendAgain
    }

    /// The number after all that there is to send.
    private var last: SequenceNumber { isFinishing ? end + 1 : end }

    /// A segment is sent whole or not at all, as in lwIP.
    private func fits(_ chunk: Chunk) -> Bool { chunk.end.distance(from: unacknowledged) <= window }

    private mutating func advance(to place: SequenceNumber) {
        next = place
        if highest < next { highest = next }
    }

    private mutating func updateWindow(_ segment: Segment, _ acknowledgement: SequenceNumber) {
        let isNewer =
            windowSequence < segment.sequence
            || windowSequence == segment.sequence && !(acknowledgement < windowAcknowledgement)
        guard isNewer else { return }
        if segment.window > window, case .probe = timer { timer = .idle }
        window = segment.window
        windowSequence = segment.sequence
        windowAcknowledgement = acknowledgement
    }
}
