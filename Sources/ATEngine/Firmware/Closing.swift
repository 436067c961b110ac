import ATPrimitives

// How a link ends: by the far end's FIN, by an error, by CIPCLOSE, by the server's end or its timeout
// (reference 2.23, 3.6, 3.7, 3.10).
extension Engine {
    /// The far end has sent FIN; the module closes its side at once.
    mutating func linkFinished(_ id: LinkID) {
        guard session.links[id].isOpen else { return }
        let link = session.links[id]
        effects.append(.close(id, link.socket))
        if session.parser.isTransparent, id == 0 {
            session.transparent.linkIsGone()
            if firmware.policy.reconnectsAfterFin {
                free(id)
                return transparentLinkLost(link.remote)
            }
        }
        putLinkLine(id, "CLOSED")
        free(id)
        if !options.bugs.contains(.finBeforeAck) { failSending(on: link.socket) }
        continueClosingAll()
    }

    /// The payload that waits for its ACK on a socket that is no more has not arrived.
    private mutating func failSending(on socket: Socket) {
        guard session.parser.isSending(on: socket) else { return }
        put(firmware.texts.sendFailed)
        session.parser.payloadEnded()
    }

    /// The connection is gone by RST or by silence; the line follows a moment later.
    mutating func linkReset(_ id: LinkID) {
        switch session.links[id].phase {
        case .connecting: linkRefused(id)
        case .open:
            session.links[id].broke()
            limitPhase(of: id, to: delays.errorReport)
        case .closing: linkClosed(id)
        case .free, .resolving, .refused, .broken: break
        }
    }

    mutating func reportBroken(_ id: LinkID) {
        let link = session.links[id]
        if session.parser.isTransparent, id == 0 {
            session.transparent.linkIsGone()
            forget(id)
            return transparentLinkLost(link.remote)
        }
        // Quirk: the id is printed in single mode too, and a server link's end is called a failed connect.
        putLinkLine(id, link.role == .client ? "CLOSED" : "CONNECT FAIL", showsID: true)
        free(id)
        if session.parser.isSending(on: link.socket) {
            if link.role == .client { put(firmware.texts.sendFailed) }
            session.parser.payloadEnded()
        } else if link.role == .server {
            forceIdleIfBugged()
        }
        continueClosingAll()
    }

    /// Sends FIN. The line comes when the stack, which looks every 125 ms, finds both sides closed.
    mutating func startClosing(_ id: LinkID, isAwaited: Bool) {
        let phase = session.links[id].phase
        session.links[id].startClosing(isAwaited: isAwaited)
        if case .closing = phase { return }
        limitPhase(of: id, to: delays.retransmission)
        session.timers.stop(.link(.idle, id))
        if delays.closePoll > .zero { session.timers.start(.link(.closePoll, id), at: now + delays.closePoll) }
        if phase == .broken {
            linkClosed(id)
        } else {
            effects.append(.close(id, session.links[id].socket))
        }
    }

    /// Both sides are closed.
    mutating func linkClosed(_ id: LinkID) {
        guard session.links[id].isClosing else { return }
        session.links[id].closed()
        limitPhase(of: id, to: nil)
        if delays.closePoll == .zero { finishClosing(id) }
    }

    mutating func pollClosing(_ id: LinkID) {
        if case .closing(_, isClosed: true) = session.links[id].phase {
            finishClosing(id)
        } else {
            session.timers.start(.link(.closePoll, id), at: now + delays.closePoll)
        }
    }

    /// The far end does not close its side, or does not answer at all.
    mutating func giveUpClosing(_ id: LinkID) {
        effects.append(.abort(id, session.links[id].socket))
        finishClosing(id)
    }

    private mutating func finishClosing(_ id: LinkID) {
        let link = session.links[id]
        putLinkLine(id, "CLOSED")
        free(id)
        // AT+CIPSTO does not wait for an ACK.
        failSending(on: link.socket)
        if case .closing(isAwaited: true, _) = link.phase {
            putOK()
            // Quirk: closing a link that the server accepted leaves the parser busy (bug close-server-link).
            if link.role == .client || !options.bugs.contains(.closeServerLink) { session.parser.commandEnded() }
        }
        continueClosingAll()
    }

    /// AT+CIPCLOSE of one link.
    mutating func closeLink(_ id: LinkID) -> Outcome {
        if session.links[id].transport == .udp {
            closeDatagrams(id)
            return .ok
        }
        startClosing(id, isAwaited: true)
        return .pending
    }

    private mutating func closeDatagrams(_ id: LinkID) {
        // After the bug event-forces-idle the name may still be looked up.
        if session.links[id].hasSocket { effects.append(.close(id, session.links[id].socket)) }
        putLinkLine(id, "CLOSED")
        free(id)
    }

    /// AT+CIPCLOSE=5: the server's clients together, the others one after the other.
    mutating func closeAllLinks() -> Outcome {
        guard session.links.enabledCount > 0 else { return .ok }
        guard !session.server.isRunning || firmware.policy.closesAllWithServer else { return .ok }
        session.links.startClosingAll()
        for id in Links.ids where session.links[id].isServerClient && session.links[id].isOpen {
            startClosing(id, isAwaited: false)
        }
        continueClosingAll()
        return .pending
    }

    /// The walk of AT+CIPCLOSE=5 goes on from the end of each TCP link.
    private mutating func continueClosingAll() {
        guard session.links.isClosingAll else { return }
        for id in Links.ids where session.links[id].role == .client {
            let link = session.links[id]
            if link.isOpen && link.transport == .udp {
                closeDatagrams(id)
            } else if link.isOpen {
                session.links.closesClient()
                return startClosing(id, isAwaited: false)
            } else if link.isClosing {
                return
            }
        }
        guard session.links.enabledCount == 0 else { return }
        let hasClosedClient = session.links.endClosingAll()
        putOK()
        let hangs = options.bugs.contains(.closeServerLink) && session.server.isRunning && hasClosedClient
        if !hangs { session.parser.commandEnded() }
    }
}
