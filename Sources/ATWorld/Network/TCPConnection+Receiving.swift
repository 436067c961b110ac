import ATPrimitives

// What a segment does to a connection (RFC 793, 3.9, in the order of its steps).
extension TCPConnection {
    mutating func receive(_ segment: Segment, at now: Instant, into output: inout TCPOutput) {
        switch phase {
        case .synSent: receiveAnswer(segment, at: now, into: &output)
        case .synReceived: receiveInHandshake(segment, at: now, into: &output)
        case .established, .finWait1, .finWait2, .closing, .closeWait, .lastAck:
            receiveInOrder(segment, at: now, into: &output)
        case .gone: break
        }
    }

    /// The answer to our SYN.
    private mutating func receiveAnswer(_ segment: Segment, at now: Instant, into output: inout TCPOutput) {
        if let acknowledgement = segment.acknowledgement, acknowledgement != initialSequence + 1 {
            // The far end has an old connection of the same ports: RST ends it, and the next SYN is let in.
            if let refusal = segment.refusal { output.segments.append(refusal) }
            return
        }
        if segment.isReset {
            if segment.acknowledgement != nil { end(.reset, into: &output) }
            return
        }
        guard segment.isSynchronize else { return }
        guard segment.acknowledgement != nil else {
            // Both dial at once. The chip's stack has no such transition either: each refuses the other.
            if let refusal = segment.refusal { output.segments.append(refusal) }
            return
        }
        sending = SendingStream(first: initialSequence + 1, peer: segment)
        receiving = ReceivingStream(first: segment.sequence + 1)
        phase = .established
        sendAcknowledgement(into: &output)
        output.events.append(.connected)
    }

    private mutating func receiveInHandshake(_ segment: Segment, at now: Instant, into output: inout TCPOutput) {
        if segment.isReset {
            if isValidReset(segment) { end(.reset, into: &output) }
            return
        }
        if segment.isSynchronize {
            // The same SYN again: our answer was lost. Another SYN is that of a far end that has started anew.
            if segment.sequence + 1 == receiving.next {
                sendSynchronize(into: &output)
            } else {
                sendAcknowledgement(into: &output)
            }
            return
        }
        guard let acknowledgement = segment.acknowledgement else { return }
        guard acknowledgement == initialSequence + 1 else {
            if let refusal = segment.refusal { output.segments.append(refusal) }
            return
        }
        phase = .established
        output.events.append(.arrived)
        receiveInOrder(segment, at: now, into: &output)
    }

    /// A segment of a connection whose handshake is done.
    private mutating func receiveInOrder(_ segment: Segment, at now: Instant, into output: inout TCPOutput) {
        if segment.isReset {
            if isValidReset(segment) { end(.reset, into: &output) }
            return
        }
        // A SYN here means that the far end has started anew, or that our ACK of its SYN was lost: the same answer
        // does.
        guard !segment.isSynchronize else { return sendAcknowledgement(into: &output) }
        guard let acknowledgement = segment.acknowledgement else { return }
        guard !(sending.highest < acknowledgement) else { return sendAcknowledgement(into: &output) }
        receiveAcknowledgement(segment, at: now, into: &output)
        guard !isGone else { return }
        receivePayload(segment, into: &output)
    }

    private mutating func receiveAcknowledgement(_ segment: Segment, at now: Instant, into output: inout TCPOutput) {
        let hasEverything = sending.acknowledge(segment)
        sendWhatFits(at: now, into: &output)
        guard hasEverything else { return }
        output.events.append(.acknowledged)
        switch phase {
        case .finWait1: phase = .finWait2(until: now + Self.finWait2Limit)
        case .closing, .lastAck: end(.ended, into: &output)
        default: break
        }
    }

    private mutating func receivePayload(_ segment: Segment, into output: inout TCPOutput) {
        guard segment.length > 0 else {
            // An empty segment from before what is expected asks for an ACK: the far end waits for our window.
            if segment.sequence < receiving.next { sendAcknowledgement(into: &output) }
            return
        }
        let (before, wasFinished) = (receiving.next, receiving.isFinished)
        receiving.receive(segment)
        sendAcknowledgement(into: &output)
        guard receiving.next != before else { return }
        if !segment.payload.isEmpty, hasPayload { output.events.append(.received) }
        if receiving.isFinished, !wasFinished { farEndFinished(into: &output) }
    }

    private mutating func farEndFinished(into output: inout TCPOutput) {
        switch phase {
        case .established:
            phase = .closeWait
            if isAtEnd { output.events.append(.finished) }
        case .finWait1: phase = .closing
        case .finWait2: end(.ended, into: &output)
        default: break
        }
    }

    /// An RST counts only if its number is one that may come now, so that one of an old connection does no harm.
    private func isValidReset(_ segment: Segment) -> Bool {
        (0...receiving.window).contains(segment.sequence.distance(from: receiving.next))
    }
}
