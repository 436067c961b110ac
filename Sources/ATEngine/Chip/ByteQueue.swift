/// Bytes that wait in order; those at the front lie in one piece, so that they can be handed over as a span.
struct ByteQueue: Sendable {
    private var storage: [UInt8] = []
    private var head = 0

    /// How far the front may move before the storage is closed up.
    private static let slack = 4096

    var count: Int { storage.count - head }
    var isEmpty: Bool { storage.count == head }

    mutating func reserve(_ capacity: Int) {
        storage.reserveCapacity(capacity)
    }

    mutating func append(_ byte: UInt8) {
        storage.append(byte)
    }

    mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { storage.append(contentsOf: $0) }
    }

    mutating func append(_ text: StaticString) {
        storage.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The first byte, taken out; there must be one.
    mutating func popFirst() -> UInt8 {
        let byte = storage[head]
        removeFirst(1)
        return byte
    }

    mutating func removeFirst(_ count: Int) {
        head += count
        if head == storage.count {
            removeAll()
        } else if head > Self.slack {
            storage.removeFirst(head)
            head = 0
        }
    }

    /// Takes `count` bytes out that stand behind the first `offset`.
    mutating func remove(_ count: Int, after offset: Int) {
        storage.removeSubrange(head + offset..<head + offset + count)
        if isEmpty { removeAll() }
    }

    /// Drops what stands behind the first `count` bytes.
    mutating func truncate(to count: Int) {
        storage.removeLast(self.count - count)
        if isEmpty { removeAll() }
    }

    mutating func removeAll() {
        storage.removeAll(keepingCapacity: true)
        head = 0
    }

    /// Calls `body` with the first `count` bytes.
    func withFirst<R>(_ count: Int, _ body: (Span<UInt8>) -> R) -> R {
        body(storage.span.extracting(head..<head + count))
    }
}
