import ATAir
import ATEngine
import ATPrimitives
import ATWorld

@testable import ATSimulation

/// One random life of three modules that can reach one another, and what must hold in it.
///
/// Their hosts send what they like, when they like; the access point changes and goes; the power fails. After each of
/// these the lab must come to rest. At the end each module is brought to rest: it must answer AT. Without power nothing
/// is left that would ever happen.
struct Crowd {
    static let moduleCount = 3
    private static let steps = 60
    private static let ssid = Array("home".utf8)
    private static let peer = Endpoint(address: IPv4Address(93, 184, 216, 34), port: 80)

    private var lab: SimulatedLab
    private var random: RandomSource
    private var modules: [SimulatedLab.ModuleID] = []
    private var accessPoint: AccessPoint.ID?
    /// All that the modules have said.
    private(set) var heard: [HostedLab.Utterance] = []

    init(seed: UInt64) {
        lab = SimulatedLab(seed: seed)
        random = RandomSource(seed: seed)
        let firmware: Firmware = random.chance(25) ? .manual021 : .shipped021
        let timing: Timing = random.chance(10) ? .hardware : .firmware
        for number in 0..<Self.moduleCount {
            let description = ModuleDescription(
                name: "module-\(number)", firmware: firmware, timing: timing, seed: seed)
            modules.append(lab.add(description))
        }
    }

    mutating func run() throws(Violation) {
        try act { lab throws(SimulationFailure) in try lab.boot() }
        lab.setPeer(Self.peer, .accepts)
        lab.setAnswer(.address(Self.peer.address), for: Array("cloud.example".utf8))
        try putUpAccessPoint()
        for number in modules.indices where random.chance(70) { try play(RandomScene.introduction(of: number)) }
        for _ in 0..<Self.steps { try step() }
        try calmDown()
        for module in modules { try expectAnswer(of: module) }
        try switchOff()
    }

    private mutating func step() throws(Violation) {
        let module = random.pick(modules)
        switch random.number(below: 100) {
        case ..<35: try play(RandomScene.scene(of: Self.moduleCount, &random))
        case ..<60:
            try send(RandomCommand.line(&random), to: module)
            if random.chance(60) { try wait(random.pick([.milliseconds(5), .seconds(1), .seconds(4)])) }
        case ..<64: try send(RandomCommand.spoiledLine(&random), to: module)
        case ..<70: try send(random.letters(random.pick([1, 5, 40, 700, 2048])), to: module)
        case ..<74: try sendEscape(to: module)
        case ..<90: try wait(random.pick(Self.pauses))
        case ..<93: try changeAccessPoint()
        case ..<95: try moveStation(module)
        case ..<97: try movePeer(module)
        default:
            let event = random.pick([PowerEvent.off, .on, .on, .cycle, .reset, .watchdog, .brownout])
            try act { lab throws(SimulationFailure) in try lab.power(event, of: module) }
        }
    }

    /// What belongs together, unless something else comes between.
    private mutating func play(_ scene: [RandomScene.Line]) throws(Violation) {
        if let first = scene.first, random.chance(70) {
            try sendEscape(to: modules[first.module])
            try send([], to: modules[first.module])
        }
        for line in scene {
            try offer(line.bytes, to: modules[line.module])
            try wait(line.pause)
            if random.chance(5) { try step() }
        }
    }

    private static let pauses: [Interval] = [
        .zero, .microseconds(90), .milliseconds(1), .milliseconds(20), .milliseconds(125), .seconds(1), .seconds(4),
        .seconds(25),
    ]

    private mutating func sendEscape(to module: SimulatedLab.ModuleID) throws(Violation) {
        try wait(.milliseconds(25))
        try offer(Array("+++".utf8), to: module)
        try wait(.milliseconds(25))
    }
}

// The world around them.
extension Crowd {
    private mutating func putUpAccessPoint() throws(Violation) {
        var description = AccessPoint(
            ssid: Self.ssid, password: Array("secret12".utf8),
            subnet: Subnet(containing: IPv4Address(10, 0, 0, 0), prefixLength: 24))
        if random.chance(50) {
            description.link = LinkSettings(
                latency: .milliseconds(5), jitter: .milliseconds(20), bandwidth: 100_000, lossPerMillion: 50_000)
        }
        var id: AccessPoint.ID?
        try act { lab throws(SimulationFailure) in id = try lab.addAccessPoint(description) }
        accessPoint = id
    }

