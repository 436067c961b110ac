import ATEngine
import ATPrimitives

/// A module between a random host and a random world, with a clock: it carries effects to the world, output to the host,
/// and looks at what must always hold.
struct Stage {
    /// The most output that may wait for a host that does not read: what the firmware may still print when 125 bytes
    /// are waiting already (an echoed payload of 2048 bytes, or the lines of a scan), the clients' lines that
    /// `Server.outputLimit` lets in, and the ring of transparent mode, in bytes.
    static let outputLimit = 16_384
    /// The most effects of one call: those of the 21 lines whose OKs fill the FIFO until the CPU waits, each with the
    /// four of a stored setting and two of the radio, and those of a restart.
    static let effectLimit = 150
    /// How many deadlines may pass before the module counts as restless.
    static let deadlineLimit = 400_000
    /// How many times effects, output and answers may follow one another at one instant.
    private static let exchangeLimit = 100_000

    let firmware: Firmware
    let options: Options
    var choices: Choices
    var engine: Engine
    var world = RandomWorld()
    private(set) var now = Instant.zero
    /// The flash as its effects have made it.
    private(set) var mirror = FlashImage()
    /// What the host has read since it last looked.
    private(set) var heard: [UInt8] = []
    /// A host that does not read leaves its output where it is.
    var isReading = true
    /// All output and effects so far as one number: two runs of one seed have the same.
    private(set) var trace: UInt64 = 0xCBF2_9CE4_8422_2325
    private var hasWrittenRunningImage = false
    private let startsWithForeignFlash: Bool
    /// The clock is looked at no more often than this.
    private let grain: Interval

    init(choices: Choices) {
        var choices = choices
        let flash = choices.chance(10) ? FlashImage.foreign(&choices) : FlashImage()
        let firmware = choices.pick(Firmware.all)
        let isBuggy = choices.chance(10) && firmware.identifier.utf8CodeUnitCount == 4
        var options = Options(
            mac: MACAddress(value: 0x18FE_3400_0001), timing: choices.pick(Timing.allCases),
            bugs: isBuggy ? choices.pick([.strict, [.strict, .eventForcesIdle]]) : [],
            seed: UInt64(choices.number(below: 1 << 16)))
        options.printsBootText = choices.chance(25)
        options.isStrictUART = choices.chance(20)
        options.isWakeWired = choices.chance(75)
        grain = options.timing == .hardware ? choices.pick([.milliseconds(1), .milliseconds(10)]) : .zero
        engine = Engine(firmware: firmware, flash: flash, options: options)
        mirror = flash
        startsWithForeignFlash = flash != FlashImage()
        self.firmware = firmware
        self.options = options
        self.choices = choices
    }

    /// Another module of the same kind with this one's flash, without power.
    func restarted() -> Stage {
        var other = self
        other.engine = Engine(firmware: firmware, flash: mirror, options: options)
        other.world = RandomWorld()
        return other
    }

    /// What the host has read since the last call.
    mutating func takeHeard() -> [UInt8] {
        defer { heard = [] }
        return heard
    }

    // MARK: Input

    /// Bytes from the host as one batch.
    /// - Returns: how many the module took.
    mutating func offer(_ bytes: [UInt8]) throws(Violation) -> Int {
        let count = engine.receive(bytes.span, at: now)
        guard (0...bytes.count).contains(count) else { throw Violation("receive took \(count) of \(bytes.count)") }
        try pump()
        return count
    }

    /// All of `bytes`, however long the module takes over them.
    mutating func send(_ bytes: [UInt8]) throws(Violation) {
        var rest = bytes
        while true {
            rest.removeFirst(try offer(rest))
            if rest.isEmpty { return }
            guard let deadline = engine.nextDeadline else {
                throw Violation("\(rest.count) bytes are not taken, and the module waits for nothing")
            }
            try move(to: max(deadline, now + grain))
        }
    }

    mutating func power(_ event: PowerEvent) throws(Violation) {
        let hadPower = engine.isRunning
        let sockets = world.connections.map(\.socket)
        engine.handle(.power(event), at: now)
        try pump()
        if hadPower && event.endsFirmware { try world.expectGone(sockets) }
        if !engine.isRunning { world.forgetQuestions() }
    }

    /// The world answers one question.
    mutating func answer() throws(Violation) -> Bool {
        let hasAnswered = world.answer(&engine, &choices, at: now)
        try pump()
        return hasAnswered
    }

    mutating func act() throws(Violation) {
        world.act(&engine, &choices, at: now)
        try pump()
    }

    // MARK: Time

    mutating func wait(_ interval: Interval) throws(Violation) {
        let end = now + interval
        var passed = 0
        while let deadline = engine.nextDeadline, deadline <= end {
            passed += 1
            guard passed < Self.deadlineLimit else { throw Violation("the module is restless") }
            try move(to: min(max(deadline, now + grain), end))
            if now == end { break }
        }
        try move(to: end)
    }

