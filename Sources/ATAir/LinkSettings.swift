import ATPrimitives

/// What an access point's description says about the way to it; what is left out is the module's.
public struct LinkSettings: Sendable, Hashable {
    /// How long a packet takes each way, 0 to 60 s; nil is the standard of the module.
    public var latency: Interval?
    /// Up to so much is added to the latency, 0 to 60 s.
    public var jitter: Interval
    /// In bits a second each way, at least 1; nil is no limit.
    public var bandwidth: UInt64?
    /// How many packets of a million are lost each way, 0 to 1,000,000.
    public var lossPerMillion: UInt32

    public init(
        latency: Interval? = nil, jitter: Interval = .zero, bandwidth: UInt64? = nil, lossPerMillion: UInt32 = 0
    ) {
        self.latency = latency
        self.jitter = jitter
        self.bandwidth = bandwidth
        self.lossPerMillion = lossPerMillion
    }
}

extension Air {
    /// The way between a module's station and its access point; perfect but for the module's own latency while it has
    /// none.
    /// - Parameters:
    ///   - radio: whose station.
    ///   - addsStandard: whether the standard latency counts where nothing else is said: not for a far end that has a
    ///     real one.
    public func linkQuality(of radio: Radio, addsStandard: Bool = true) -> LinkQuality {
        let index = radio.number
        let settings = attachedEntry(of: index).map { onAir[$0].settings.link } ?? LinkSettings()
        let standard = addsStandard ? stations[index].radio.standardLatency : .zero
        return LinkQuality(
            latency: stations[index].radio.latency ?? settings.latency ?? standard, jitter: settings.jitter,
            bandwidth: settings.bandwidth, lossPerMillion: settings.lossPerMillion)
    }
}
