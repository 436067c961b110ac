import ATPrimitives
import Testing

/// What one direction of a way does to packets.
@Suite struct DelayLineTests {
    private static let noon = Instant(microseconds: 1_000_000)

    /// A line that can be asked inside an expectation.
    private final class Line {
        private var line = DelayLine(random: RandomSource(seed: 1))

        func arrival(ofBytes byteCount: Int, quality: LinkQuality, at now: Instant) -> Instant? {
            line.arrival(ofBytes: byteCount, quality: quality, at: now)
        }
    }

    private let line = Line()

    @Test("over a perfect way a packet arrives in the instant in which it is sent, and no random number is drawn")
    func perfect() {
        for _ in 0..<10 { #expect(line.arrival(ofBytes: 1500, quality: .perfect, at: Self.noon) == Self.noon) }
        let jittery = LinkQuality(jitter: .milliseconds(50))
        #expect(
            line.arrival(ofBytes: 1, quality: jittery, at: Self.noon)
                == Line().arrival(ofBytes: 1, quality: jittery, at: Self.noon))
    }

    @Test("a packet takes the time of its bits, waits for those before it, and then travels")
    func bandwidth() {
        let quality = LinkQuality(latency: .milliseconds(20), bandwidth: 1_000_000)
        // 1250 bytes are 10 ms at 1 Mbit/s.
        #expect(line.arrival(ofBytes: 1250, quality: quality, at: Self.noon) == Self.noon + .milliseconds(30))
        #expect(line.arrival(ofBytes: 1250, quality: quality, at: Self.noon) == Self.noon + .milliseconds(40))
        let later = Self.noon + .seconds(1)
        #expect(line.arrival(ofBytes: 1250, quality: quality, at: later) == later + .milliseconds(30))
        // A part of a microsecond counts as one.
        #expect(
            line.arrival(ofBytes: 1, quality: LinkQuality(bandwidth: 3), at: later + .seconds(1))
                == later + .seconds(1) + .microseconds(2_666_667))
    }

    @Test("jitter spreads arrivals over its whole length, and none overtakes another")
    func jitter() throws {
        let quality = LinkQuality(latency: .milliseconds(5), jitter: .milliseconds(10))
        var shortest = Interval.seconds(1)
        var longest = Interval.zero
        var last = Instant.zero
        for index in 0..<1000 {
            let sent = Self.noon + .seconds(1) * Int64(index)
            let heard = line.arrival(ofBytes: 40, quality: quality, at: sent)
            let arrival = try #require(heard)
            shortest = min(shortest, arrival - sent)
            longest = max(longest, arrival - sent)
            #expect(arrival >= last)
            last = arrival
        }
        #expect(shortest >= .milliseconds(5) && shortest < .milliseconds(6))
        #expect(longest <= .milliseconds(15) && longest > .milliseconds(14))
        var burst: [Instant] = []
        for _ in 0..<100 {
            if let arrival = line.arrival(ofBytes: 40, quality: quality, at: last) { burst.append(arrival) }
        }
        #expect(burst.count == 100)
        #expect(burst == burst.sorted())
    }

    @Test("of many packets as many are lost as the loss says", arguments: [0, 10_000, 500_000, 1_000_000] as [UInt32])
    func loss(perMillion: UInt32) {
        var line = DelayLine(random: RandomSource(seed: 7))
        let quality = LinkQuality(lossPerMillion: perMillion)
        let lost = (0..<20_000).count { _ in line.arrival(ofBytes: 40, quality: quality, at: Self.noon) == nil }
        let expected = Int(perMillion) / 50
        #expect(abs(lost - expected) <= expected / 5)
    }
}
