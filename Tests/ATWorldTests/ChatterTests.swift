import ATAir
import ATPrimitives
import Testing

@testable import ATWorld

/// Twenty modules that do at random what modules do, with a book of what must hold.
private struct Chatter {
    let stage: NetworkStage
    let radios: [Air.Radio]
    private var script: RandomSource
    /// What each socket was told to send.
    private var sent: [NetworkStage.Place: [UInt8]] = [:]
    /// Sockets that their module knows.
    private var open: [NetworkStage.Place] = []
    /// Sockets on which something may be sent.
    private var connected: Set<NetworkStage.Place> = []
    /// The client's socket of each server's.
    private var clients: [NetworkStage.Place: NetworkStage.Place] = [:]
    /// Sockets of which nothing may be told any more.
    private var ended: Set<NetworkStage.Place> = []
    private(set) var log: [String] = []

    init(seed: UInt64) throws {
        stage = NetworkStage(seed: seed)
        script = RandomSource(seed: seed &+ 99)
        radios = (0..<20).map { [stage] in stage.attach(RadioSettings(standardLatency: .milliseconds(Int64($0 % 3)))) }
        try stage.addAccessPoint("clean")
        try stage.addAccessPoint("dirty") {
            $0.link = LinkSettings(
                latency: .milliseconds(4), jitter: .milliseconds(3), bandwidth: 2_000_000, lossPerMillion: 50_000)
        }
        for radio in radios { join(radio) }
    }

    /// The first joins one, the second the other, every fifth is a softAP too, and two join that of the first.
    private func join(_ radio: Air.Radio) {
        if radio.number % 5 == 0 {
            stage.openSoftAP(
                "soft\(radio.number)", of: radio, address: IPv4Address(192, 168, UInt8(radio.number + 4), 1))
        }
        stage.join(radio, ["clean", "dirty", "soft0"][radio.number < 18 ? radio.number % 2 : 2])
        stage.listen(radio, 80)
    }

    mutating func step() {
        let radio = radios[Int(script.number(below: 20))]
        switch script.number(below: 20) {
        case 0..<4: connect(radio)
        case 4..<12: for _ in 0..<4 { onSomeSocket { $0.send($1) } }
        case 12: onSomeSocket { $0.close($1) }
        case 13: onSomeSocket { $0.end($1) { $0.abort($1.socket, of: $1.radio) } }
        case 14: onSomeSocket { $0.end($1) { $0.release($1.socket, of: $1.radio) } }
        case 15:
            stage.appetite[radio] = [0, 100, 3000, Int.max][Int(script.number(below: 4))]
        case 16: stage.ping(UInt32(script.number(below: 1000)), radio, stage.address(of: someRadio()))
        case 17 where script.number(below: 8) == 0: power(radio)
        default: datagram(radio)
        }
        stage.offerAgain()
        stage.run(for: .microseconds(Int64(script.number(below: 300_000))))
        read()
    }

    /// Everything ends: after a while nothing must be left.
    mutating func end() {
        for radio in radios { stage.appetite[radio] = .max }
        for place in open { end(place) { $0.abort($1.socket, of: $1.radio) } }
        stage.settle()
        read()
    }

    /// What has arrived is what was sent, from its beginning.
    func check() {
        for (server, client) in clients {
            for (from, to) in [(client, server), (server, client)] {
                let received = stage.received[to] ?? []
                #expect((sent[from] ?? []).starts(with: received), "\(from) to \(to)")
            }
        }
    }

    var arrivedCount: Int { clients.keys.reduce(0) { $0 + (stage.received[$1]?.count ?? 0) } }

    private mutating func someRadio() -> Air.Radio { radios[Int(script.number(below: 20))] }

    private mutating func connect(_ radio: Air.Radio) {
        // Mostly somebody of the same network.
        let other = script.number(below: 4) == 0 ? someRadio() : radios[(radio.number + 2) % 18]
        let address = script.number(below: 8) == 0 ? IPv4Address(192, 168, 4, 1) : stage.address(of: other)
        let socket = stage.connect(radio, to: address, script.number(below: 10) == 0 ? 81 : 80)
        open.append(NetworkStage.Place(radio: radio, socket: socket))
        read()
    }

