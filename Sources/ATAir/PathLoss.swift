/// How much weaker a signal is with distance: the log-distance model with the exponent 3, as between walls (inferred),
/// so 30 dB for each ten times the distance, counted from a metre. Integers alone, so that every machine computes the
/// same.
enum PathLoss {
    /// The loss in dB, rounded; none within a metre.
    /// - Parameter squaredDistance: in square centimetres.
    static func decibels(squaredDistance: Int64) -> Int64 {
        guard squaredDistance > squaredMetre else { return 0 }
        let doublings = binaryLogarithm(UInt64(squaredDistance)) - binaryLogarithm(UInt64(squaredMetre))
        return (doublings * decibelsPerDoubling + (1 << 31)) >> 32
    }

    /// In square centimetres.
    private static let squaredMetre: Int64 = 10_000
    /// 15 · log10(2) in units of 2^-16 dB: what a doubling of the square of the distance costs.
    private static let decibelsPerDoubling: Int64 = 295_925

    /// The logarithm of `value`, at least 1, to base 2, in units of 2^-16.
    private static func binaryLogarithm(_ value: UInt64) -> Int64 {
        let exponent = 63 - value.leadingZeroBitCount
        // 1.0 to 2.0 with 31 bits after the point; each squaring gives one more bit of the logarithm.
        var mantissa = exponent >= 31 ? value >> UInt64(exponent - 31) : value << UInt64(31 - exponent)
        var logarithm = Int64(exponent)
        for _ in 0..<16 {
            mantissa = (mantissa * mantissa) >> 31
            let bit = mantissa >> 32
            mantissa >>= bit
            logarithm = logarithm << 1 | Int64(bit)
        }
        return logarithm
    }
}