    private mutating func changeAccessPoint() throws(Violation) {
        guard let id = accessPoint else { return try putUpAccessPoint() }
        let choice = random.number(below: 6)
        if choice == 0 {
            accessPoint = nil
            return try act { lab throws(SimulationFailure) in try lab.removeAccessPoint(id) }
        }
        let loss = UInt32(random.number(below: 1_000_001))
        let rssi = -Int8(random.number(in: 30...100))
        try act { lab throws(SimulationFailure) in
            try lab.changeAccessPoint(id) { accessPoint in
                switch choice {
                case 1: accessPoint.rssi = rssi
                case 2: accessPoint.link.lossPerMillion = loss
                case 3: accessPoint.capacity = 1
                case 4: accessPoint.fading = 20
                default: accessPoint.link = LinkSettings(latency: .seconds(1), jitter: .seconds(1))
                }
            }
        }
    }

    /// A station that is no module comes or goes; a module without a softAP has none.
    private mutating func moveStation(_ module: SimulatedLab.ModuleID) throws(Violation) {
        let mac = MACAddress(value: 0x5ECF_7F00_0000 | UInt64(random.number(below: 6)))
        let joins = random.chance(60)
        try act(allowing: [.stationRefused, .stationUnknown]) { lab throws(SimulationFailure) in
            if joins {
                try lab.stationJoins(mac, softAPOf: module)
            } else {
                try lab.stationLeaves(mac, softAPOf: module)
            }
        }
    }

    /// The scripted peer of one of a module's links says something or ends, if it has a link to it.
    private mutating func movePeer(_ module: SimulatedLab.ModuleID) throws(Violation) {
        let link = LinkID(random.number(below: 5))
        let action = random.pick([PeerAction.sends(random.letters(3000)), .closes, .resets, .stopsReading])
        try act(allowing: [.noConnection(link), .peerHasClosed(link), .tooMuchPending(link)]) {
            lab throws(SimulationFailure) in try lab.perform(action, onLink: link, of: module)
        }
    }
}

// The end of the story.
extension Crowd {
    /// Lets all that is under way come to its end.
    private mutating func calmDown() throws(Violation) {
        for module in modules {
            try act { lab throws(SimulationFailure) in try lab.power(.on, of: module) }
        }
        try wait(.seconds(200))
    }

    private mutating func expectAnswer(of module: SimulatedLab.ModuleID) throws(Violation) {
        // A payload has at most 2048 bytes, so three pieces complete any.
        for _ in 0..<4 {
            if !lab.engine(of: module).isRunning {
                try act { lab throws(SimulationFailure) in try lab.power(.reset, of: module) }
                try wait(.seconds(2))
            }
            try sendEscape(to: module)
            try offer([UInt8(ascii: "\n")], to: module)
            try wait(.seconds(10))
            let before = heard.count
            try send(Array("AT".utf8), to: module)
            try wait(.seconds(1))
            let answer = heard[before...].filter { $0.module == module }.flatMap(\.bytes)
            if answer.suffix(6) == Array("\r\nOK\r\n".utf8)[...] { return }
            try offer([UInt8](repeating: UInt8(ascii: "x"), count: 700), to: module)
            try wait(.seconds(1))
        }
        throw Violation("\(lab.name(of: module)) does not answer AT any more")
    }

    private mutating func switchOff() throws(Violation) {
        for module in modules {
            try act { lab throws(SimulationFailure) in try lab.power(.off, of: module) }
        }
        // Longer than any packet is under way.
        try wait(.seconds(10))
        guard let deadline = lab.nextDeadline else { return }
        throw Violation("nobody has power, and something is due at \(deadline)")
    }
}

// What is done to the lab.
extension Crowd {
    private mutating func send(_ line: [UInt8], to module: SimulatedLab.ModuleID) throws(Violation) {
        try offer(line + Array("\r\n".utf8), to: module)
    }

    private mutating func offer(_ bytes: [UInt8], to module: SimulatedLab.ModuleID) throws(Violation) {
        try act { lab throws(SimulationFailure) in try lab.send(bytes, to: module) }
    }

    private mutating func wait(_ length: Interval) throws(Violation) {
        try act { lab throws(SimulationFailure) in try lab.wait(length) }
    }

    /// Does something and writes down what the modules say to it.
    private mutating func act(
        allowing allowed: [SimulationFailure] = [],
        _ body: (inout SimulatedLab) throws(SimulationFailure) -> Void
    ) throws(Violation) {
        do throws(SimulationFailure) {
            try body(&lab)
        } catch  where allowed.contains(error) {
        } catch {
            throw Violation("\(error), at \(lab.now)")
        }
        for module in modules {
            let bytes = lab.takeOutput(of: module)
            if !bytes.isEmpty { heard.append(HostedLab.Utterance(time: lab.now, module: module, bytes: bytes)) }
        }
    }
}
