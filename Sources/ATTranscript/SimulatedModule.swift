import ATAir
import ATEngine
import ATPrimitives
import ATWorld

/// A module on the engine with an air, a world and a clock of its own: what a case runs against.
///
/// After each input the module is brought to rest: effects reach the air and the world, their answers come back, all at
/// the same instant, until nobody has anything to say. Then only time, or the script, can change anything.
struct SimulatedModule {
    /// The module's station MAC (transcript format leaves it open; this is the example of the contract).
    static let mac = MACAddress(value: 0x18FE_3400_0001)
    /// Random numbers are the same in every run.
    static let seed: UInt64 = 1
    /// How long a boot may take before the case is given up.
    static let bootLimit = Interval.seconds(10)
    /// How many exchanges there may be at one instant. A 2048-byte CIPSEND takes about ten.
    static let exchangeLimit = 100_000
    /// How many deadlines one wait may pass; a day of a 20 ms timer has fewer.
    static let deadlineLimit = 5_000_000
    /// How many links a module has: five, and the one of an upgrade.
    static let linkCount = 6
    /// How much output is fetched in one call, in bytes.
    private static let outputChunk = 4096

    var engine: Engine
    var air: Air
    var world = World()
    let radio: Air.Radio
    /// The sockets that were last seen on each link.
    var sockets = [Socket?](repeating: nil, count: linkCount)
    /// Access points by name, as the script knows them.
    var accessPoints: [(ssid: [UInt8], id: AccessPoint.ID)] = []
    var erasesFlashAtPowerOn = false
    private(set) var now = Instant.zero
    private var output: [UInt8] = []
    var requests: [ModuleRequest] = []
    /// Batches that the module could not take yet, each from one `>` line.
    private var heldInput: [[UInt8]] = []

    /// Makes a fresh module and boots it; what it says meanwhile is thrown away.
    /// - Throws: `ScriptFailure` if it does not get ready.
    init(firmware: Firmware, timing: Timing) throws(ScriptFailure) {
        engine = Engine(
            firmware: firmware, flash: FlashImage(),
            options: Options(mac: Self.mac, timing: timing, bugs: [], seed: Self.seed))
        air = Air(seed: Self.seed, delays: .shipped)
        radio = air.attach()
        try boot()
    }

    /// What the module has said since the last call.
    mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// What the module has asked for since the last call.
    mutating func takeRequests() -> [ModuleRequest] {
        defer { requests = [] }
        return requests
    }

    /// The host sends a batch. What the module cannot take now waits, as on a lossless port.
    mutating func send(_ batch: [UInt8]) throws(ScriptFailure) {
        if !batch.isEmpty { heldInput.append(batch) }
        try settle()
    }

    /// Lets time pass. A deadline that falls on the end is inside.
    mutating func wait(_ length: Interval) throws(ScriptFailure) {
        let end = now + length
        var passed = 0
        while let deadline = nextDeadline, deadline <= end {
            passed += 1
            guard passed <= Self.deadlineLimit else { throw .restless }
            try move(to: deadline)
        }
        try move(to: end)
    }

    /// Brings everything to rest at this instant.
    mutating func settle() throws(ScriptFailure) {
        for _ in 0..<Self.exchangeLimit {
            performEffects()
            if collectOutput() { continue }
            guard exchange() else { return }
        }
        throw .restless
    }

    // MARK: Inside

    private var nextDeadline: Instant? {
        guard let ofEngine = engine.nextDeadline else { return air.nextDeadline }
        return air.nextDeadline.map { min($0, ofEngine) } ?? ofEngine
    }

    private mutating func boot() throws(ScriptFailure) {
        let ready = [UInt8]("ready\r\n".utf8)
        engine.handle(.power(.on), at: now)
        try settle()
        while output.suffix(ready.count) != ready[...] {
            guard let deadline = nextDeadline, deadline <= .zero + Self.bootLimit else { throw .doesNotBoot }
            try move(to: deadline)
        }
        output = []
        requests = []
    }

    private mutating func move(to instant: Instant) throws(ScriptFailure) {
        now = max(now, instant)
        air.advance(to: now)
        try settle()
    }

    /// One thing that somebody has to say at this instant; false if nobody has. What comes from outside goes before the
    /// module's own timers, and new bytes from the host come last.
    private mutating func exchange() -> Bool {
        if let event = world.nextEvent() {
            engine.handle(Event(event), at: now)
        } else if let (_, event) = air.nextEvent() {
            engine.handle(Event(event), at: now)
        } else if let deadline = air.nextDeadline, deadline <= now {
            air.advance(to: now)
        } else if let deadline = engine.nextDeadline, deadline <= now {
            engine.advance(to: now)
        } else {
            return Self.offerPayload(of: &world, to: &engine, at: now) || offerInput()
        }
        return true
    }

    private static func offerPayload(of world: inout World, to engine: inout Engine, at now: Instant) -> Bool {
        world.offerPayload { payload, socket, sender in
            engine.deliver(payload.span, on: socket, from: sender, at: now)
        }
    }

    private mutating func offerInput() -> Bool {
        guard let batch = heldInput.first, engine.receiveCapacity > 0 else { return false }
        let count = engine.receive(batch.span, at: now)
        if count == batch.count {
            heldInput.removeFirst()
        } else {
            heldInput[0].removeFirst(count)
        }
        return count > 0
    }

    /// - Returns: whether anything came. Taking it may let the firmware go on.
    private mutating func collectOutput() -> Bool {
        var chunk: [UInt8] = []
        engine.withOutput(max: Self.outputChunk) { span in
            chunk.reserveCapacity(span.count)
            for index in span.indices { chunk.append(span[index]) }
            return span.count
        }
        output += chunk
        return !chunk.isEmpty
    }
}

/// Why a script cannot go on.
enum ScriptFailure: Error, Hashable {
    case doesNotBoot
    /// Effects and answers go round in a circle, or timers without end.
    case restless
    case noConnection(LinkID)
    case peerHasClosed(LinkID)
    case tooMuchPending(LinkID)
    case accessPoint(AccessPointRefusal)
    case stationRefused
    case stationUnknown

    /// A clause for a difference.
    var problem: String {
        switch self {
        case .doesNotBoot: "the module does not get ready after power-on"
        case .restless: "the module and the world do not come to rest"
        case .noConnection(let link): "link \(link) of the module has no connection"
        case .peerHasClosed(let link): "the peer of link \(link) has closed already"
        case .tooMuchPending(let link): "too many bytes wait for the module on link \(link)"
        case .stationRefused: "the module has no softAP that this station could join"
        case .stationUnknown: "this station has not joined the module's softAP"
        case .accessPoint(let refusal): "the air refuses this access point: \(refusal)"
        }
    }
}
