/// A place in one direction of a TCP connection. The numbers go round: only their distance says which comes first.
struct SequenceNumber: Sendable, Hashable {
    var value: UInt32

    /// How far it is from `other` on; negative if it lies before.
    func distance(from other: SequenceNumber) -> Int {
        Int(Int32(bitPattern: value &- other.value))
    }

    static func + (left: SequenceNumber, right: Int) -> SequenceNumber {
        SequenceNumber(value: left.value &+ UInt32(truncatingIfNeeded: right))
    }

    static func < (left: SequenceNumber, right: SequenceNumber) -> Bool { left.distance(from: right) < 0 }
}
