import ATAir
import ATPrimitives
import ATWorld
import Testing

@testable import ATSimulation

/// A hall of a hundred modules behind one access point: twenty are servers, each with four clients.
///
/// Every client pings its server, connects, sends five numbered messages, each when the last was acknowledged, and then
/// listens; every fourth one tells all others something by a broadcast.
private struct Hall {
    static let servers = 20
    static let clientsOfServer = 4
    static let messages = 5
    /// After all are connected.
    static let broadcastTime = Interval.seconds(60)
    static let length = Interval.seconds(120)

    var lab: HostedLab
    let serverIDs: [SimulatedLab.ModuleID]
    let clientIDs: [SimulatedLab.ModuleID]

    init(seed: UInt64) throws(SimulationFailure) {
        var lab = SimulatedLab(seed: seed)
        var accessPoint = AccessPoint(
            ssid: Array("hall".utf8), subnet: Subnet(containing: IPv4Address(10, 0, 0, 0), prefixLength: 24),
            capacity: 128)
        accessPoint.link = LinkSettings(latency: .milliseconds(2), jitter: .milliseconds(3))
        _ = try lab.addAccessPoint(accessPoint)
        var modules: [SimulatedLab.ModuleID] = []
        for number in 0..<Self.servers * (1 + Self.clientsOfServer) {
            modules.append(lab.add(ModuleDescription(name: "module\(number)", seed: seed)))
        }
        serverIDs = Array(modules.prefix(Self.servers))
        clientIDs = Array(modules.dropFirst(Self.servers))
        try lab.boot()
        self.lab = HostedLab(lab)
        let start = lab.now
        for (number, module) in serverIDs.enumerated() {
            self.lab.attach(SimulatedHost(Self.server(number), start: start), to: module)
        }
        for (number, module) in clientIDs.enumerated() {
            self.lab.attach(SimulatedHost(Self.client(number), start: start), to: module)
        }
    }

    static func isBroadcaster(_ client: Int) -> Bool { client % clientsOfServer == 0 }
    private static func address(ofServer number: Int) -> String { "10.0.0.\(10 + number)" }

    private static func server(_ number: Int) -> [SimulatedHost.Step] {
        [
            .command("ATE0"), .command("AT+CWMODE=1"), .command("AT+CIPSTA=\"\(address(ofServer: number))\""),
            .command("AT+CWJAP=\"hall\",\"\""), .command("AT+CIPMUX=1"), .command("AT+CIPSERVER=1,80"),
        ]
    }

    private static func client(_ number: Int) -> [SimulatedHost.Step] {
        let server = address(ofServer: number / clientsOfServer)
        var steps: [SimulatedHost.Step] = [
            .command("ATE0"), .command("AT+CWMODE=1"), .command("AT+CWJAP=\"hall\",\"\""), .command("AT+CIPMUX=1"),
            .command("AT+PING=\"\(server)\""),
            .command("AT+CIPSTART=0,\"TCP\",\"\(server)\",80"),
            .command("AT+CIPSTART=1,\"UDP\",\"255.255.255.255\",5000,5000"),
        ]
        for message in 1...messages {
            let text = "\(number).\(message);"
            steps.append(.command("AT+CIPSEND=0,\(text.utf8.count)", until: "> "))
            steps.append(.bytes(text, until: "SEND OK\r\n"))
        }
        guard isBroadcaster(number) else { return steps }
        let text = "all\(number);"
        steps.append(.pause(broadcastTime))
        steps.append(.command("AT+CIPSEND=1,\(text.utf8.count)", until: "> "))
        steps.append(.bytes(text, until: "SEND OK\r\n"))
        return steps
    }

    /// What came in a module's `+IPD`s, for each link.
    func payloads(of module: SimulatedLab.ModuleID) -> [Int: String] {
        var payloads: [Int: String] = [:]
        var rest = lab.transcript(of: module)[...]
        let mark = Array("\r\n+IPD,".utf8)
        while let found = rest.firstRange(of: mark), let colon = rest[found.upperBound...].firstIndex(of: 0x3A) {
            let fields = String(decoding: rest[found.upperBound..<colon], as: UTF8.self).split(separator: ",")
            guard fields.count == 2, let link = Int(fields[0]), let count = Int(fields[1]) else { return [:] }
            payloads[link, default: ""] += String(decoding: rest[(colon + 1)...].prefix(count), as: UTF8.self)
            rest = rest[(colon + 1)...].dropFirst(count)
        }
        return payloads
    }
}

@Suite("A hundred modules")
struct HundredModulesTests {
    @Test("every message arrives once and in order, in two runs the same")
    func hall() throws {
        var hall = try Hall(seed: 7)
        try hall.lab.run(for: Hall.length)
        #expect(hall.lab.isDone)
        for (number, server) in hall.serverIDs.enumerated() {
            let clients = (0..<Hall.clientsOfServer).map { number * Hall.clientsOfServer + $0 }
            let expected = clients.map { client in (1...Hall.messages).map { "\(client).\($0);" }.joined() }
            #expect(Set(hall.payloads(of: server).values) == Set(expected))
        }
        let broadcasters = hall.clientIDs.indices.filter(Hall.isBroadcaster)
        for (number, client) in hall.clientIDs.enumerated() {
            let heard = hall.payloads(of: client)[1, default: ""].split(separator: ";").map(String.init)
            #expect(heard.count == broadcasters.count - (Hall.isBroadcaster(number) ? 1 : 0))
            #expect(Set(heard) == Set(broadcasters.filter { $0 != number }.map { "all\($0)" }))
        }

        var again = try Hall(seed: 7)
        try again.lab.run(for: Hall.length)
        #expect(again.lab.heard == hall.lab.heard)
    }
}
