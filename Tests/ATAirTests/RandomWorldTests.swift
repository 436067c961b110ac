import ATPrimitives
import Testing

@testable import ATAir

@Suite("Random worlds")
struct RandomWorldTests {
    private func log(seed: UInt64, delays: AirDelays, steps: Int) -> [String] {
        var world = RandomWorld(seed: seed, delays: delays)
        for _ in 0..<steps { world.step() }
        return world.log
    }

    @Test(
        "what holds after every call holds in random worlds, with and without delays",
        arguments: 0..<10 as Range<UInt64>)
    func invariants(seed: UInt64) {
        _ = log(seed: seed, delays: .shipped, steps: 300)
        _ = log(seed: seed, delays: .none, steps: 300)
    }

    @Test("two runs with one seed are one run, and everything that can happen does")
    func repeatable() {
        let first = log(seed: 11, delays: .shipped, steps: 1_500)
        #expect(first == log(seed: 11, delays: .shipped, steps: 1_500))
        #expect(first != log(seed: 12, delays: .shipped, steps: 1_500))
        let kinds = [
            "associated", "leased", "unleased", "wrongPassword", "notFound", "refused", "lost", "stationJoined",
            "stationLeft", "scanned", "scanRefused", "subnetOverlaps",
        ]
        for kind in kinds {
            #expect(first.contains { $0.split(separator: " ").contains(Substring(kind)) }, "\(kind)")
        }
    }
}
