import NIOCore

/// What a TCP socket has brought and the module has not taken. The kernel's receive buffer bounds it.
struct Inbox {
    private var chunks = CircularBuffer<ByteBuffer>(initialCapacity: 2)

    /// The oldest bytes. A copy shares their memory, so it may be read while the inbox changes.
    var first: ByteBuffer? { chunks.first }
    var isEmpty: Bool { chunks.isEmpty }

    mutating func append(_ bytes: ByteBuffer) { chunks.append(bytes) }

    /// Removes `count` bytes of the first chunk.
    mutating func remove(_ count: Int) {
        guard !chunks.isEmpty else { return }
        chunks[chunks.startIndex].moveReaderIndex(forwardBy: count)
        if chunks[chunks.startIndex].readableBytes == 0 { chunks.removeFirst() }
    }

    mutating func removeAll() { chunks.removeAll(keepingCapacity: true) }
}
