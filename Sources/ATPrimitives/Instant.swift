/// A length of time in microseconds; negative lengths are possible and mean "before".
public struct Interval: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public static let zero = Interval(microseconds: 0)

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public static func microseconds(_ count: Int64) -> Interval { Interval(microseconds: count) }
    public static func milliseconds(_ count: Int64) -> Interval { Interval(microseconds: count * 1_000) }
    public static func seconds(_ count: Int64) -> Interval { Interval(microseconds: count * 1_000_000) }

    /// Whole milliseconds, rounded down.
    public var milliseconds: Int64 { microseconds / 1_000 }

    public static func < (left: Interval, right: Interval) -> Bool { left.microseconds < right.microseconds }
    public static func + (left: Interval, right: Interval) -> Interval {
        Interval(microseconds: left.microseconds + right.microseconds)
    }
    public static func * (left: Interval, right: Int64) -> Interval {
        Interval(microseconds: left.microseconds * right)
    }
}

/// A point in time: microseconds since the module was first given power.
public struct Instant: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public static let zero = Instant(microseconds: 0)
    /// Later than anything that happens.
    public static let never = Instant(microseconds: .max)

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }
    public static func + (left: Instant, right: Interval) -> Instant {
        Instant(microseconds: left.microseconds + right.microseconds)
    }
    public static func - (left: Instant, right: Instant) -> Interval {
        Interval(microseconds: left.microseconds - right.microseconds)
    }
}
