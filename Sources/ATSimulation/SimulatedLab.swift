import ATAir
import ATEngine
import ATPrimitives
import ATWorld

/// Modules, the air between them and a scripted world behind it, in simulated time.
///
/// Nothing sleeps: time stands still until `wait` moves it, and then jumps from deadline to deadline. After each input the
/// lab is brought to rest: effects reach the air, the network and the worlds, their answers come back, all at the same
/// instant, until nobody has anything to say. What is due at one instant is worked off in a fixed order (see
/// `SimulatedLab+Settling.swift`), so the same calls with the same seeds give the same bytes.
///
/// Each module has a `World` of its own for what the script knows: names, peers, clients. What is addressed to another
/// module goes through the simulated network.
public struct SimulatedLab: Sendable {
    /// One of the modules.
    public struct ModuleID: Sendable, Hashable {
        /// 0 for the first that was added, and so on.
        public let number: Int
    }

    /// How many modules a lab has.
    public static let maximumModules = Air.maximumRadios
    /// How long a boot may take.
    public static let bootLimit = Interval.seconds(10)
    /// How many exchanges there may be at one instant, for each module. A 2048-byte CIPSEND takes about ten.
    static let exchangeLimit = 100_000
    /// How many deadlines one wait may pass, for each module; a day of a 20 ms timer has fewer.
    static let deadlineLimit = 5_000_000
    /// Output that nobody takes fills this many bytes; then it stays in the module, as with a host that does not read.
    public static let outputLimit = 1 << 24
    /// Requests of a module that nobody takes; further ones are not recorded.
    public static let requestLimit = 1 << 20

    /// The one clock; it starts at zero when the lab is made.
    public private(set) var now = Instant.zero
    /// Whether modules reach each other; without, whatever the script does not know is silent.
    let hasNetwork: Bool
    var air: Air
    var network: VirtualNetwork
    /// Each at the number of its radio.
    var modules: [SimulatedModule] = []
    /// When each module's own timers are due.
    var wakeUps = WakeUps()
    /// Modules that something was done to: their effects and output were not fetched yet.
    var touched = ModuleSet()
    /// Modules whose world may have something to tell.
    var unheard = ModuleSet()
    /// Modules that may take payload or input now.
    var offering = ModuleSet()
    /// Modules that have refused payload or input, and are asked again whenever time moves.
    var refusing = ModuleSet()
    /// Modules whose output was not taken.
    var speaking = ModuleSet()
    /// How many single things have happened, for figures of speed.
    package var exchangeCount = 0

    /// An empty lab.
    /// - Parameters:
    ///   - seed: decides everything that is random in the air and the network; modules have seeds of their own.
    ///   - delays: how long things take on the air.
    ///   - hasNetwork: whether modules reach each other.
    public init(seed: UInt64 = 1, delays: AirDelays = .shipped, hasNetwork: Bool = true) {
        air = Air(seed: seed, delays: delays)
        network = VirtualNetwork(seed: seed)
        self.hasNetwork = hasNetwork
    }

    /// Adds a module, without power yet. At most `maximumModules` times.
    /// - Returns: its name in all other calls.
    public mutating func add(_ description: ModuleDescription) -> ModuleID {
        let module = SimulatedModule(description, radio: air.attach(description.radio))
        modules.append(module)
        wakeUps.append()
        return ModuleID(number: modules.count - 1)
    }

    /// The modules, in the order in which they were added.
    public var moduleIDs: [ModuleID] { modules.indices.map { ModuleID(number: $0) } }

    /// What a module is called.
    public func name(of module: ModuleID) -> String { modules[module.number].name }

    /// A module's engine as it is now, to look at.
    public func engine(of module: ModuleID) -> Engine { modules[module.number].engine }

    /// Gives all modules power and waits until each has said `ready`. What they say and ask for meanwhile is thrown away.
    /// - Throws: `SimulationFailure.doesNotBoot` if one does not get ready within `bootLimit`.
    public mutating func boot() throws(SimulationFailure) {
        let end = now + Self.bootLimit
        for index in modules.indices { handle(.power(.on), by: index) }
        try settle()
        while !modules.allSatisfy(\.isReady) {
            guard let deadline = nextDeadline, deadline <= end else { throw .doesNotBoot }
            try move(to: deadline)
        }
        for module in moduleIDs {
            _ = takeOutput(of: module)
            _ = takeRequests(of: module)
        }
    }

    // MARK: The serial lines

    /// The host of a module sends a batch. What the module cannot take now waits, as on a lossless port.
    public mutating func send(_ batch: [UInt8], to module: ModuleID) throws(SimulationFailure) {
        if !batch.isEmpty { modules[module.number].heldInput.append(batch) }
        offering.insert(module.number)
        try settle()
    }

    /// What a module has said since the last call.
    public mutating func takeOutput(of module: ModuleID) -> [UInt8] {
        speaking.remove(module.number)
        // A module whose output was full goes on.
        if modules[module.number].isOutputFull { touched.insert(module.number) }
        return modules[module.number].takeOutput()
    }

    /// What a module has asked for since the last call.
    public mutating func takeRequests(of module: ModuleID) -> [ModuleRequest] {
        modules[module.number].takeRequests()
    }

    // MARK: Time

    /// Lets time pass. A deadline that falls on the end is inside.
    public mutating func wait(_ length: Interval) throws(SimulationFailure) {
        let end = now + length
        var passed = 0
        while let deadline = nextDeadline, deadline <= end {
            passed += 1
            guard passed <= Self.deadlineLimit * max(1, modules.count) else { throw .restless }
            try move(to: deadline)
        }
        try move(to: end)
    }

    /// Lets time pass until a module says something, for hosts that react.
    /// - Parameter end: when to stop at the latest.
    /// - Returns: the first module whose output was not taken; nil if it is `end` and all are silent.
    public mutating func waitForOutput(until end: Instant) throws(SimulationFailure) -> ModuleID? {
        try settle()
        while true {
            if let speaker = speaking.first { return ModuleID(number: speaker) }
            guard let deadline = nextDeadline, deadline <= end else { break }
            try move(to: deadline)
        }
        try move(to: end)
        return speaking.first.map { ModuleID(number: $0) }
    }

    /// When something happens by itself; nil while nothing would.
    public var nextDeadline: Instant? {
        var earliest = wakeUps.first?.time
        if let deadline = air.nextDeadline { earliest = earliest.map { min($0, deadline) } ?? deadline }
        if let deadline = network.nextDeadline { earliest = earliest.map { min($0, deadline) } ?? deadline }
        return earliest
    }

    private mutating func move(to instant: Instant) throws(SimulationFailure) {
        now = max(now, instant)
        air.advance(to: now)
        network.advance(to: now, air: air)
        offering.formUnion(refusing)
        try settle()
    }
}
