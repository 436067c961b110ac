import ATPrimitives

/// What AT+CIPSTART asks for.
struct ConnectionRequest: Sendable {
    var id: LinkID = 0
    var transport = Transport.tcp
    var host: [UInt8] = []
    var port: UInt16 = 0
    /// UDP: the local port; nil means any.
    var localPort: UInt16?
    var udpMode = 0
}

// How a link comes about: a name is looked up, the handshake runs, the answer is printed (reference 2.21, 3.4).
extension Engine {
    /// Starts what CIPSTART asks for. A literal address leaves the parser free, a name holds it.
    mutating func openLink(_ request: ConnectionRequest) throws(Refusal) -> Outcome {
        let id = request.id
        guard session.links[id].isFree else { throw firmware.texts.alreadyConnected }
        session.timers.stop(.transparentReconnect)
        let address = IPv4Address(inet: request.host)
        var link = Link()
        link.transport = request.transport
        link.socket = Socket(number: chip.nextNumber())
        link.remote = Endpoint(address: address ?? .any, port: request.port)
        link.udpMode = request.udpMode
        if let port = request.localPort, request.transport == .udp {
            guard !session.links.usesPort(port, .udp) else { return refuseAtOnce(id) }
            link.localPort = port
        } else {
            link.localPort = randomPort(request.transport)
        }
        if link.transport == .udp && request.port == 0 { link.remote.port = randomPort(.udp) }
        link.peer = link.remote
        guard address == nil else {
            session.links[id] = link
            return link.transport == .tcp ? dial(id) : openDatagrams(id)
        }
        link.isAwaited = true
        session.links[id] = link
        let lookup = Lookup(number: chip.nextNumber())
        setPhase(.resolving(lookup), of: id, for: delays.lookup)
        let name = effects.payload(request.host)
        effects.append(.resolve(lookup, name: name))
        return .pending
    }

    /// The resolver's answer for a link; nil is none, or none in time.
    mutating func linkResolved(_ id: LinkID, to address: IPv4Address?) {
        guard let address else {
            session.links[id] = Link()
            session.timers.stop(.link(.phase, id))
            finish(.refused(.text("DNS Fail")))
            return
        }
        session.links[id].remote.address = address
        session.links[id].peer.address = address
        if session.links[id].transport == .udp {
            session.links[id].isAwaited = false
            return finish(openDatagrams(id))
        }
        let outcome = dial(id)
        if case .silent = outcome { return }
        if options.bugs.contains(.lookupRefused) {
            putError()
        } else {
            finish(outcome)
        }
    }

    /// Sends SYN, or says that there is no way.
    private mutating func dial(_ id: LinkID) -> Outcome {
        guard hasRoute(to: session.links[id].remote.address) else {
            if options.bugs.contains(.connectSilent), session.mode == .both, session.station.isIdle {
                session.links[id] = Link()
                return .silent
            }
            return refuseAtOnce(id)
        }
        let link = session.links[id]
        setPhase(.connecting, of: id, for: delays.handshake)
        effects.append(.connect(id, link.socket, to: link.remote, localPort: link.localPort))
        return .silent
    }

    /// The IP layer has no way for it: the id is printed in single mode too (reference 3.10).
    private mutating func refuseAtOnce(_ id: LinkID) -> Outcome {
        session.links[id] = Link()
        session.timers.stop(.link(.phase, id))
        putLinkLine(id, "CONNECT Failed", showsID: true)
        return .error
    }

    private mutating func openDatagrams(_ id: LinkID) -> Outcome {
        let link = session.links[id]
        setPhase(.open, of: id, for: nil)
        session.links.wasOpenSinceAddress = true
        effects.append(.open(id, link.socket, to: link.remote, localPort: link.localPort))
        putLinkLine(id, "CONNECT", showsID: true)
        return .ok
    }

    /// Dials for transparent mode, without a word (reference 3.8, 5.4).
    mutating func dialSilently(_ remote: Endpoint) {
        var link = Link()
        link.socket = Socket(number: chip.nextNumber())
        link.remote = remote
        link.peer = remote
        link.localPort = randomPort(.tcp)
        link.isSilent = true
        session.links[0] = link
        setPhase(.connecting, of: 0, for: delays.handshake)
        effects.append(.connect(0, link.socket, to: remote, localPort: link.localPort))
    }

    /// Whether any interface leads to `address`: the softAP to its own /24, and everywhere in mode 2; the station once it
    /// has an address (reference 3.4).
    func hasRoute(to address: IPv4Address) -> Bool {
        switch session.mode {
        case .softAP: true
        case .station: session.station.hasAddress
        case .both:
            session.station.hasAddress
                || Subnet(containing: session.softAP.address, prefixLength: 24).contains(address)
        }
    }

    /// The handshake is done.
    mutating func linkConnected(_ id: LinkID) {
        guard session.links[id].phase == .connecting else { return }
        let link = session.links[id]
        setPhase(.open, of: id, for: nil)
        session.links[id].isAwaited = false
        session.links[id].lastActivity = now
        session.links.status = 3
        session.links.wasOpenSinceAddress = true
        guard !link.isSilent else { return session.transparent.linkIsBack() }
        putLinkLine(id, "CONNECT")
        putOK()
        if link.isAwaited { session.parser.state = .idle }
        forceIdleIfBugged()
    }

    /// No way leads there, says the world: nothing was sent.
    mutating func linkUnreachable(_ id: LinkID) {
        guard session.links[id].phase == .connecting else { return }
        guard !session.links[id].isSilent else { return linkRefused(id) }
        let isAwaited = session.links[id].isAwaited
        _ = refuseAtOnce(id)
        putError()
        if isAwaited && !options.bugs.contains(.lookupRefused) { session.parser.state = .idle }
    }

    /// RST in answer to SYN, or no answer at all.
    mutating func linkRefused(_ id: LinkID) {
        setPhase(.refused, of: id, for: delays.errorReport)
    }

    /// A failed connect prints ERROR and then the close line (reference 3.4).
    mutating func reportRefused(_ id: LinkID) {
        let link = session.links[id]
        if link.isSilent {
            let remote = link.remote
            free(id)
            return transparentLinkLost(remote)
        }
        putError()
        putLinkLine(id, "CLOSED")
        free(id)
        if link.isAwaited { session.parser.state = .idle }
    }

    /// Bug event-forces-idle: a "sent" or "connected" event throws away what the host has half typed.
    mutating func forceIdleIfBugged() {
        if options.bugs.contains(.eventForcesIdle) { session.parser.state = .idle }
    }
}