    /// The world answers everything and time passes until nothing is under way.
    mutating func settle() throws(Violation) {
        for _ in 0..<Self.deadlineLimit {
            if try answer() { continue }
            if engine.isQuiet && !engine.hasEffects { return }
            guard let deadline = engine.nextDeadline else {
                throw Violation("the module is busy, and waits for nothing")
            }
            try move(to: max(deadline, now + grain))
        }
        throw Violation("the module does not come to rest")
    }

    private mutating func move(to instant: Instant) throws(Violation) {
        now = max(now, instant)
        engine.advance(to: now)
        try pump()
    }

    // MARK: Output

    /// Effects, then output, until there is neither.
    mutating func pump() throws(Violation) {
        for _ in 0..<Self.exchangeLimit {
            try performEffects()
            guard isReading, try read() else { return }
        }
        throw Violation("effects and output have no end")
    }

    private mutating func performEffects() throws(Violation) {
        var effects: [Effect] = []
        while let effect = engine.nextEffect() {
            record(effect)
            effects.append(effect)
        }
        guard effects.count <= Self.effectLimit else { throw Violation("\(effects.count) effects of one call") }
        let sockets = world.connections.map(\.socket)
        for effect in effects { try world.perform(effect) }
        if effects.contains(where: \.endsFirmware) { try world.expectGone(sockets) }
        if effects.contains(where: \.isOfFlash), mirror != engine.flash {
            throw Violation("the flash effects do not make the flash that the module has")
        }
    }

    /// - Returns: whether there was something to read.
    private mutating func read() throws(Violation) -> Bool {
        var offered = 0
        var taken: [UInt8] = []
        let most = choices.isExhausted || choices.chance(80) ? Int.max : choices.number(in: 1...64)
        engine.withOutput(max: .max) { span in
            offered = span.count
            for index in 0..<min(most, span.count) { taken.append(span[index]) }
            return taken.count
        }
        guard offered <= Self.outputLimit else { throw Violation("\(offered) bytes of output wait") }
        heard += taken
        for byte in taken { note(UInt64(byte)) }
        return offered > 0
    }

    private mutating func record(_ effect: Effect) {
        note(UInt64(bitPattern: now.microseconds))
        switch effect {
        case .erase(let sector):
            note(UInt64(sector))
            // The sectors of an image are not the engine's to keep.
            guard FlashImage.sectors.contains(sector) else { return noteImageSector(sector) }
            mirror[sector: sector] = [UInt8](repeating: 0xFF, count: FlashImage.sectorSize)
        case .write(let address, let payload):
            let (sector, offset) = address.quotientAndRemainder(dividingBy: FlashImage.sectorSize)
            guard FlashImage.sectors.contains(sector) else { return noteImageSector(sector) }
            var bytes = mirror[sector: sector]
            engine.withPayload(payload) { span in
                for index in span.indices { bytes[offset + index] &= span[index] }
            }
            for byte in bytes[..<16] { note(UInt64(byte)) }
            mirror[sector: sector] = bytes
        case .send(let link, let socket, let payload, _):
            note(UInt64(link) << 32 | UInt64(socket.number))
            note(UInt64(payload.count))
        case .connect(let link, let socket, _, let port), .open(let link, let socket, _, let port):
            note(UInt64(link) << 48 | UInt64(port) << 32 | UInt64(socket.number))
        default: note(1)
        }
    }

    private mutating func noteImageSector(_ sector: Int) {
        note(UInt64(sector))
        if !Self.imageSectors(runningImage == 1 ? 2 : 1).contains(sector) { hasWrittenRunningImage = true }
    }

    private static func imageSectors(_ image: Int) -> Range<Int> { image == 1 ? 0x01..<0x3D : 0x41..<0x7C }

    /// The image that the flash would start now.
    private var runningImage: Int {
        guard case .settings(let settings) = SettingsReport(of: mirror).system.current.content else { return 1 }
        return settings.runningImage
    }

    /// Only a whole image is ever started, and none is written while it runs.
    func checkImages() throws(Violation) {
        guard !hasWrittenRunningImage else { throw Violation("the image that runs was written, or what is no image") }
        guard runningImage == 1 || world.hasServedImage || startsWithForeignFlash
        else { throw Violation("image \(runningImage) would start, which has never come") }
    }

    /// FNV-1a over numbers.
    private mutating func note(_ number: UInt64) {
        trace = (trace ^ number) &* 0x0000_0100_0000_01B3
    }
}

extension PowerEvent {
    /// A firmware that runs does so no more, or from its start.
    fileprivate var endsFirmware: Bool {
        switch self {
        case .off, .cycle, .reset, .watchdog, .brownout, .holdReset: true
        case .on, .releaseReset, .pullGPIO0, .releaseGPIO0: false
        }
    }
}

extension Effect {
    fileprivate var endsFirmware: Bool {
        switch self {
        case .restart, .sleep: true
        default: false
        }
    }

    fileprivate var isOfFlash: Bool {
        switch self {
        case .erase, .write: true
        default: false
        }
    }
}
