/// What was written before the first client came: the last `limit` bytes.
struct KeptOutput {
    private let limit: Int
    private var bytes: [UInt8] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Adds bytes; the oldest give way.
    mutating func append(_ new: Span<UInt8>) {
        for index in max(0, new.count - limit)..<new.count {
            bytes.append(new[index])
        }
        // The array may grow to twice the limit, so that it is not moved for every byte.
        if bytes.count > 2 * limit {
            bytes.removeFirst(bytes.count - limit)
        }
    }

    /// The bytes to give to the first client.
    var lastBytes: ArraySlice<UInt8> { bytes.suffix(limit) }
}
