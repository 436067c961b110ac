/// Some of the modules of a lab, by number. The one with the lowest number comes first, always.
struct ModuleSet: Sendable {
    /// One bit for each module.
    private var words: [UInt64] = []
    /// How many there are, so that an empty set, which most are most of the time, is known as such at once.
    private var count = 0

    var first: Int? {
        guard count > 0 else { return nil }
        for index in words.indices where words[index] != 0 { return index << 6 + words[index].trailingZeroBitCount }
        return nil
    }

    mutating func removeFirst() -> Int? {
        guard let first else { return nil }
        remove(first)
        return first
    }

    mutating func insert(_ module: Int) {
        let (index, bit) = (module >> 6, UInt64(1) << UInt64(module & 63))
        while words.count <= index { words.append(0) }
        guard words[index] & bit == 0 else { return }
        words[index] |= bit
        count += 1
    }

    mutating func remove(_ module: Int) {
        let (index, bit) = (module >> 6, UInt64(1) << UInt64(module & 63))
        guard count > 0, index < words.count, words[index] & bit != 0 else { return }
        words[index] &= ~bit
        count -= 1
    }

    mutating func formUnion(_ other: ModuleSet) {
        guard other.count > 0 else { return }
        for index in other.words.indices {
            if index == words.count { words.append(0) }
            count += (other.words[index] & ~words[index]).nonzeroBitCount
            words[index] |= other.words[index]
        }
    }
}
