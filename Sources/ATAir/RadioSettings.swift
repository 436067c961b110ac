import ATPrimitives

/// What is particular to a module's radio.
public struct RadioSettings: Sendable, Hashable {
    /// How long things take for it; nil is as for the others of its air.
    public var delays: AirDelays?
    /// The latency of its packets each way, whatever an access point says; 0 to 60 s.
    public var latency: Interval?
    /// Their latency if neither it nor the access point has one; 0 to 60 s.
    public var standardLatency: Interval
    /// Where it is; nil is in the same place as all others that have none.
    public var position: Position?

    public init(
        delays: AirDelays? = nil, latency: Interval? = nil, standardLatency: Interval = .zero, position: Position? = nil
    ) {
        self.delays = delays
        self.latency = latency
        self.standardLatency = standardLatency
        self.position = position
    }
}
