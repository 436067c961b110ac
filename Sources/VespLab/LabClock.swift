import ATPrimitives
import NIOCore

/// The time of a lab that runs in real time: microseconds since it was started.
struct LabClock: Sendable {
    private let start = NIODeadline.now()

    var now: Instant {
        let elapsed = NIODeadline.now() - start
        return Instant(microseconds: elapsed.nanoseconds / 1_000)
    }

    /// When the event loop's clock shows an instant of the lab.
    func deadline(for instant: Instant) -> NIODeadline {
        start + .microseconds(instant.microseconds)
    }
}
