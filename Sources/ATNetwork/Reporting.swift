import ATPrimitives
import NIOCore

/// What carries a socket of the module.
enum Carrier {
    case tcp(TCPConnection)
    case udp(DatagramLink)
    /// Nothing; that has still to be told.
    case refused

    func abort() {
        switch self {
        case .tcp(let connection): connection.abort()
        case .udp(let link): link.close()
        case .refused: break
        }
    }

    func release() {
        switch self {
        case .tcp(let connection): connection.release()
        case .udp(let link): link.close()
        case .refused: break
        }
    }

    /// Whether it is a UDP link that hears what is sent to this port of the host's loopback.
    func hearsLoopback(onPort port: UInt16) -> Bool {
        guard case .udp(let link) = self else { return false }
        return link.sockets.contains { $0.hearsLoopback(onPort: port) }
    }

    func moveOn() {
        switch self {
        case .tcp(let connection): connection.moveOn()
        case .udp(let link): link.moveOn()
        case .refused: break
        }
    }
}

extension HostNetwork {
    /// Whether a UDP link hears what is sent to this port of the host's loopback.
    public func hearsLoopback(onPort port: UInt16) -> Bool {
        carriers.values.contains { $0.hearsLoopback(onPort: port) }
    }
}

// How the delegate is told. SwiftNIO answers some calls before they return (a write that fails closes the channel, a
// connection to loopback may be there at once), and the module is busy while it calls. So what arises inside a call waits
// for the next tick of the loop; all else is told at once, which keeps the way of each byte short.
extension HostNetwork {
    func beginCall() { callDepth += 1 }
    func endCall() { callDepth -= 1 }

    func report(_ report: Report) {
        if callDepth == 0, reports.isEmpty, isAttached || report.socket == nil { return deliver(report) }
        reports.append(report)
        if isAttached || report.socket == nil { scheduleFlush() }
    }

    func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.assumeIsolated().execute { self.flush() }
    }

    private func flush() {
        isFlushScheduled = false
        // Only what is there now: what the module causes by being told comes with the next tick.
        for _ in 0..<reports.count {
            guard let report = reports.next(attached: isAttached) else { break }
            deliver(report)
        }
        let (sockets, all) = (wakeUps, wakesAll)
        wakeUps.removeAll(keepingCapacity: true)
        wakesAll = false
        if all {
            let clients = arrivals
            arrivals = []
            for client in clients { client.introduce() }
            for socket in carriers.keys.sorted(by: { $0.number < $1.number }) { carriers[socket]?.moveOn() }
            moveServersOn()
        } else {
            for socket in sockets.sorted(by: { $0.number < $1.number }) { carriers[socket]?.moveOn() }
        }
        if !reports.isEmpty, isAttached { scheduleFlush() }
    }

    private func deliver(_ report: Report) {
        if let socket = report.socket { return deliver(report, on: socket) }
        switch report {
        case .resolved(let lookup, let address): delegate?.hostNetwork(resolved: lookup, to: address)
        case .pong(let ping, let milliseconds): delegate?.hostNetwork(pong: ping, milliseconds: milliseconds)
        case .serving(let port, let host): delegate?.hostNetwork(serving: port, at: host)
        case .stoppedServing(let port): delegate?.hostNetwork(stoppedServing: port)
        case .cannotServe(let port, let error): delegate?.hostNetwork(cannotServe: port, error: error)
        case .datagramPort(let port, let host): delegate?.hostNetwork(datagramPort: port, at: host)
        default: break
        }
    }

    private func deliver(_ report: Report, on socket: Socket) {
        // A report that comes late finds no socket.
        guard let carrier = carriers[socket] else { return }
        switch (report, carrier) {
        case (.connected, .tcp(let connection)):
            delegate?.hostNetwork(connected: socket)
            connection.begin()
        case (.acknowledged, _): delegate?.hostNetwork(acknowledged: socket)
        case (.finished, .tcp(let connection)) where connection.isInUse: delegate?.hostNetwork(finished: socket)
        case (.unreachable, _):
            carriers[socket] = nil
            delegate?.hostNetwork(unreachable: socket)
        case (.reset, _):
            carriers[socket] = nil
            delegate?.hostNetwork(reset: socket)
        case (.closed, _):
            carriers[socket] = nil
            delegate?.hostNetwork(closed: socket)
        default: break
        }
    }
}
