import Synchronization

@testable import ATNetwork

/// Random numbers that a seed reproduces (SplitMix64).
struct RandomNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// From 0 to `limit` - 1.
    mutating func next(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}

/// A number that is written on the loop and read by a test.
final class Box: Sendable {
    let value = Mutex(-1)
}

/// A network that nobody keeps.
final class WeakNetwork {
    weak var network: HostNetwork?

    init(_ network: HostNetwork) { self.network = network }
}
