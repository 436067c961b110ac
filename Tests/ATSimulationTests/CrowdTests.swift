import Foundation
import Testing

/// Random hosts of several modules against what must always hold. To run one seed alone:
/// `VESP_SEED=17 swift test --filter CrowdTests`.
@Suite("Three modules that live through random things", .serialized)
struct CrowdTests {
    private static let seedsInBatch: UInt64 = 5
    private static let batches: Range<UInt64> = 0..<10
    private static let onlySeed = ProcessInfo.processInfo.environment["VESP_SEED"].flatMap { UInt64($0) }

    @Test("are the same each time and break no rule", arguments: batches)
    func random(_ batch: UInt64) async {
        if let seed = Self.onlySeed {
            if batch == 0 { run(seed) }
            return
        }
        for seed in batch * Self.seedsInBatch..<(batch + 1) * Self.seedsInBatch {
            run(seed)
            await Task.yield()
        }
    }

    private func run(_ seed: UInt64) {
        do throws(Violation) {
            var first = Crowd(seed: seed)
            try first.run()
            guard seed % 10 == 0 else { return }
            var second = Crowd(seed: seed)
            try second.run()
            #expect(second.heard == first.heard, "VESP_SEED=\(seed): the second run differs")
        } catch {
            Issue.record("VESP_SEED=\(seed): \(error)")
        }
    }
}
