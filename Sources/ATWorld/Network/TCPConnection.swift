import ATPrimitives

/// One side of a TCP connection, as the chip's stack (lwIP 1.4, reference 10) has it.
///
/// Theory of operation. Inputs are the module's wishes (`send`, `close`, `offer`), segments (`receive`) and time
/// (`advance`); each adds to a `TCPOutput` what is to be sent and what the module hears. The phases are those of RFC
/// 793:
///
///     connect -> synSent ---------> established <--------- synReceived <- accept
///                                    |       |
///                           close    |       |  FIN
///                                    v       v
///                              finWait1     closeWait
///                        ACK |    | FIN         | close
///                            v    v             v
///                     finWait2   closing     lastAck
///                            |    |             |
///                            +----+----> gone <-+
///
/// There is no TIME-WAIT: AT does not wait for it, and a FIN that comes again is answered with RST, which ends what
/// waits for its ACK just as well. Segments out of order are dropped, since the chip's stack is built without the queue
/// for them. There is no congestion window: a flight is at most 5840 bytes. An ACK goes at once when data has been put
/// into the buffer, not when the module takes it (reference 3.5). An engine gives up by itself, so an open connection
/// sends again for ever; one that the module has closed gives up after three times.
struct TCPConnection: Sendable {
    /// SYN at 0, 1, 2 and 3 s (reference 3.4).
    static let synInterval = Interval.seconds(1)
    /// How often anything is sent again before a connection is given up (reference 3.6).
    static let maximumAttempts = 3
    /// How long the far end may keep its side open after ours is closed (reference 2.23).
    static let finWait2Limit = Interval.seconds(20)

    enum Phase: Sendable {
        case synSent(retry: Instant?, attempts: Int)
        case synReceived(retry: Instant, attempts: Int)
        case established
        case finWait1
        case finWait2(until: Instant)
        case closing
        case closeWait
        case lastAck
        case gone
    }

    let local: Endpoint
    let remote: Endpoint
    var phase: Phase
    var sending: SendingStream
    /// Without meaning before the far end's SYN has come.
    var receiving: ReceivingStream
    let initialSequence: SequenceNumber

    /// Sends SYN.
    init(
        connecting local: Endpoint, to remote: Endpoint, initialSequence: SequenceNumber, at now: Instant,
        into output: inout TCPOutput
    ) {
        self.local = local
        self.remote = remote
        self.initialSequence = initialSequence
        let unknown = SequenceNumber(value: 0)
        sending = SendingStream(first: initialSequence + 1, peer: Segment(sequence: unknown))
        receiving = ReceivingStream(first: unknown)
        phase = .synSent(retry: now + Self.synInterval, attempts: 0)
        sendSynchronize(into: &output)
    }

    /// Answers a SYN.
    init(
        accepting synchronize: Segment, at local: Endpoint, from remote: Endpoint, initialSequence: SequenceNumber,
        at now: Instant, into output: inout TCPOutput
    ) {
        self.local = local
        self.remote = remote
        self.initialSequence = initialSequence
        sending = SendingStream(first: initialSequence + 1, peer: synchronize)
        receiving = ReceivingStream(first: synchronize.sequence + 1)
        phase = .synReceived(retry: now + SendingStream.firstWait, attempts: 0)
        sendSynchronize(into: &output)
    }

    var isGone: Bool { if case .gone = phase { true } else { false } }
    /// Whether the handshake is not done.
    var isOpening: Bool {
        switch phase {
        case .synSent, .synReceived: true
        default: false
        }
    }
    /// Whether there is something to offer.
    var hasPayload: Bool { !receiving.isEmpty }
    /// Whether the far end has closed its side and everything from it was taken.
    var isAtEnd: Bool { receiving.isFinished && receiving.isEmpty }

    /// When `advance` has something to do.
    var deadline: Instant? {
        switch phase {
        case .synSent(let retry, _): retry
        case .synReceived(let retry, _): retry
        case .finWait2(let until): until
        case .established, .finWait1, .closing, .closeWait, .lastAck: sending.deadline
        case .gone: nil
        }
    }

    // What the module wants.

