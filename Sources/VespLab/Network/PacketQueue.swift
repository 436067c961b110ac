import ATPrimitives
import NIOCore

/// What is on its way over the air in one direction, in the order in which it was sent.
struct PacketQueue<Packet> {
    private var packets = CircularBuffer<(due: Instant, packet: Packet)>()

    var isEmpty: Bool { packets.isEmpty }
    var count: Int { packets.count }
    /// When the first arrives; nil when nothing is on its way.
    var due: Instant? { packets.first?.due }
    var first: Packet? { packets.first?.packet }

    /// A packet does not overtake the one before it, whatever it was told.
    mutating func append(_ packet: Packet, due: Instant) {
        packets.append((max(due, packets.last?.due ?? due), packet))
    }

    /// When the first of some arrives; nil when none of them is on its way.
    func due(where isWanted: (Packet) -> Bool) -> Instant? { packets.first { isWanted($0.packet) }?.due }

    mutating func removeFirst() -> Packet { packets.removeFirst().packet }
    /// - Returns: the first of some; nil when there is none.
    mutating func removeFirst(where isWanted: (Packet) -> Bool) -> Packet? {
        packets.firstIndex { isWanted($0.packet) }.map { packets.remove(at: $0).packet }
    }
    mutating func replaceFirst(by packet: Packet) { packets[packets.startIndex].packet = packet }
    mutating func removeAll(where isGone: (Packet) -> Bool) { packets.removeAll { isGone($0.packet) } }
}
