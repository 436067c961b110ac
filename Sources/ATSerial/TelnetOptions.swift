/// What the two ends of a telnet connection have agreed on (RFC 855). An answer is sent only when something changes, so
/// that no client can start an endless exchange (RFC 1143).
struct TelnetOptions {
    static let binary: UInt8 = 0
    static let echo: UInt8 = 1
    static let suppressGoAhead: UInt8 = 3
    /// COM-PORT-OPTION (RFC 2217).
    static let comPort: UInt8 = 44

    /// What the port does if it is asked to. It has no echo of its own, but a client that leaves echoing to it gets the
    /// module's, and no other.
    private var port = Side([binary, echo, suppressGoAhead, comPort])
    /// What the client may do.
    private var client = Side([binary, suppressGoAhead, comPort])

    /// One end: what it may do, does, and has been proposed.
    private struct Side {
        let allowed: [UInt8]
        var active: [UInt8] = []
        var proposed: [UInt8] = []

        init(_ allowed: [UInt8]) {
            self.allowed = allowed
        }

        /// The other end agrees, or wants it; returns whether to answer, and with yes or no.
        mutating func accept(_ option: UInt8) -> Bool? {
            guard allowed.contains(option) else { return false }
            guard !active.contains(option) else { return nil }
            active.append(option)
            return proposed.remove(option) ? nil : true
        }

        /// The other end refuses, or wants it no more; returns whether to confirm that.
        mutating func refuse(_ option: UInt8) -> Bool {
            proposed.remove(option)
            return active.remove(option)
        }
    }

    /// Whether RFC 2217 is in use.
    var hasComPort: Bool { port.active.contains(Self.comPort) || client.active.contains(Self.comPort) }

    /// What the port proposes to a new client: 8 bits both ways, no half-duplex, no local echo, RFC 2217.
    mutating func greet(_ output: inout TelnetOutput) {
        port.proposed = [Self.binary, Self.suppressGoAhead, Self.echo]
        client.proposed = [Self.binary, Self.suppressGoAhead, Self.comPort]
        for option in port.proposed { output.negotiate(.will, option) }
        for option in client.proposed { output.negotiate(.do, option) }
    }

    /// The client's part of a negotiation.
    mutating func receive(_ verb: TelnetVerb, _ option: UInt8, answer output: inout TelnetOutput) {
        switch verb {
        case .do:
            if let answer = port.accept(option) { output.negotiate(answer ? .will : .wont, option) }
        case .will:
            if let answer = client.accept(option) { output.negotiate(answer ? .do : .dont, option) }
        case .dont:
            if port.refuse(option) { output.negotiate(.wont, option) }
        case .wont:
            if client.refuse(option) { output.negotiate(.dont, option) }
        }
    }
}

extension [UInt8] {
    /// Removes a byte that is there once at most, and says whether it was.
    @discardableResult
    fileprivate mutating func remove(_ byte: UInt8) -> Bool {
        guard let index = firstIndex(of: byte) else { return false }
        remove(at: index)
        return true
    }
}
