import ATPrimitives
import NIOCore

/// One wake-up on an event loop, the earliest that was asked for. An early one is harmless, since whoever is woken asks
/// again, so a later one is not worth a change.
final class Alarm {
    private let loop: any EventLoop
    private let clock: LabClock
    private let action: () -> Void
    private var scheduled: Scheduled<Void>?
    private var due = Instant.never

    /// - Parameter action: is called on the loop.
    init(loop: any EventLoop, clock: LabClock, action: @escaping () -> Void) {
        self.loop = loop
        self.clock = clock
        self.action = action
    }

    func set(for instant: Instant) {
        guard instant < due else { return }
        scheduled?.cancel()
        due = instant
        scheduled = loop.assumeIsolated().scheduleTask(deadline: clock.deadline(for: instant)) { [weak self] in
            self?.ring()
        }
    }

    func cancel() {
        scheduled?.cancel()
        scheduled = nil
        due = .never
    }

    private func ring() {
        scheduled = nil
        due = .never
        action()
    }
}
