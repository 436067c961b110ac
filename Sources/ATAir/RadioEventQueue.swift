/// What radios are to be told and nobody has fetched yet, oldest first.
package struct RadioEventQueue<Event: Sendable>: Sendable {
    private var events: [(radio: Air.Radio, event: Event)] = []
    private var fetched = 0
    /// How many may wait; the owner drains after each call.
    private let limit: Int

    package init(limit: Int) {
        self.limit = limit
    }

    package mutating func append(_ event: Event, for radio: Air.Radio) {
        // Where each event that is fetched causes another, the queue is never empty.
        if fetched >= limit { forgetFetched() }
        precondition(events.count - fetched < limit, "the owner does not drain its events")
        events.append((radio, event))
    }

    package mutating func removeFirst() -> (Air.Radio, Event)? {
        guard fetched < events.count else { return nil }
        let next = events[fetched]
        fetched += 1
        if fetched == events.count {
            events.removeAll(keepingCapacity: true)
            fetched = 0
        }
        return next
    }

    /// Forgets what a radio that has lost its power would have been told.
    package mutating func removeAll(for radio: Air.Radio) {
        removeAll { other, _ in other == radio }
    }

    /// Forgets some of what waits.
    package mutating func removeAll(where isGone: (Air.Radio, Event) -> Bool) {
        guard fetched < events.count else { return }
        forgetFetched()
        events.removeAll { isGone($0.radio, $0.event) }
    }

    private mutating func forgetFetched() {
        events.removeFirst(fetched)
        fetched = 0
    }
}
