/// What a way over the air does to the packets on it, in each direction.
public struct LinkQuality: Sendable, Hashable {
    /// How long a packet takes each way, 0 to 60 s.
    public var latency: Interval
    /// Up to so much is added to the latency of each packet, every length equally likely; 0 to 60 s.
    public var jitter: Interval
    /// In bits a second each way, at least 1; nil is no limit.
    public var bandwidth: UInt64?
    /// How many packets of a million are lost each way, 0 to 1,000,000.
    public var lossPerMillion: UInt32

    /// All packets of a perfect way arrive in the instant in which they are sent.
    public static let perfect = LinkQuality()

    public init(
        latency: Interval = .zero, jitter: Interval = .zero, bandwidth: UInt64? = nil, lossPerMillion: UInt32 = 0
    ) {
        self.latency = latency
        self.jitter = jitter
        self.bandwidth = bandwidth
        self.lossPerMillion = lossPerMillion
    }
}
