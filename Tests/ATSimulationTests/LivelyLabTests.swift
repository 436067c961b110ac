import ATAir
import ATPrimitives
import Testing

@testable import ATSimulation

/// Eight modules on a bad radio: two servers and four clients behind an access point that fades and loses packets, and
/// a gateway there with a sensor at its softAP.
private struct LivelyLab {
    static let messages = 6
    static let length = Interval.seconds(240)
    private static let names = [
        "server-0", "server-1", "client-0", "client-1", "client-2", "client-3", "gateway", "sensor",
    ]

    var lab: HostedLab

    init(seed: UInt64) throws(SimulationFailure) {
        var lab = SimulatedLab(seed: seed)
        _ = try lab.addAccessPoint(Self.accessPoint)
        let modules = Self.names.map { lab.add(ModuleDescription(name: $0, timing: .hardware, seed: seed)) }
        try lab.boot()
        self.lab = HostedLab(lab)
        let steps = (0..<2).map(Self.server) + (0..<4).map(Self.client) + [Self.gateway, Self.sensor]
        for (module, steps) in zip(modules, steps) {
            self.lab.attach(SimulatedHost(steps, start: self.lab.lab.now), to: module)
        }
    }

    private static var accessPoint: AccessPoint {
        var accessPoint = AccessPoint(
            ssid: Array("attic".utf8), rssi: -80, password: Array("secret12".utf8),
            subnet: Subnet(containing: IPv4Address(10, 0, 0, 0), prefixLength: 24))
        accessPoint.link = LinkSettings(
            latency: .milliseconds(10), jitter: .milliseconds(20), bandwidth: 250_000, lossPerMillion: 80_000)
        accessPoint.fading = 10
        return accessPoint
    }

    private static let join: [SimulatedHost.Step] = [
        .command("ATE0"), .command("AT+CWMODE=1"), .command("AT+CWJAP=\"attic\",\"secret12\""),
        .command("AT+CIPMUX=1"),
    ]

    private static func server(_ number: Int) -> [SimulatedHost.Step] {
        join + [.command("AT+CIPSTA=\"10.0.0.\(10 + number)\""), .command("AT+CIPSERVER=1,80")]
    }

    private static func client(_ number: Int) -> [SimulatedHost.Step] {
        join + [.pause(.seconds(60)), .command("AT+PING=\"10.0.0.\(10 + number % 2)\"")]
            + talk(to: "10.0.0.\(10 + number % 2)", as: "client \(number)")
    }

    private static let gateway: [SimulatedHost.Step] = [
        .command("ATE0"), .command("AT+CWMODE=3"), .command("AT+CWSAP=\"cellar\",\"measure1\",6,3"),
        .command("AT+CWJAP=\"attic\",\"secret12\""), .command("AT+CIPMUX=1"), .command("AT+CIPSERVER=1,80"),
    ]

    private static let sensor: [SimulatedHost.Step] =
        [
            .pause(.seconds(60)), .command("ATE0"), .command("AT+CWMODE=1"),
            .command("AT+CWJAP=\"cellar\",\"measure1\""), .command("AT+CIPMUX=1"),
        ] + talk(to: "192.168.4.1", as: "sensor")

    private static func talk(to address: String, as name: String) -> [SimulatedHost.Step] {
        let opening = SimulatedHost.Step.command("AT+CIPSTART=0,\"TCP\",\"\(address)\",80")
        return [opening]
            + (1...messages).flatMap { number -> [SimulatedHost.Step] in
                let text = message(number, of: name)
                return [
                    .command("AT+CIPSEND=0,\(text.utf8.count)", until: "> "), .bytes(text, until: "SEND OK\r\n"),
                ]
            }
    }

    /// Long enough that the way back has something to lose, too.
    private static func message(_ number: Int, of name: String) -> String {
        "\(name) says \(number);" + String(repeating: ".", count: 200 * number)
    }
}

@Suite("A lively lab")
struct LivelyLabTests {
    /// What a seed leads to: each word of each module with its time.
    private func story(seed: UInt64) throws -> [HostedLab.Utterance] {
        var lively = try LivelyLab(seed: seed)
        try lively.lab.run(for: LivelyLab.length)
        #expect(lively.lab.isDone)
        return lively.lab.heard
    }

    @Test("gives the same bytes at the same instants on every port each time, and others with another seed")
    func sameSeed() throws {
        let story = try story(seed: 1)
        #expect(try self.story(seed: 1) == story)
        #expect(try self.story(seed: 2) != story)
    }

    @Test("what one module does disturbs no random number of another")
    func streams() throws {
        var ports: [[UInt8]] = []
        for hasNeighbour in [false, true] {
            var lab = SimulatedLab(seed: 5)
            let module = lab.add(ModuleDescription(name: "sensor", seed: 5))
            let neighbour = hasNeighbour ? lab.add(ModuleDescription(name: "neighbour", seed: 5)) : nil
            try lab.boot()
            for command in ["AT+CIPMUX=1", "AT+CIPSTART=0,\"UDP\",\"192.168.4.9\",80", "AT+CIPSTATUS"] {
                if let neighbour { try lab.send(Array("\(command)\r\n".utf8), to: neighbour) }
                try lab.send(Array("\(command)\r\n".utf8), to: module)
                try lab.wait(.seconds(1))
            }
            ports.append(lab.takeOutput(of: module))
        }
        #expect(ports[0] == ports[1])
        #expect(ports[0].firstRange(of: Array("+CIPSTATUS:0,\"UDP\"".utf8)) != nil)
    }
}
