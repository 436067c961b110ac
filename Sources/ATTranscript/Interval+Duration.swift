import ATPrimitives

extension Interval {
    /// The longest wait that a transcript may ask for: ten years, so that no sum of waits overflows.
    static let longestWait = Interval.seconds(10 * 365 * 86_400)

    /// The units of a duration in a transcript and how many microseconds each has.
    private static let units: [(name: String, microseconds: Int64)] = [
        ("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000),
    ]

    /// A whole number and one of the units `us`, `ms`, `s`, `m`, `h`; nil for other text or more than `longestWait`.
    init?(duration text: some StringProtocol) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let count = Int64(digits),
            let unit = Self.units.first(where: { $0.name == text.dropFirst(digits.count) }),
            count <= Self.longestWait.microseconds / unit.microseconds
        else { return nil }
        self.init(microseconds: count * unit.microseconds)
    }
}
