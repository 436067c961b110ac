/// Effects in the order in which the firmware asked for them, with the bytes that belong to them.
///
/// The bytes lie in one array that is emptied, but not freed, when the owner has drained all effects and comes back
/// with the next call; in the steady state nothing is allocated.
struct EffectQueue: Sendable {
    private var effects: [Effect] = []
    private var head = 0
    private var payloads: [UInt8] = []

    var isEmpty: Bool { head == effects.count }

    mutating func append(_ effect: Effect) {
        effects.append(effect)
    }

    /// Keeps a copy of `bytes` until the effects are drained.
    mutating func payload(_ bytes: [UInt8]) -> Payload {
        let payload = Payload(start: payloads.count, count: bytes.count)
        payloads.append(contentsOf: bytes)
        return payload
    }

    mutating func popFirst() -> Effect? {
        guard head < effects.count else { return nil }
        head += 1
        return effects[head - 1]
    }

    /// Forgets what was drained; called at the start of each call into the engine.
    mutating func recycle() {
        guard isEmpty, head > 0 else { return }
        effects.removeAll(keepingCapacity: true)
        payloads.removeAll(keepingCapacity: true)
        head = 0
    }

    func withPayload<R>(_ payload: Payload, _ body: (Span<UInt8>) -> R) -> R {
        body(payloads.span.extracting(payload.start..<payload.start + payload.count))
    }
}
