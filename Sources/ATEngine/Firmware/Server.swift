import ATPrimitives

/// The TCP server: one listener whose clients share the link ids (manual 6.2.7, reference 3.7).
struct Server: Sendable {
    /// The port without one in the command (manual 6.2.7).
    static let defaultPort: UInt16 = 333
    /// With so many bytes that nobody takes, no client is let in: their lines would pile up without end.
    static let outputLimit = 4096
    /// AT+CIPSTO without one, in seconds (reference 2.28).
    static let defaultTimeout = 180

    enum State: Sendable, Equatable {
        case stopped
        case listening(UInt16)
        /// Stopped; the listener goes when the last client has gone.
        case ending(UInt16)
    }

    fileprivate(set) var state = State.stopped
    /// AT+CIPSTO in seconds, 0 to 7200; 0 is never.
    var timeout = defaultTimeout
    /// A server was started since the last restart (manual 6.2.6).
    fileprivate(set) var wasStarted = false

    var isRunning: Bool { if case .listening = state { true } else { false } }
}

extension Engine {
    mutating func startServer(port: UInt16) -> Outcome {
        guard !session.server.isRunning else {
            line("no change")
            return .ok
        }
        if case .ending(let old) = session.server.state { effects.append(.unlisten(port: old)) }
        session.server.state = .listening(port)
        session.server.wasStarted = true
        effects.append(.listen(port: port))
        return .ok
    }

    mutating func stopServer() -> Outcome {
        guard case .listening(let port) = session.server.state else {
            line("no change")
            return .ok
        }
        guard firmware.policy.serverStop == .atOnce else { return .ok }
        session.server.state = .ending(port)
        for id in Links.ids where session.links[id].isServerClient && session.links[id].isOpen {
            startClosing(id, isAwaited: false)
        }
        serverClientHasGone()
        return .ok
    }

    /// When the server has ended and its last client has gone, the listener goes too.
    mutating func serverClientHasGone() {
        guard case .ending(let port) = session.server.state, !session.links.hasServerClients else { return }
        session.server.state = .stopped
        effects.append(.unlisten(port: port))
    }

    /// A client of the server; nil means that it is closed at once, without a line.
    mutating func acceptClient(_ client: Endpoint, onPort port: UInt16) -> Socket? {
        // While AT+CIPCLOSE=5 closes all links a new one would keep it from its end (inferred).
        guard session.server.state == .listening(port), !session.links.isClosingAll, let id = session.links.firstFree
        else { return nil }
        var link = Link()
        link.role = .server
        link.socket = Socket(number: chip.nextNumber())
        link.remote = client
        link.localPort = port
        session.links[id] = link
        setPhase(.open, of: id, for: nil)
        linkIsActive(id)
        session.links.status = 3
        session.links.wasOpenSinceAddress = true
        putLinkLine(id, "CONNECT")
        return link.socket
    }

    /// Data came or was acknowledged: the client's time starts anew (reference 3.7).
    mutating func linkIsActive(_ id: LinkID) {
        session.links[id].lastActivity = now
        restartIdleTimer(id)
    }

    /// AT+CIPSTO holds for the clients that are there, too (inferred).
    mutating func setServerTimeout(_ seconds: Int) {
        session.server.timeout = seconds
        for id in Links.ids where session.links[id].isServerClient { restartIdleTimer(id) }
    }

    private mutating func restartIdleTimer(_ id: LinkID) {
        let link = session.links[id]
        guard link.role == .server, link.isOpen else { return }
        if session.server.timeout == 0 {
            session.timers.stop(.link(.idle, id))
        } else {
            let end = link.lastActivity + .seconds(Int64(session.server.timeout))
            session.timers.start(.link(.idle, id), at: max(now, end))
        }
    }
}
