import ATPrimitives

// How time passes inside the module, and what keeps its CPU waiting.
extension Engine {
    /// The CPU waits: the FIFO is full, or the flash is being written. Bytes on their way from a transparent link pass
    /// through the ring and keep nothing waiting.
    var isBlocked: Bool {
        chip.transmitter.count - session.transparent.bufferedCount > Transmitter.blockingCount || chip.busyUntil > now
    }

    /// When the CPU has done what it is at.
    var cpuFreeAt: Instant { max(now, chip.busyUntil) }

    /// The CPU is busy with the flash or a key for so long; what it prints afterwards comes later.
    mutating func stall(for interval: Interval) {
        guard interval > .zero else { return }
        chip.busyUntil = cpuFreeAt + interval
        chip.transmitter.hold(until: chip.busyUntil)
    }

    /// Brings the module to `now`: first everything that was due before.
    mutating func begin(at now: Instant) {
        effects.recycle()
        while nextStep <= now { step(at: max(self.now, nextStep)) }
        self.now = max(self.now, now)
        chip.transmitter.advance(to: self.now)
        chip.receiver.advance(to: self.now)
    }

    /// What became possible by the call that was made, happens.
    mutating func settle() {
        readSerialLine()
        while nextStep <= now { step(at: now) }
        chip.transmitter.advance(to: now)
    }

    /// The next instant at which something happens inside the module. Inlined: called, it would be given a copy of the
    /// whole engine, and it is asked for at each byte.
    @inline(__always)
    var nextStep: Instant {
        var next = session.timers.earliest
        switch chip.power {
        case .booting(let phase, let until):
            if until > now || !waitsForLine(phase) { next = min(next, until) }
        case .asleep(let until): next = min(next, until)
        case .off, .held, .running, .downloading: break
        }
        if chip.busyUntil > now { next = min(next, chip.busyUntil) }
        if let work = chip.flashWork.first { next = min(next, work.due) }
        if isListening, let batch = chip.receiver.nextBatch(at: now), batch > now { next = min(next, batch) }
        return next
    }

    private mutating func step(at instant: Instant) {
        now = instant
        settleFlash()
        chip.transmitter.advance(to: now)
        chip.receiver.advance(to: now)
        if case .booting(_, let until) = chip.power, until <= now {
            advanceBoot()
        } else if case .asleep(let until) = chip.power, until <= now {
            wake()
        } else if session.timers.earliest <= now {
            fire(session.timers.popFirst())
        }
        readSerialLine()
    }
}