    private mutating func onSomeSocket(_ body: (inout Chatter, NetworkStage.Place) -> Void) {
        guard !open.isEmpty else { return }
        body(&self, open[Int(script.number(below: UInt64(open.count)))])
    }

    private mutating func send(_ place: NetworkStage.Place) {
        read()
        guard connected.contains(place), !ended.contains(place) else { return }
        let bytes = pattern(Int(script.number(below: 2048)) + 1, seed: script.next())
        sent[place, default: []] += bytes
        stage.send(bytes, place.socket, of: place.radio)
    }

    private mutating func close(_ place: NetworkStage.Place) {
        stage.close(place.socket, of: place.radio)
        // What is sent after this must not arrive.
        open.removeAll { $0 == place }
    }

    private mutating func end(
        _ place: NetworkStage.Place, _ body: (NetworkStage, NetworkStage.Place) -> Void
    ) {
        read()
        guard open.contains(place) else { return }
        body(stage, place)
        open.removeAll { $0 == place }
        ended.insert(place)
    }

    private mutating func power(_ radio: Air.Radio) {
        read()
        stage.powerOff(radio)
        let lost = open.filter { $0.radio == radio }
        ended.formUnion(lost)
        open.removeAll { $0.radio == radio }
        join(radio)
    }

    private mutating func datagram(_ radio: Air.Radio) {
        let socket = stage.open(radio, port: 5000)
        stage.send(pattern(50), socket, of: radio, to: Endpoint(address: .broadcast, port: 5000))
        stage.run(for: .milliseconds(5))
        stage.close(socket, of: radio)
    }

    /// Reads what was told: `time radio what socket …`.
    private mutating func read() {
        for event in stage.events() {
            log.append(event)
            let words = event.split(separator: " ")
            guard let radio = Int(words[1]), let number = UInt32(words[3]), words[2] != "pong" else { continue }
            let place = NetworkStage.Place(radio: radios[radio], socket: Socket(number: number))
            #expect(!ended.contains(place), "\(event) after the end")
            switch words[2] {
            case "client":
                open.append(place)
                connected.insert(place)
                guard let port = words[5].split(separator: ":").last.flatMap({ UInt32($0) }) else { continue }
                let owner = radios.first { [stage] radio in
                    let address = IPv4Address(String(words[5].prefix { $0 != ":" }))
                    return address == stage.address(of: radio)
                        || address == IPv4Address(192, 168, UInt8(radio.number + 4), 1)
                }
                guard let owner else { continue }
                clients[place] = NetworkStage.Place(radio: owner, socket: Socket(number: port - 10_000))
            case "connected": connected.insert(place)
            case "reset", "closed", "unreachable":
                open.removeAll { $0 == place }
                ended.insert(place)
            default: break
            }
        }
    }
}

@Suite("Many modules at once")
struct ChatterTests {
    @Test(
        "whatever modules do, streams stay whole, nothing is told after the end and nothing piles up", arguments: 1...12
    )
    func invariants(seed: UInt64) throws {
        var chatter = try Chatter(seed: seed)
        for _ in 0..<600 { chatter.step() }
        chatter.check()
        #expect(chatter.arrivedCount > 100_000)
        #expect(chatter.stage.mostUnderWay < 1_000, "\(chatter.stage.mostUnderWay)")
        chatter.end()
        chatter.check()
        #expect(chatter.stage.network.nextDeadline == nil)
        #expect(chatter.stage.network.nodes.allSatisfy { $0.connections.isEmpty })
        #expect(chatter.stage.network.nextEvent() == nil)
    }

    @Test("the same calls with the same seed bring the same events, and the seed matters")
    func sameSeed() throws {
        let logs = try [UInt64(5), 5, 6].map { seed in
            var chatter = try Chatter(seed: seed)
            for _ in 0..<300 { chatter.step() }
            return chatter.log
        }
        #expect(logs[0].count > 200)
        #expect(logs[0] == logs[1])
        #expect(logs[0] != logs[2])
    }
}
