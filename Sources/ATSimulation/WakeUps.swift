import ATPrimitives

/// When each module of a lab wants to be woken. The earliest comes first, and of two at one instant the module that was
/// added first.
///
/// A tournament: the modules are the leaves of a tree, and each node above knows which of its two halves is due first, so
/// that a change costs one way up and the winner is at the top.
struct WakeUps: Sendable {
    private var times: [Instant] = []
    /// The winner of each node, the top at 1; the leaf of module n is at `leafCount + n`.
    private var winners: [Int] = []
    private var leafCount = 0

    /// A module more, with nothing due.
    mutating func append() {
        times.append(.never)
        guard times.count > leafCount else { return }
        leafCount = max(1, 2 * leafCount)
        winners = Array(repeating: 0, count: 2 * leafCount)
        for leaf in 0..<leafCount { winners[leafCount + leaf] = leaf }
        for node in (1..<leafCount).reversed() { decide(node) }
    }

    /// When a module is due; nil is never.
    subscript(module: Int) -> Instant? {
        get { times[module] == .never ? nil : times[module] }
        set {
            let time = newValue ?? .never
            guard times[module] != time else { return }
            times[module] = time
            var node = (leafCount + module) / 2
            while node >= 1 {
                decide(node)
                node /= 2
            }
        }
    }

    /// The module that is due first; nil while none is.
    var first: (module: Int, time: Instant)? {
        guard leafCount > 0 else { return nil }
        let winner = winners[1]
        return time(of: winner) == .never ? nil : (winner, times[winner])
    }

    private mutating func decide(_ node: Int) {
        let (left, right) = (winners[2 * node], winners[2 * node + 1])
        winners[node] = time(of: right) < time(of: left) ? right : left
    }

    private func time(of leaf: Int) -> Instant { leaf < times.count ? times[leaf] : .never }
}
