import ATAir
import ATEngine
import ATFlash
import ATNetwork
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
    let network: HostNetwork
    let logger: Logger
    private unowned let lab: Lab
    private var engine: Engine
    private let flash: FlashFile?
    private let isPaced: Bool
    private var alarm: Alarm?
    private var releaseAlarm: Alarm?
    /// Sockets with payload that the module did not take.
    private var waiting: [Socket] = []
    private var portHasInput = false
    private var portIsFull = false
    private var isPumping = false
    private var inputEnds: Instant?
    private var hostLine: HostLine
    /// What the host is to hear; the port has taken the bytes before `outputStart`.
    private var output: [UInt8] = []
    private var outputStart = 0
    /// The flash file can no longer be written: nothing is said and nothing stored from then on.
    private var hasFailed = false
    /// The settings at which the firmware ran last, and so those of a host that does not show its own.
    private var usualLine = LineSettings.standard
    private var hasWarnedOfRate = false
    private var nextRateCheck = Instant.zero

    init(
        _ configuration: ModuleConfiguration, engine: Engine, port: SerialPort, network: HostNetwork, flash: FlashFile?,
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
        network.delegate = self
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

    private func handle(_ event: Event) {
        engine.handle(event, at: lab.clock.now)
        pump()
    }

    /// Carries out what the engine asks for and passes on what it says, until there is no more of either.
    private func pump() {
        // A radio effect may bring an answer at once; the round that is under way takes it along.
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        repeat {
            while let effect = engine.nextEffect() { perform(effect) }
            lab.settleAir()
            // A module that has just joined may ask for a name in the next round.
            network.setAttached(routes.isAttached)
        } while takeOutput() || engine.hasEffects
        port.flush()
        letWaitingGoOn()
        if let deadline = engine.nextDeadline { wake(at: deadline) }
        if let inputEnds {
            alarm?.set(for: inputEnds + Self.endLimit)
            endIfQuiet(since: inputEnds)
        }
    }

    private func wake(at deadline: Instant) {
        alarm?.set(for: isPaced ? max(deadline, lab.clock.now + Self.pacingGrain) : deadline)
    }

    /// Output goes through a buffer of our own: the port may call back while it is written to, and must not find the
    /// engine in the middle of something.
    /// - Returns: whether there was any.
    private func takeOutput() -> Bool {
        guard !hasFailed else { return false }
        writeOutput()
        guard output.isEmpty else { return false }
        let (line, isBootText) = (engine.line, !engine.isRunning)
        let host = hostLine.mattersToHost(isBootText: isBootText) ? hostSettings : line
        engine.withOutput(max: Self.outputPiece) { bytes in
            if let heard = hostLine.heardByHost(bytes, module: line, host: host, isBootText: isBootText) {
                output += heard
            } else {
                bytes.withUnsafeBufferPointer { output.append(contentsOf: $0) }
            }
            return bytes.count
        }
        if engine.outputCount == 0, let last = hostLine.heardByHostAtRest() { output.append(last) }
        guard !output.isEmpty else { return false }
        writeOutput()
        return true
    }

    private func writeOutput() {
        guard !portIsFull, outputStart < output.count else { return }
        outputStart += port.write(output.span.extracting(outputStart...))
        portIsFull = outputStart < output.count
        guard !portIsFull else { return }
        output.removeAll(keepingCapacity: true)
        outputStart = 0
    }

    /// How the host's UART is set: what its port shows, else as the module usually is.
    private var hostSettings: LineSettings { port.clientLine ?? usualLine }

    /// Without a strict UART a wrong rate does no harm, but the host's author will want to know.
    private func warnOfRate() {
        let now = lab.clock.now
        guard !hasWarnedOfRate, engine.isRunning, now >= nextRateCheck else { return }
        nextRateCheck = now + Self.rateCheckInterval
        let host = hostSettings
        guard !host.looksLike(engine.line) else { return }
        hasWarnedOfRate = true
        logger.warning(
            "the host is set to \(host.baud) baud and the module to \(engine.line.baud): a real one would hear garbage")
    }

    private func letWaitingGoOn() {
        if portHasInput, engine.receiveCapacity >= Self.readingGrain {
            portHasInput = false
            port.resumeReading()
        }
        guard !waiting.isEmpty else { return }
        let ready = waiting.filter { engine.takesPayload(on: $0) }
        waiting.removeAll { ready.contains($0) }
        for socket in ready { network.resume(socket) }
    }

    private func endIfQuiet(since end: Instant) {
        guard (engine.isQuiet && output.isEmpty) || lab.clock.now - end >= Self.endLimit else { return }
        inputEnds = nil
        lab.moduleHasEnded()
    }

    private var routes: RoutingTable {
        let interfaces = engine.interfaces
        return RoutingTable(
            station: lab.air.network(of: radio), stationAddress: interfaces.station, softAPAddress: interfaces.softAP)
    }

    /// The way to a far end, as the host's network knows it; nil when nobody answers there.
    private func way(to remote: Endpoint) -> Endpoint? {
        switch routes.route(to: remote.address) {
        case .host(let address): Endpoint(address: address, port: remote.port)
        case .nowhere: nil
        }
    }
}

