import Dispatch
import NIOCore
import Synchronization

/// Prints lines one after another without ever holding up who prints them: they wait in a queue until the reader of the
/// standard stream takes them. If it takes none, the oldest are lost once the queue is full.
final class LinePrinter: Sendable {
    /// How many lines wait at most, those that may not be lost left aside.
    static let capacity = 10_000
    /// How long the end of the program waits for a reader.
    static let drainLimit = DispatchTimeInterval.seconds(1)

    /// What waits to be printed.
    private struct Queue {
        /// They go before all others and are never lost: a script that starts late still finds the ports.
        var important = CircularBuffer<String>()
        var others = CircularBuffer<String>()
        var lostCount = 0
        var isWriting = false
    }

    private let queue = Mutex(Queue())
    private let writer = DispatchQueue(label: "vesp.events")
    private let write: @Sendable (String) -> Void
    private let warn: @Sendable (String) -> Void

    /// - Parameters:
    ///   - write: puts out one line and may wait as long as it has to; called on a thread of its own.
    ///   - warn: is told, in a sentence, that lines are lost, and how many there were; called on any thread.
    init(write: @escaping @Sendable (String) -> Void, warn: @escaping @Sendable (String) -> Void) {
        self.write = write
        self.warn = warn
    }

    /// Prints a line some time soon.
    /// - Parameter isImportant: whether it may not be lost.
    func print(_ line: String, isImportant: Bool) {
        let (mustStart, isFirstLoss) = queue.withLock { queue in
            var isFirstLoss = false
            if isImportant {
                queue.important.append(line)
            } else {
                if queue.others.count == Self.capacity {
                    queue.others.removeFirst()
                    queue.lostCount += 1
                    isFirstLoss = queue.lostCount == 1
                }
                queue.others.append(line)
            }
            defer { queue.isWriting = true }
            return (!queue.isWriting, isFirstLoss)
        }
        if isFirstLoss {
            warn("nobody reads the events: \(Self.capacity) wait, and the oldest are lost from now on; read them.")
        }
        if mustStart { writer.async { self.writeAll() } }
    }

    /// Waits until all is printed, but no longer than `drainLimit`.
    func drain() {
        let drained = DispatchSemaphore(value: 0)
        // The writer takes one thing after another, so this comes after all that waits now.
        writer.async { drained.signal() }
        let isDrained = drained.wait(timeout: .now() + Self.drainLimit) == .success
        let unprinted = queue.withLock { $0.lostCount + ($0.isWriting ? $0.important.count + $0.others.count : 0) }
        if !isDrained && unprinted > 0 { warn("\(unprinted) events were not printed, since nobody read them.") }
    }

    private func writeAll() {
        while true {
            let (line, lostCount) = queue.withLock { queue in
                if let line = queue.important.popFirst() ?? queue.others.popFirst() { return (String?.some(line), 0) }
                // A slow reader loses many; one who has caught up hears how many once.
                defer { queue.lostCount = 0 }
                queue.isWriting = false
                return (nil, queue.lostCount)
            }
            if lostCount > 0 { warn("\(lostCount) events were lost, since they were not read in time.") }
            guard let line else { return }
            write(line)
        }
    }
}
