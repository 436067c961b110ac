import ATPrimitives

/// How long bytes take on the line, without rounding from byte to byte, so that a minute of bytes takes a minute.
struct FrameTime: Sendable {
    /// Half bits in a frame: start bit, data bits, parity bit and stop bits.
    private let halfBits: Int64
    private let baud: Int64

    init(_ settings: LineSettings) {
        halfBits = 2 + 2 * Int64(settings.dataBits) + (settings.parity == .none ? 0 : 2) + settings.stopBits.halfBits
        baud = Int64(settings.baud)
    }

    /// The time of `count` bytes in a row, rounded up to a microsecond.
    func time(of count: Int64) -> Interval {
        Interval(microseconds: (count * halfBits * 500_000 + baud - 1) / baud)
    }

    /// How many bytes fit into `interval`, which is not negative.
    func count(in interval: Interval) -> Int64 {
        let (product, isTooLong) = interval.microseconds.multipliedReportingOverflow(by: baud)
        return (isTooLong ? .max : product) / (halfBits * 500_000)
    }
}