// What the engine asks for.
extension LabModule {
    private func perform(_ effect: Effect) {
        let now = lab.clock.now
        switch effect {
        case .resolve(let lookup, let name):
            engine.withPayload(name) { bytes in
                network.resolve(lookup, name: bytes.withUnsafeBufferPointer { Array($0) })
            }
        case .connect(_, let socket, let remote, _):
            if let way = way(to: remote) { network.connect(socket, to: remote, via: way) }
        case .open(_, let socket, let remote, let localPort):
            // A link whose far end is nowhere can still be written to, from the host.
            let way = way(to: remote) ?? Endpoint(address: .loopback, port: remote.port)
            network.open(socket, to: remote, via: way, localPort: localPort)
        case .send(_, let socket, let payload, let remote):
            let way = way(to: remote)
            engine.withPayload(payload) { network.send(socket, $0, to: remote, via: way) }
        case .close(_, let socket): network.close(socket)
        case .abort(_, let socket): network.abort(socket)
        case .release(_, let socket): network.release(socket)
        case .listen(let port): network.listen(port: port)
        case .unlisten(let port): network.unlisten(port: port)
        case .ping(let ping, let address):
            if case .host(let actual) = routes.route(to: address) { network.ping(ping, to: actual) }
        case .scan(let filter): lab.air.scan(filter, by: radio, at: now)
        case .join(let request): lab.air.join(request, by: radio, at: now)
        case .leave: lab.air.leave(radio, at: now)
        case .stationAddress(let address): lab.air.setAddress(address, of: radio, at: now)
        case .softAP(let settings): lab.air.setSoftAP(settings, of: radio, at: now)
        case .radioOff: lab.air.powerOff(radio, at: now)
        case .line(let settings):
            port.setLine(settings)
            if engine.isRunning { usualLine = settings }
            hasWarnedOfRate = false
            nextRateCheck = .zero
            logger.debug("line: \(settings.baud) baud")
        case .erase(let sector): writeFlash { flash throws(FlashFileError) in try flash.erase(sector: sector) }
        case .write(let address, let payload):
            let bytes = engine.withPayload(payload) { $0.withUnsafeBufferPointer { Array($0) } }
            writeFlash { flash throws(FlashFileError) in try flash.write(address: address, bytes.span) }
        case .restart: logger.info("restart")
        case .sleep: logger.info("deep sleep")
        }
    }

    /// A change that does not reach the file ends the lab: the OK that confirms it must not be seen.
    private func writeFlash(_ change: (FlashFile) throws(FlashFileError) -> Void) {
        guard let flash, !hasFailed else { return }
        do throws(FlashFileError) {
            try change(flash)
        } catch {
            hasFailed = true
            lab.fail(LabError(error, module: name))
        }
    }
}

