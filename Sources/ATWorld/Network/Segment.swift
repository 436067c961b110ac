/// One TCP segment, without the ports.
struct Segment: Sendable, Hashable {
    var sequence: SequenceNumber
    /// What its sender expects next; nil without the ACK flag.
    var acknowledgement: SequenceNumber?
    var isSynchronize = false
    var isFinish = false
    var isReset = false
    /// How many bytes after `acknowledgement` its sender takes.
    var window = 0
    /// Shared with the sender's copy for retransmission, so it is copied once on its way.
    var payload: [UInt8] = []

    /// How many sequence numbers it uses up.
    var length: Int { payload.count + (isSynchronize ? 1 : 0) + (isFinish ? 1 : 0) }

    /// The RST that answers it where nobody knows its connection; nil if it is one itself (RFC 793, 3.4).
    var refusal: Segment? {
        guard !isReset else { return nil }
        if let acknowledgement { return Segment(sequence: acknowledgement, isReset: true) }
        return Segment(sequence: SequenceNumber(value: 0), acknowledgement: sequence + length, isReset: true)
    }
}
