import ATEngine
import ATPrimitives

/// The network and the air of a simulation: it remembers what the module has asked and answers as it pleases, also late,
/// wrongly or not at all.
struct RandomWorld {
    /// One socket, from the effect that opens it to the event or effect that ends it.
    struct Connection {
        enum State {
            case connecting
            case open
            /// The module has sent FIN.
            case closing
            case datagrams
        }

        let socket: Socket
        let link: LinkID
        let remote: Endpoint
        var state: State
        var isUnacknowledged = false
        /// What is at the other end of a connection of AT+CIUPDATE.
        var server: UpdateServer?
    }

    private(set) var connections: [Connection] = []
    private(set) var ports: [UInt16] = []
    private var lookups: [Lookup] = []
    private var pings: [Ping] = []
    private var isScanning = false
    /// An update server has said a whole image.
    private(set) var hasServedImage = false
    /// The request of the station, as long as it may still be answered.
    private var request: JoinRequest?

    static let stationAddress = IPv4Address(10, 0, 0, 100)

    /// The link id of AT+CIUPDATE's connections, which no host sees.
    private static let upgradeLink: LinkID = 5

    /// The links that a host can have, as far as they would show in CIPSTATUS once the module is at rest.
    var openLinks: [Connection] {
        connections.filter { $0.state != .connecting && $0.link != Self.upgradeLink }
    }

    /// Takes note of what the module asks for.
    mutating func perform(_ effect: Effect) throws(Violation) {
        switch effect {
        case .resolve(let lookup, _): lookups.append(lookup)
        case .connect(let link, let socket, let remote, _):
            connections.append(Connection(socket: socket, link: link, remote: remote, state: .connecting))
        case .open(let link, let socket, let remote, _):
            connections.append(Connection(socket: socket, link: link, remote: remote, state: .datagrams))
        case .send(_, let socket, _, _):
            let index = try index(of: socket, "sends on")
            if connections[index].state == .open { connections[index].isUnacknowledged = true }
        case .close(_, let socket):
            let index = try index(of: socket, "closes")
            if connections[index].state == .datagrams {
                connections.remove(at: index)
            } else {
                connections[index].state = .closing
            }
        case .abort(_, let socket), .release(_, let socket):
            connections.remove(at: try index(of: socket, "gives up"))
        case .listen(let port):
            ports.append(port)
            guard ports.count == 1 else { throw Violation("the module listens on ports \(ports)") }
        case .unlisten(let port): try stopListening(on: port)
        case .ping(let ping, _): pings.append(ping)
        case .scan: isScanning = true
        case .join(let request): self.request = request
        case .leave: request = nil
        case .radioOff:
            request = nil
            isScanning = false
        case .stationAddress, .softAP, .line, .erase, .write, .restart, .sleep: break
        }
    }

    /// Without power the module has no answer to come.
    mutating func forgetQuestions() {
        lookups = []
        pings = []
        isScanning = false
        request = nil
    }

    private func index(of socket: Socket, _ verb: String) throws(Violation) -> Int {
        guard let index = connections.firstIndex(where: { $0.socket == socket }) else {
            throw Violation("the module \(verb) socket \(socket.number), which is no more")
        }
        return index
    }

    private mutating func stopListening(on port: UInt16) throws(Violation) {
        guard let index = ports.firstIndex(of: port) else {
            throw Violation("the module stops listening on port \(port), where it does not")
        }
        ports.remove(at: index)
    }

    /// A firmware that has ended has let go of its sockets, those on their way out aside: the module knows nothing of
    /// them any more.
    func expectGone(_ sockets: [Socket]) throws(Violation) {
        for connection in connections where connection.state != .closing && sockets.contains(connection.socket) {
            throw Violation("socket \(connection.socket.number) outlives the firmware that opened it")
        }
    }
}

// What the world does.
extension RandomWorld {
    /// Answers one thing that the module waits for, well more often than badly; false if there is none.
    mutating func answer(_ engine: inout Engine, _ choices: inout Choices, at now: Instant) -> Bool {
        if !lookups.isEmpty {
            let address = choices.chance(75) ? IPv4Address(10, 0, 0, UInt8(choices.number(in: 1...5))) : nil
            engine.handle(.resolved(lookups.removeFirst(), address), at: now)
        } else if !pings.isEmpty {
            let ping = pings.removeFirst()
            if choices.chance(75) { engine.handle(.pong(ping, milliseconds: choices.number(below: 900)), at: now) }
        } else if isScanning {
            isScanning = false
            engine.handle(choices.chance(90) ? .scanned(accessPoints(&choices)) : .scanRefused, at: now)
        } else if let request {
            self.request = nil
            engine.handle(.station(outcome(of: request, &choices)), at: now)
        } else {
            return answerConnection(&engine, &choices, at: now)
        }
        return true
    }

