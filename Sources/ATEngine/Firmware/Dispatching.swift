import ATPrimitives

// Who is told what: the timers and the events of the world.
extension Engine {
    /// The time of a timer has come.
    mutating func fire(_ timer: Timer) {
        switch timer {
        case .restart: endSession()
        case .joinLook: lookAtJoin()
        case .transparentFlush: flushTransparent()
        case .transparentReconnect: redialTransparent()
        case .addressCheck: checkAddress()
        case .lineChange: applyLineChange()
        case .upgradeStep: upgradeStepEnded()
        case .upgradeTotal: endUpgrade(isDone: false)
        case .link(.phase, let id): phaseEnded(id)
        case .link(.closePoll, let id): pollClosing(id)
        case .link(.idle, let id): startClosing(id, isAwaited: false)
        case .ping(let slot): pingTimerFired(slot)
        }
    }

    /// A phase of a link has lasted as long as it may.
    private mutating func phaseEnded(_ id: LinkID) {
        switch session.links[id].phase {
        case .free: break
        case .resolving: linkResolved(id, to: nil)
        case .connecting:
            effects.append(.abort(id, session.links[id].socket))
            linkRefused(id)
        case .refused(let dialler): reportRefused(id, dialledBy: dialler)
        case .open:
            effects.append(.abort(id, session.links[id].socket))
            linkReset(id)
        case .broken: reportBroken(id)
        case .closing: giveUpClosing(id)
        }
    }

    /// An event of the world goes to whom it concerns.
    mutating func dispatch(_ event: Event) {
        switch event {
        case .resolved(let lookup, let address):
            if let id = session.links.id(of: lookup) {
                linkResolved(id, to: address)
            } else if let slot = session.pings.slot(of: lookup) {
                pingResolved(slot, to: address)
            } else if session.upgrade.state == .resolving(lookup) {
                upgradeResolved(to: address)
            }
        case .connected(let socket): withLink(socket, upgrade: { $0.upgradeConnected() }) { $0.linkConnected($1) }
        case .unreachable(let socket): withLink(socket, upgrade: { $0.upgradeReset() }) { $0.linkUnreachable($1) }
        case .acknowledged(let socket):
            withLink(socket, upgrade: { $0.upgradeAcknowledged() }) { $0.linkAcknowledged($1) }
        case .finished(let socket): withLink(socket, upgrade: { $0.upgradeFinished() }) { $0.linkFinished($1) }
        case .reset(let socket): withLink(socket, upgrade: { $0.upgradeReset() }) { $0.linkReset($1) }
        case .closed(let socket): withLink(socket, upgrade: { $0.upgradeReset() }) { $0.linkClosed($1) }
        case .pong(let ping, let milliseconds):
            if let slot = session.pings.slot(of: ping) { pingReplied(slot, milliseconds: milliseconds) }
        case .scanned(let found): scanEnded(found)
        case .scanRefused: scanEnded(nil)
        case .station(let progress): stationProgressed(progress)
        case .stationJoined(let mac, let address): session.softAP.add(SoftAP.Client(mac: mac, address: address))
        case .stationLeft(let mac): session.softAP.remove(mac)
        case .power: break
        }
    }

    /// Tells the link, or the upgrade, that a socket belongs to.
    private mutating func withLink(
        _ socket: Socket, upgrade: (inout Engine) -> Void, _ body: (inout Engine, LinkID) -> Void
    ) {
        if let id = session.links.id(of: socket) {
            body(&self, id)
        } else if session.upgrade.socket == socket {
            upgrade(&self)
        }
    }
}
