import ATPrimitives

/// How long things take on the air.
public struct AirDelays: Sendable, Hashable {
    /// How long a scan listens on one channel.
    public var channelScan: Interval
    /// What a scan takes beside listening.
    public var scanOverhead: Interval
    /// From the wish to join until the access point is found.
    public var find: Interval
    /// From there until the access point has answered the authentication.
    public var authenticate: Interval
    /// From there until the station is associated and the four-way handshake is done.
    public var associate: Interval
    /// From association until the DHCP server's answer, at least.
    public var lease: Interval
    /// How much longer than `lease` the DHCP server may take; every time is equally likely.
    public var leaseJitter: Interval
    /// How far the looks for a missing access point are apart; zero means that its return is noticed at once.
    public var rescan: Interval

    /// How many channels a scan of all listens on; 14 is heard along with 13 (inferred).
    static let channelCount: Int64 = 13

    /// How long a station waits until it looks again for an access point whose signal had faded away.
    var rescanAfterFading: Interval { rescan > .zero ? rescan : .seconds(1) }

    /// The times of a module on a desk: 2150 ms for a full scan (reference 10), 2.1 to 2.3 s for a join in all, which
    /// is inside the first look at 3 s (the parts are inferred from reference 4.2), and a look each second while the
    /// access point is missing (reference 4.2).
    public static let shipped = AirDelays(
        channelScan: .milliseconds(160), scanOverhead: .milliseconds(70), find: .milliseconds(1500),
        authenticate: .milliseconds(100), associate: .milliseconds(200), lease: .milliseconds(300),
        leaseJitter: .milliseconds(200), rescan: .seconds(1))

    /// Everything happens at once: the answer is there when the call returns.
    public static let none = AirDelays(
        channelScan: .zero, scanOverhead: .zero, find: .zero, authenticate: .zero, associate: .zero, lease: .zero,
        leaseJitter: .zero, rescan: .zero)

    /// All lengths are zero or more.
    public init(
        channelScan: Interval, scanOverhead: Interval, find: Interval, authenticate: Interval, associate: Interval,
        lease: Interval, leaseJitter: Interval, rescan: Interval
    ) {
        self.channelScan = channelScan
        self.scanOverhead = scanOverhead
        self.find = find
        self.authenticate = authenticate
        self.associate = associate
        self.lease = lease
        self.leaseJitter = leaseJitter
        self.rescan = rescan
    }

    /// How long a scan takes.
    /// - Parameter channel: the one channel it listens on, 0 for all.
    func scan(channel: UInt8) -> Interval {
        channelScan * (channel == 0 ? Self.channelCount : 1) + scanOverhead
    }
}
