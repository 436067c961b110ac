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
        let socket = Socket(number: chip.nextNumber())
        var remote = Endpoint(address: address ?? .any, port: request.port)
        let localPort: UInt16
        if let port = request.localPort, request.transport == .udp {
            guard !session.links.usesPort(port, .udp) else { return refuseAtOnce(id) }
            localPort = port
        } else {
            localPort = randomPort(request.transport)
        }
        if request.transport == .udp && request.port == 0 { remote.port = randomPort(.udp) }
        session.links[id] = Link(request.transport, socket, to: remote, localPort: localPort, udpMode: request.udpMode)
        guard address == nil else { return request.transport == .tcp ? dial(id, by: .address) : openDatagrams(id) }
        let lookup = Lookup(number: chip.nextNumber())
        session.links[id].lookUp(lookup)
        limitPhase(of: id, to: delays.lookup)
        let name = effects.payload(request.host)
        effects.append(.resolve(lookup, name: name))
        return .pending
    }

    /// The resolver's answer for a link; nil is none, or none in time.
    mutating func linkResolved(_ id: LinkID, to address: IPv4Address?) {
        guard let address else {
            forget(id)
            finish(.refused(.text("DNS Fail")))
            return
        }
        session.links[id].found(address)
        guard session.links[id].transport == .tcp else { return finish(openDatagrams(id)) }
        let outcome = dial(id, by: .name)
        if case .silent = outcome { return }
        if options.bugs.contains(.lookupRefused) {
            putError()
        } else {
            finish(outcome)
        }
    }

    /// Sends SYN, or says that there is no way.
    private mutating func dial(_ id: LinkID, by dialler: Link.Dialler) -> Outcome {
        guard hasRoute(to: session.links[id].remote.address) else {
            if options.bugs.contains(.connectSilent), session.mode == .both, session.station.isIdle {
                forget(id)
                return .silent
            }
            return refuseAtOnce(id)
        }
        sendSYN(id, by: dialler)
        return .silent
    }

    private mutating func sendSYN(_ id: LinkID, by dialler: Link.Dialler) {
        session.links[id].dialled(by: dialler)
        limitPhase(of: id, to: delays.handshake)
        let link = session.links[id]
        effects.append(.connect(id, link.socket, to: link.remote, localPort: link.localPort))
    }

    /// The IP layer has no way for it: the id is printed in single mode too (reference 3.10).
    private mutating func refuseAtOnce(_ id: LinkID) -> Outcome {
        forget(id)
        putLinkLine(id, "CONNECT Failed", showsID: true)
        return .error
    }

    private mutating func openDatagrams(_ id: LinkID) -> Outcome {
        session.links[id].opened()
        limitPhase(of: id, to: nil)
        session.links.datagramsAreOpen()
        let link = session.links[id]
        effects.append(.open(id, link.socket, to: link.remote, localPort: link.localPort))
        putLinkLine(id, "CONNECT", showsID: true)
        return .ok
    }

    /// Dials for transparent mode, without a word (reference 3.8, 5.4).
    mutating func dialSilently(_ remote: Endpoint) {
        let socket = Socket(number: chip.nextNumber())
        session.links[0] = Link(.tcp, socket, to: remote, localPort: randomPort(.tcp))
        sendSYN(0, by: .transparentMode)
    }

    /// Whether any interface leads to `address`: the softAP to its own /24, and everywhere in mode 2; the station once it
    /// has an address (reference 3.4).
    func hasRoute(to address: IPv4Address) -> Bool {
        switch session.mode {
        case .softAP: true
        case .station: session.station.hasAddress
        case .both:
            session.station.hasAddress
                || Subnet(ofSoftAP: session.softAP.address).contains(address)
        }
    }

    /// The handshake is done.
    mutating func linkConnected(_ id: LinkID) {
        guard let dialler = session.links[id].connected(at: now) else { return }
        limitPhase(of: id, to: nil)
        session.links.connectionIsOpen()
        guard dialler != .transparentMode else { return session.transparent.linkIsBack() }
        putLinkLine(id, "CONNECT")
        putOK()
        if dialler == .name { session.parser.commandEnded() }
        forceIdleIfBugged()
    }

    /// No way leads there, says the world: nothing was sent.
    mutating func linkUnreachable(_ id: LinkID) {
        guard case .connecting(let dialler) = session.links[id].phase else { return }
        guard dialler != .transparentMode else { return linkRefused(id) }
        _ = refuseAtOnce(id)
        putError()
        if dialler == .name && !options.bugs.contains(.lookupRefused) { session.parser.commandEnded() }
    }

    /// RST in answer to SYN, or no answer at all.
    mutating func linkRefused(_ id: LinkID) {
        session.links[id].refused()
        limitPhase(of: id, to: delays.errorReport)
    }

    /// A failed connect prints ERROR and then the close line (reference 3.4).
    mutating func reportRefused(_ id: LinkID, dialledBy dialler: Link.Dialler) {
        if dialler == .transparentMode {
            let remote = session.links[id].remote
            free(id)
            return transparentLinkLost(remote)
        }
        putError()
        putLinkLine(id, "CLOSED")
        free(id)
        if dialler == .name { session.parser.commandEnded() }
    }

    /// Bug event-forces-idle: a "sent" or "connected" event throws away what the host has half typed.
    mutating func forceIdleIfBugged() {
        if options.bugs.contains(.eventForcesIdle) { session.parser.forceIdle() }
    }
}