extension LabModule: SerialPortDelegate {
    var receiveCapacity: Int {
        let capacity = engine.receiveCapacity
        if capacity == 0 { portHasInput = true }
        return capacity
    }

    func serialPort(received bytes: Span<UInt8>) -> Int {
        let now = lab.clock.now
        let taken: Int
        if let heard = hostLine.heardByModule(bytes, module: engine.line, host: hostSettings) {
            // A line that is set wrong loses bytes anyway, so what is too much is lost as well.
            engine.receive(heard.span, at: now)
            taken = bytes.count
        } else {
            taken = engine.receive(bytes, at: now)
            warnOfRate()
        }
        if taken < bytes.count || engine.receiveCapacity == 0 { portHasInput = true }
        pump()
        return taken
    }

    func serialPort(clientLineChanged line: LineSettings) {
        hasWarnedOfRate = false
        logger.debug("the client's line: \(line.baud) baud")
    }

    func serialPort(controls: SerialControls) {
        let pins = AdapterWiring(controls).pins
        handle(.power(pins.isGPIO0Low ? .pullGPIO0 : .releaseGPIO0))
        if pins.isResetHeld {
            releaseAlarm?.cancel()
            handle(.power(.holdReset))
        } else {
            // Releasing what is not held does nothing.
            releaseAlarm?.set(for: lab.clock.now + Self.resetRelease)
        }
    }

    func serialPortCanWrite() {
        portIsFull = false
        pump()
    }

    func serialPortEnded() {
        let now = lab.clock.now
        inputEnds = now
        alarm?.set(for: now + Self.endLimit)
        pump()
    }

    func serialPortFailed(_ error: SerialPortError) {
        lab.fail(LabError(error, module: name))
    }
}

extension LabModule: HostNetworkDelegate {
    func hostNetwork(connected socket: Socket) { handle(.connected(socket)) }
    func hostNetwork(unreachable socket: Socket) { handle(.unreachable(socket)) }
    func hostNetwork(reset socket: Socket) { handle(.reset(socket)) }
    func hostNetwork(acknowledged socket: Socket) { handle(.acknowledged(socket)) }
    func hostNetwork(finished socket: Socket) { handle(.finished(socket)) }
    func hostNetwork(closed socket: Socket) { handle(.closed(socket)) }
    func hostNetwork(resolved lookup: Lookup, to address: IPv4Address?) { handle(.resolved(lookup, address)) }
    func hostNetwork(pong ping: Ping, milliseconds: Int) { handle(.pong(ping, milliseconds: milliseconds)) }

    func hostNetwork(received bytes: Span<UInt8>, from sender: Endpoint, on socket: Socket) -> Int {
        var taken = 0
        while taken < bytes.count {
            let count = engine.deliver(bytes.extracting(taken...), on: socket, from: sender, at: lab.clock.now)
            guard count > 0 else { break }
            taken += count
            pump()
        }
        if taken < bytes.count && !waiting.contains(socket) { waiting.append(socket) }
        return taken
    }

    func hostNetwork(client: Endpoint, onPort port: UInt16) -> Socket? {
        let socket = engine.accept(from: client, onPort: port, at: lab.clock.now)
        // The network knows the socket only when this call has returned.
        lab.loop.assumeIsolated().execute { [weak self] in self?.pump() }
        return socket
    }

    func hostNetwork(serving port: UInt16, at host: Endpoint) {
        lab.report(.server(module: name, port: port, at: host))
    }

    func hostNetwork(stoppedServing port: UInt16) {
        lab.report(.serverClosed(module: name, port: port))
    }

    func hostNetwork(cannotServe port: UInt16, error: NetworkError) {
        logger.warning("port \(port) of the module cannot be reached from the host: \(error)")
    }

    func hostNetwork(datagramPort port: UInt16, at host: Endpoint) {
        lab.report(.datagramPort(module: name, port: port, at: host))
    }
}
