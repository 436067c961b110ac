import ATPrimitives

/// What is to happen, in the order of time, and at one instant in the order of numbers: a binary heap of small keys,
/// with the items beside it.
struct Agenda<Item: Sendable>: Sendable {
    private struct Key: Sendable {
        let time: Instant
        let number: UInt64
        let slot: Int

        static func < (left: Key, right: Key) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }
    }

    private var heap: [Key] = []
    private var slots: [Item?] = []
    private var freeSlots: [Int] = []

    var count: Int { heap.count }

    /// When the next is due; nil when there is none.
    var nextTime: Instant? { heap.first?.time }

    mutating func insert(_ item: Item, at time: Instant, number: UInt64) {
        let slot: Int
        if let free = freeSlots.popLast() {
            slots[free] = item
            slot = free
        } else {
            slots.append(item)
            slot = slots.count - 1
        }
        heap.append(Key(time: time, number: number, slot: slot))
        rise(from: heap.count - 1)
    }

    /// Takes the next out that is due at `now`.
    mutating func removeFirst(dueAt now: Instant) -> Item? {
        guard let first = heap.first, first.time <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink(from: 0)
        freeSlots.append(first.slot)
        return slots[first.slot].take()
    }

    private mutating func rise(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func sink(from start: Int) {
        var parent = start
        while true {
            var least = parent
            let left = 2 * parent + 1
            let right = left + 1
            if left < heap.count, heap[left] < heap[least] { least = left }
            if right < heap.count, heap[right] < heap[least] { least = right }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