    private mutating func answerConnection(
        _ engine: inout Engine, _ choices: inout Choices, at now: Instant
    ) -> Bool {
        for index in connections.indices {
            let socket = connections[index].socket
            switch connections[index].state {
            case .connecting:
                if choices.chance(80) {
                    connections[index].state = .open
                    engine.handle(.connected(socket), at: now)
                } else {
                    connections.remove(at: index)
                    engine.handle(choices.chance(50) ? .reset(socket) : .unreachable(socket), at: now)
                }
            case .closing:
                connections.remove(at: index)
                if choices.chance(50) { engine.handle(.acknowledged(socket), at: now) }
                engine.handle(.closed(socket), at: now)
            case .open where connections[index].isUnacknowledged:
                connections[index].isUnacknowledged = false
                engine.handle(.acknowledged(socket), at: now)
            case .open where connections[index].link == Self.upgradeLink:
                guard serveUpgrade(&engine, &choices, at: index, now) else { continue }
            case .open, .datagrams: continue
            }
            return true
        }
        return false
    }

    /// The update server says its next piece, or ends; false if it does neither.
    private mutating func serveUpgrade(
        _ engine: inout Engine, _ choices: inout Choices, at index: Int, _ now: Instant
    ) -> Bool {
        var server = connections[index].server ?? UpdateServer(&choices)
        let hasActed = server.act(on: connections[index], &engine, at: now)
        hasServedImage = hasServedImage || server.hasServedImage
        connections[index].server = server
        if hasActed == nil { connections.remove(at: index) }
        return hasActed ?? true
    }

    /// Does something that nobody asked for: payload, a client, an end, a station, or an event of nothing.
    mutating func act(_ engine: inout Engine, _ choices: inout Choices, at now: Instant) {
        switch choices.number(below: 10) {
        case 0...3: deliver(&engine, &choices, at: now)
        case 4...5: connectClient(&engine, &choices, at: now)
        case 6: endConnection(&engine, &choices, at: now)
        case 7: moveStation(&engine, &choices, at: now)
        case 8: engine.handle(.station(choices.pick([.lost, .associated, .notFound, .unleased])), at: now)
        default: sendStray(&engine, &choices, at: now)
        }
    }

    private mutating func deliver(_ engine: inout Engine, _ choices: inout Choices, at now: Instant) {
        // An update server's words are counted, so it has only its own.
        let ready = connections.filter {
            ($0.state == .open || $0.state == .datagrams) && $0.link != Self.upgradeLink
        }
        guard !ready.isEmpty else { return }
        let connection = choices.pick(ready)
        let payload = choices.letters(choices.pick([1, 5, 100, 1460, 1472, 1473, 4000]))
        _ = engine.deliver(payload.span, on: connection.socket, from: connection.remote, at: now)
    }

    private mutating func connectClient(_ engine: inout Engine, _ choices: inout Choices, at now: Instant) {
        guard !ports.isEmpty else { return }
        let client = Endpoint(address: IPv4Address(10, 0, 0, 9), port: UInt16(choices.number(in: 1...65535)))
        guard let socket = engine.accept(from: client, onPort: choices.pick(ports), at: now),
            let link = engine.link(of: socket)
        else { return }
        connections.append(Connection(socket: socket, link: link, remote: client, state: .open))
    }

    private mutating func endConnection(_ engine: inout Engine, _ choices: inout Choices, at now: Instant) {
        guard !connections.isEmpty else { return }
        let index = choices.number(below: connections.count)
        let connection = connections[index]
        switch connection.state {
        case .open where choices.chance(50):
            engine.handle(.finished(connection.socket), at: now)
        case .open, .connecting, .closing:
            connections.remove(at: index)
            engine.handle(.reset(connection.socket), at: now)
        case .datagrams: break
        }
    }

    private mutating func moveStation(_ engine: inout Engine, _ choices: inout Choices, at now: Instant) {
        let mac = MACAddress(value: UInt64(choices.number(in: 1...6)))
        if choices.chance(60) {
            engine.handle(.stationJoined(mac, IPv4Address(192, 168, 4, UInt8(choices.number(in: 2...5)))), at: now)
        } else {
            engine.handle(.stationLeft(mac), at: now)
        }
    }

    /// Events of sockets, lookups and pings that are no more, or never were.
    private func sendStray(_ engine: inout Engine, _ choices: inout Choices, at now: Instant) {
        let number = UInt32(1_000_000 + choices.number(below: 5))
        let socket = Socket(number: number)
        let events: [Event] = [
            .connected(socket), .unreachable(socket), .acknowledged(socket), .finished(socket), .reset(socket),
            .closed(socket), .resolved(Lookup(number: number), .loopback), .pong(Ping(number: number), milliseconds: 1),
            .scanned([]), .scanRefused,
        ]
        engine.handle(choices.pick(events), at: now)
    }

    private func outcome(of request: JoinRequest, _ choices: inout Choices) -> StationProgress {
        if choices.chance(70) {
            return request.address == nil
                ? .leased(
                    Self.stationAddress, mask: IPv4Address(255, 255, 255, 0), gateway: IPv4Address(10, 0, 0, 1))
                : .associated
        }
        return choices.pick([.unleased, .wrongPassword, .notFound, .refused, .lost])
    }

    private func accessPoints(_ choices: inout Choices) -> [ScannedAccessPoint] {
        (0..<choices.number(below: 4)).map { index in
            ScannedAccessPoint(
                ssid: choices.letters(choices.number(below: 32)), bssid: MACAddress(value: UInt64(index)),
                channel: UInt8(choices.number(in: 1...14)), rssi: -60, security: choices.pick(Security.allCases))
        }
    }
}
