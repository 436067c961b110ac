/// One direction of a way over the air: says when each packet arrives, and which are lost. Packets keep their order.
public struct DelayLine: Sendable {
    private var random: RandomSource
    /// When the sender's last bit is on the air.
    private var free = Instant.zero
    private var lastArrival = Instant.zero

    /// - Parameter random: decides jitter and loss.
    public init(random: RandomSource) {
        self.random = random
    }

    /// Sends a packet.
    /// - Parameters:
    ///   - byteCount: its length with its headers.
    ///   - quality: of the way now.
    ///   - now: when it is sent; never before an earlier packet.
    /// - Returns: when it arrives; nil if it is lost.
    public mutating func arrival(ofBytes byteCount: Int, quality: LinkQuality, at now: Instant) -> Instant? {
        var sent = now
        if let bandwidth = quality.bandwidth {
            sent = max(free, now) + Self.duration(ofBytes: byteCount, bandwidth: max(1, bandwidth))
            free = sent
        }
        var latency = quality.latency
        if quality.jitter > .zero {
            latency =
                latency
                + .microseconds(
                    Int64(random.number(below: UInt64(quality.jitter.microseconds) + 1)))
        }
        // A lost packet takes its time on the air too.
        if quality.lossPerMillion > 0, random.number(below: 1_000_000) < UInt64(quality.lossPerMillion) { return nil }
        lastArrival = max(lastArrival, sent + latency)
        return lastArrival
    }

    /// How long the bits of a packet take, rounded up to a microsecond.
    private static func duration(ofBytes byteCount: Int, bandwidth: UInt64) -> Interval {
        let bits = UInt64(byteCount) * 8 * 1_000_000
        return .microseconds(Int64((bits + bandwidth - 1) / bandwidth))
    }
}
