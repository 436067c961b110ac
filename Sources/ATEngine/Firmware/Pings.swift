import ATPrimitives

/// The echo requests of AT+PING that are under way. The parser is free meanwhile, so there may be several
/// (reference 2.30).
struct Pings: Sendable {
    /// How many may be under way; the chip's memory sets a limit, this one is ours (inferred).
    static let limit = 8

    enum State: Sendable {
        case free
        case resolving(Lookup)
        case waiting(Ping, hasReply: Bool)
    }

    fileprivate var states = [State](repeating: .free, count: limit)

    func slot(of lookup: Lookup) -> Int? {
        states.firstIndex { if case .resolving(lookup) = $0 { true } else { false } }
    }

    func slot(of ping: Ping) -> Int? {
        states.firstIndex { if case .waiting(ping, hasReply: false) = $0 { true } else { false } }
    }

    var areUnderWay: Bool {
        states.contains { if case .free = $0 { false } else { true } }
    }

    fileprivate var firstFree: Int? {
        states.firstIndex { if case .free = $0 { true } else { false } }
    }
}

extension Engine {
    mutating func startPing(_ host: [UInt8]) -> Outcome {
        guard let slot = session.pings.firstFree else { return .error }
        if let address = IPv4Address(inet: host) {
            sendPing(slot, to: address)
        } else {
            let lookup = Lookup(number: chip.nextNumber())
            session.pings.states[slot] = .resolving(lookup)
            session.timers.start(.ping(slot), at: now + delays.lookup)
            let name = effects.payload(host)
            effects.append(.resolve(lookup, name: name))
        }
        return .silent
    }

    /// The resolver's answer for a ping; nil is none.
    mutating func pingResolved(_ slot: Int, to address: IPv4Address?) {
        if let address {
            sendPing(slot, to: address)
        } else {
            endPing(slot)
            putError()
        }
    }

    private mutating func sendPing(_ slot: Int, to address: IPv4Address) {
        let ping = Ping(number: chip.nextNumber())
        session.pings.states[slot] = .waiting(ping, hasReply: false)
        session.timers.start(.ping(slot), at: now + delays.pingTimeout)
        effects.append(.ping(ping, address))
    }

    /// The reply is printed as it comes; OK follows one second after the request.
    mutating func pingReplied(_ slot: Int, milliseconds: Int) {
        guard case .waiting(let ping, hasReply: false) = session.pings.states[slot] else { return }
        line("+", milliseconds)
        session.pings.states[slot] = .waiting(ping, hasReply: true)
        if delays.pingSettles == .zero { pingTimerFired(slot) }
    }

    mutating func pingTimerFired(_ slot: Int) {
        let state = session.pings.states[slot]
        endPing(slot)
        switch state {
        case .free: break
        case .resolving: putError()
        case .waiting(_, hasReply: true): putOK()
        case .waiting(_, hasReply: false): put(firmware.texts.pingTimedOut)
        }
    }

    private mutating func endPing(_ slot: Int) {
        session.pings.states[slot] = .free
        session.timers.stop(.ping(slot))
    }
}
