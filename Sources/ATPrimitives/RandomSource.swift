/// A seeded stream of numbers: the same seed gives the same stream on every machine (SplitMix64).
public struct RandomSource: Sendable, RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// A seed that depends on all of `bytes`, the same on every machine (FNV-1a). Its low bits change little with the last
    /// byte, so draw from a source with that seed.
    public static func seed(of bytes: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return hash
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to but not including `bound`, which is at least 1.
    public mutating func number(below bound: UInt64) -> UInt64 {
        next() % bound
    }

    /// A stream of its own that depends on this one's seed and on `salt`, so that modules do not disturb one another.
    public static func stream(seed: UInt64, salt: UInt64) -> RandomSource {
        var source = RandomSource(seed: seed ^ (salt &* 0xD6E8_FEB8_6659_FD93))
        return RandomSource(seed: source.next())
    }
}
