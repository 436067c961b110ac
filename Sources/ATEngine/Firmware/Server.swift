import ATPrimitives

/// The TCP server: one listener whose clients share the link ids (manual 6.2.7, reference 3.7).
struct Server: Sendable {
    /// The port without one in the command (manual 6.2.7).
    static let defaultPort: UInt16 = 333
    /// With so many bytes that nobody takes, no client is let in: their lines would pile up without end.
    static let outputLimit = 4096
    /// AT+CIPSTO without one, in seconds (reference 2.28).
    static let defaultTimeout = 180

    private enum State: Sendable, Equatable {
        case stopped
        case listening(UInt16)
        /// Stopped; the listener goes when the last client has gone.
        case ending(UInt16)
    }

    private var state = State.stopped
    /// AT+CIPSTO in seconds, 0 to 7200; 0 is never.
    var timeout = defaultTimeout
    /// A server was started since the last restart (manual 6.2.6).
    private(set) var wasStarted = false

    var isRunning: Bool { if case .listening = state { true } else { false } }

    /// Whether clients of `port` are let in.
    func isListening(on port: UInt16) -> Bool { state == .listening(port) }

    /// The port of the listener, also while it only waits for the last client to go.
    var port: UInt16? {
        switch state {
        case .stopped: nil
        case .listening(let port), .ending(let port): port
        }
    }

    /// The server is started anew.
    /// - Returns: the port of a listener that was still waiting for its last client.
    mutating func start(port: UInt16) -> UInt16? {
        defer {
            state = .listening(port)
            wasStarted = true
        }
        return self.port
    }

    /// No more clients; false if there is no server.
    mutating func stop() -> Bool {
        guard case .listening(let port) = state else { return false }
        state = .ending(port)
        return true
    }

    /// The last client has gone.
    /// - Returns: the port of the listener that goes with it, if the server has ended.
    mutating func lastClientHasGone() -> UInt16? {
        guard case .ending(let port) = state else { return nil }
        state = .stopped
        return port
    }
}

extension Engine {
    mutating func startServer(port: UInt16) -> Outcome {
        guard !session.server.isRunning else {
            line("no change")
            return .ok
        }
        if let old = session.server.start(port: port) { effects.append(.unlisten(port: old)) }
        effects.append(.listen(port: port))
        return .ok
    }

    mutating func stopServer() -> Outcome {
        guard session.server.isRunning else {
            line("no change")
            return .ok
        }
        guard firmware.policy.serverStop == .atOnce, session.server.stop() else { return .ok }
        for id in Links.ids where session.links[id].isServerClient && session.links[id].isOpen {
            startClosing(id, isAwaited: false)
        }
        serverClientHasGone()
        return .ok
    }

    /// When the server has ended and its last client has gone, the listener goes too.
    mutating func serverClientHasGone() {
        guard !session.links.hasServerClients, let port = session.server.lastClientHasGone() else { return }
        effects.append(.unlisten(port: port))
    }

    /// A client of the server; nil means that it is closed at once, without a line.
    mutating func acceptClient(_ client: Endpoint, onPort port: UInt16) -> Socket? {
        // While AT+CIPCLOSE=5 closes all links a new one would keep it from its end (inferred).
        guard session.server.isListening(on: port), !session.links.isClosingAll, let id = session.links.firstFree
        else { return nil }
        let socket = Socket(number: chip.nextNumber())
        session.links[id] = Link(accepted: socket, from: client, localPort: port)
        linkIsActive(id)
        session.links.connectionIsOpen()
        putLinkLine(id, "CONNECT")
        return socket
    }

    /// Data came or was acknowledged: the client's time starts anew (reference 3.7).
    mutating func linkIsActive(_ id: LinkID) {
        session.links[id].wasActive(at: now)
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
