import ATAir
import ATEngine
import ATFlash
import ATPrimitives
import ATSerial
import Logging
import NIOCore

/// One module of a running lab: its engine, and around it the port, the network and the flash file. It translates and
/// forwards; what a module is stands in the engine. Everything happens on the lab's event loop.
final class LabModule {
    /// Output is handed to the port in pieces of at most this many bytes.
    static let outputPiece = 4096
    /// While bytes are paced the line is looked at this often: a driver's computer does not see single bytes either, and
    /// at 115200 baud it saves nine of ten wake-ups.
    static let pacingGrain = Interval.milliseconds(1)
    /// The port reads on when there is room for this many bytes, so that a paced line is not read byte by byte.
    static let readingGrain = 1024
    /// From letting go of the reset line to the start. On the boards a capacitor delays it, and esptool counts on that: it
    /// lets go of reset before it pulls GPIO0. Theirs is some 10 ms; a client on the network needs longer for each step.
    static let resetRelease = Interval.milliseconds(150)
    /// How often the host's rate is asked for at most; the question is a system call.
    static let rateCheckInterval = Interval.milliseconds(250)
    /// How long a module whose input has ended may take to finish what is pending.
    static let endLimit = Interval.seconds(60)

    let name: String
    let radio: Air.Radio
    let port: SerialPort
    let network: ModuleNetwork
    let logger: Logger
    unowned let lab: Lab
    var engine: Engine
    let flash: FlashFile?
    let isPaced: Bool
    var alarm: Alarm?
    var releaseAlarm: Alarm?
    /// Sockets with payload that the module did not take.
    var waiting: [Socket] = []
    var portHasInput = false
    var portIsFull = false
    var isPumping = false
    var inputEnds: Instant?
    var hostLine: HostLine
    /// What the host is to hear; the port has taken the bytes before `outputStart`.
    var output: [UInt8] = []
    var outputStart = 0
    /// The flash file can no longer be written: nothing is said and nothing stored from then on.
    var hasFailed = false
    /// The settings at which the firmware ran last, and so those of a host that does not show its own.
    var usualLine = LineSettings.standard
    var hasWarnedOfRate = false
    var nextRateCheck = Instant.zero

    init(
        _ configuration: ModuleConfiguration, engine: Engine, port: SerialPort, network: ModuleNetwork,
        flash: FlashFile?,
        radio: Air.Radio, lab: Lab
    ) {
        name = configuration.name
        self.engine = engine
        self.port = port
        self.network = network
        self.flash = flash
        self.radio = radio
        self.lab = lab
        isPaced = configuration.timing == .real
        hostLine = HostLine(configuration)
        var logger = lab.logger
        logger[metadataKey: "module"] = "\(configuration.name)"
        self.logger = logger
    }

    /// Gives the module power.
    func start() {
        alarm = Alarm(loop: lab.loop, clock: lab.clock) { [unowned self] in
            engine.advance(to: lab.clock.now)
            pump()
        }
        releaseAlarm = Alarm(loop: lab.loop, clock: lab.clock) { [unowned self] in handle(.power(.releaseReset)) }
        port.delegate = self
        network.module = self
        engine.handle(.power(.on), at: lab.clock.now)
        pump()
        port.start()
    }

    /// Takes its power away and closes what it has open; the flash file is safe when the future succeeds.
    func stop() -> EventLoopFuture<Void> {
        engine.handle(.power(.off), at: lab.clock.now)
        pump()
        alarm?.cancel()
        releaseAlarm?.cancel()
        let flash = flash.map { NIOLoopBound($0, eventLoop: lab.loop) }
        return EventLoopFuture.andAllComplete([network.close(), port.close()], on: lab.loop).flatMapThrowing { [name] in
            do {
                try flash?.value.close()
            } catch {
                throw LabError(error, module: name)
            }
        }
    }

    /// Whether the mode has a station, attached or not.
    var hasStation: Bool { engine.interfaces.station != nil }

    /// What the air tells this module.
    func receive(_ event: AirEvent) {
        let now = lab.clock.now
        switch event {
        case .scanned(let found): engine.handle(.scanned(found), at: now)
        case .scanRefused: engine.handle(.scanRefused, at: now)
        case .station(let progress):
            logger.debug("station: \(progress)")
            engine.handle(.station(progress), at: now)
        case .stationJoined(let mac, let address): engine.handle(.stationJoined(mac, address), at: now)
        case .stationLeft(let mac): engine.handle(.stationLeft(mac), at: now)
        }
        pump()
    }

    func handle(_ event: Event) {
        engine.handle(event, at: lab.clock.now)
        pump()
    }

    /// Carries out what the engine asks for and passes on what it says, until there is no more of either.
    func pump() {
        // A radio effect may bring an answer at once; the round that is under way takes it along.
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        // What is offered to a socket that waited is taken in this round too: nobody else would come for it.
        repeat {
            repeat {
                while let effect = engine.nextEffect() { perform(effect) }
                lab.settle()
                // A module that has just joined may ask for a name in the next round.
                network.updateAttachment()
            } while takeOutput() || engine.hasEffects
            port.flush()
        } while letWaitingGoOn()
        if let deadline = engine.nextDeadline { wake(at: deadline) }
        if let inputEnds {
            alarm?.set(for: inputEnds + Self.endLimit)
            endIfQuiet(since: inputEnds)
        }
    }

    func wake(at deadline: Instant) {
        alarm?.set(for: isPaced ? max(deadline, lab.clock.now + Self.pacingGrain) : deadline)
    }

    /// - Returns: whether sockets were offered their payload again, so that there may be something to do.
    func letWaitingGoOn() -> Bool {
        if portHasInput, engine.receiveCapacity >= Self.readingGrain {
            portHasInput = false
            port.resumeReading()
        }
        guard !waiting.isEmpty else { return false }
        let ready = waiting.filter { engine.takesPayload(on: $0) }
        waiting.removeAll { ready.contains($0) }
        for socket in ready { network.resume(socket) }
        return !ready.isEmpty
    }

    func endIfQuiet(since end: Instant) {
        guard (engine.isQuiet && output.isEmpty) || lab.clock.now - end >= Self.endLimit else { return }
        inputEnds = nil
        lab.moduleHasEnded()
    }
}