    /// Sends bytes in their order. Before the handshake and after `close` nothing can be sent.
    /// - Returns: false if there is no room for them; then none is sent.
    mutating func send(_ bytes: Span<UInt8>, at now: Instant, into output: inout TCPOutput) -> Bool {
        switch phase {
        case .established, .closeWait: break
        default: return true
        }
        guard sending.append(bytes) else { return false }
        sendWhatFits(at: now, into: &output)
        return true
    }

    /// Sends FIN after what was sent. What comes from now on is acknowledged and thrown away.
    mutating func close(at now: Instant, into output: inout TCPOutput) {
        switch phase {
        case .established: phase = .finWait1
        case .closeWait: phase = .lastAck
        case .synSent, .synReceived:
            phase = .gone
            return
        default: return
        }
        receiving.dropAll()
        sending.finish()
        sendWhatFits(at: now, into: &output)
    }

    /// Sends RST, unless nothing but a SYN was sent.
    mutating func abort(into output: inout TCPOutput) {
        switch phase {
        case .gone, .synSent: break
        default:
            output.segments.append(
                Segment(sequence: sending.highest, acknowledgement: receiving.next, isReset: true))
        }
        phase = .gone
    }

    /// Offers the module the rest of the oldest segment that it has not taken.
    /// - Returns: how many bytes of it were taken.
    mutating func offer(into output: inout TCPOutput, _ body: (Span<UInt8>) -> Int) -> Int {
        let taken = receiving.offer(body)
        guard taken > 0 else { return 0 }
        if receiving.shouldAnnounce, !receiving.isFinished { sendAcknowledgement(into: &output) }
        if isAtEnd { output.events.append(.finished) }
        return taken
    }

    // Time.

    mutating func advance(to now: Instant, into output: inout TCPOutput) {
        guard let deadline, deadline <= now else { return }
        switch phase {
        case .synSent(_, let attempts):
            // After the last SYN the engine waits a little longer by itself.
            let isLast = attempts + 1 == Self.maximumAttempts
            phase = .synSent(retry: isLast ? nil : now + Self.synInterval, attempts: attempts + 1)
            sendSynchronize(into: &output)
        case .synReceived(_, let attempts):
            guard attempts < Self.maximumAttempts else { return end(.ended, into: &output) }
            let wait = SendingStream.firstWait * (Int64(2) << Int64(attempts))
            phase = .synReceived(retry: now + wait, attempts: attempts + 1)
            sendSynchronize(into: &output)
        case .finWait2: end(.ended, into: &output)
        case .established, .closeWait: retransmit(at: now, into: &output)
        case .finWait1, .closing, .lastAck:
            guard sending.attempts < Self.maximumAttempts else { return end(.ended, into: &output) }
            retransmit(at: now, into: &output)
        case .gone: break
        }
    }

    private mutating func retransmit(at now: Instant, into output: inout TCPOutput) {
        switch sending.timerFired(at: now) {
        case .none: break
        case .sendAgain: sendWhatFits(at: now, into: &output)
        case .probe(let sequence):
            output.segments.append(acknowledging(Segment(sequence: sequence)))
        }
    }

    // What both files need.

    mutating func end(_ event: TCPEvent, into output: inout TCPOutput) {
        phase = .gone
        output.events.append(event)
    }

    mutating func sendWhatFits(at now: Instant, into output: inout TCPOutput) {
        while let segment = sending.nextSegment() { output.segments.append(acknowledging(segment)) }
        sending.restartTimer(at: now)
    }

    mutating func sendAcknowledgement(into output: inout TCPOutput) {
        output.segments.append(acknowledging(Segment(sequence: sending.highest)))
    }

    /// SYN, or SYN with ACK once the far end's has come.
    mutating func sendSynchronize(into output: inout TCPOutput) {
        let synchronize = Segment(sequence: initialSequence, isSynchronize: true, window: ReceivingStream.capacity)
        if case .synReceived = phase {
            output.segments.append(acknowledging(synchronize))
        } else {
            output.segments.append(synchronize)
        }
    }

    private mutating func acknowledging(_ segment: Segment) -> Segment {
        var segment = segment
        segment.acknowledgement = receiving.next
        segment.window = receiving.announceWindow()
        return segment
    }
}
