/// A number as it is written in decimal digits, exactly: `-0.25`. There is no exponent.
struct DecimalNumber {
    /// How many digits it may have before and after the point, so that all arithmetic with it is exact.
    private static let digitLimit = 12

    private let isNegative: Bool
    /// All digits as one number.
    private let digits: Int64
    /// Ten to the number of digits after the point.
    private let scale: Int64

    /// Nil for any text that is no number.
    init?(_ text: some StringProtocol) {
        isNegative = text.hasPrefix("-")
        let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), text.count(where: { $0 == "-" }) == (isNegative ? 1 : 0),
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let all = parts.joined()
        guard all.utf8.count <= Self.digitLimit, let digits = Int64(all) else { return nil }
        self.digits = digits
        scale = parts.count == 2 ? parts[1].utf8.reduce(1) { scale, _ in scale * 10 } : 1
    }

    /// The number times a unit; nil when that is no whole number or is too large.
    func times(_ unit: Int64) -> Int64? {
        let (product, overflows) = digits.multipliedReportingOverflow(by: unit)
        guard !overflows, product % scale == 0 else { return nil }
        return (isNegative ? -1 : 1) * (product / scale)
    }

    /// A whole number of fractions in digits, without zeros at the end: 250 hundredths are `2.5`.
    /// - Parameter places: how many digits stand after the point: 2 for hundredths.
    static func text(_ fractions: Int64, places: Int) -> String {
        var digits = "\(fractions.magnitude)"
        digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        var decimals = digits.suffix(places)
        while decimals.hasSuffix("0") { decimals.removeLast() }
        let whole = (fractions < 0 ? "-" : "") + digits.dropLast(places)
        return decimals.isEmpty ? whole : "\(whole).\(decimals)"
    }
}
