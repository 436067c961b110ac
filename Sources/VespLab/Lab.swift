import ATAir
import ATEngine
import ATFlash
import ATNetwork
import ATPrimitives
import ATSerial
import ATWorld
import Logging
import NIOCore

/// A running lab: one air and its modules, on one event loop. `RunningLab` is its handle for everybody else.
final class Lab {
    let loop: any EventLoop
    let clock = LabClock()
    let logger: Logger
    let report: (LabEvent) -> Void
    var air: Air
    /// What passes between the modules.
    var network: VirtualNetwork
    let guests: [Guest]
    /// Each at the number of its radio.
    private var modules: [LabModule] = []
    private var alarm: Alarm?
    /// Modules whose input can end and has not.
    private var activeModules = 0
    private var isSettling = false
    private var isStopping = false
    private let ended: EventLoopPromise<Void>
    private var hasEnded = false

    /// - Parameters:
    ///   - ended: succeeds when all modules have come to the end of their input, fails when one cannot go on.
    init(
        _ configuration: LabConfiguration, seed: UInt64, loop: any EventLoop, logger: Logger,
        ended: EventLoopPromise<Void>, report: @escaping (LabEvent) -> Void
    ) throws(LabError) {
        self.loop = loop
        self.logger = logger
        self.ended = ended
        self.report = report
        guests = configuration.guests
        air = Air(seed: seed, delays: .shipped)
        network = VirtualNetwork(seed: seed)
        for accessPoint in configuration.accessPoints {
            do throws(AccessPointRefusal) {
                _ = try air.add(accessPoint, at: .zero)
            } catch {
                throw LabError(error, of: accessPoint)
            }
        }
        alarm = Alarm(loop: loop, clock: clock) { [unowned self] in settle() }
    }

    /// Opens what a module needs and adds it, without power yet.
    func add(_ configuration: ModuleConfiguration, policy: NetworkPolicy, seed: UInt64) -> EventLoopFuture<Void> {
        let network = HostNetwork(loop: loop, policy: policy, forwards: configuration.forwards)
        let flash: FlashFile?
        do {
            flash = try configuration.flash.map { path throws(FlashFileError) in try FlashFile(path: path) }
        } catch {
            return loop.makeFailedFuture(LabError(error, module: configuration.name))
        }
        let opening = NIOLoopBound((network: network, flash: flash), eventLoop: loop)
        let engine = Engine(
            firmware: configuration.engineFirmware, flash: flash?.image ?? FlashImage(),
            options: configuration.engineOptions(seed: seed))
        let radio = air.attach(RadioSettings(configuration))
        let opened = network.start().assumeIsolated().flatMap {
            SerialPort.open(configuration.serial, settings: engine.line, on: self.loop)
        }
        return opened.map { port in
            let network = ModuleNetwork(network, name: configuration.name, radio: radio, seed: seed, lab: self)
            let module = LabModule(
                configuration, engine: engine, port: port, network: network, flash: flash, radio: radio, lab: self)
            self.modules.append(module)
        }.nonisolated().flatMapError { [logger] error in
            // What was opened for this module is closed again.
            let failure = LabError(error, module: configuration.name)
            return opening.value.network.close().flatMapThrowing {
                do throws(FlashFileError) { try opening.value.flash?.close() } catch { logger.error("\(error)") }
                throw failure
            }
        }
    }

    /// Gives all modules power.
    func start() {
        activeModules = modules.count { $0.port.location == .standardStreams }
        for module in modules {
            module.start()
            report(.ready(module: module.name, serial: module.port.location))
        }
        settle()
    }

    func stop() -> EventLoopFuture<Void> {
        // All lose their power at once: none lives to see how the others go.
        isStopping = true
        let stopped = EventLoopFuture.whenAllComplete(modules.map { $0.stop() }, on: loop)
        alarm?.cancel()
        end(nil)
        // All are closed before the first trouble is told.
        return stopped.flatMapThrowing { results in
            for result in results { try result.get() }
        }
    }

    /// Brings the air and the network to now, and tells the modules what has happened there.
    func settle() {
        // A module that is told of something may ask for more; the round that is under way takes it along.
        guard !isSettling, !isStopping else { return }
        isSettling = true
        defer { isSettling = false }
        let now = clock.now
        repeat {
            air.advance(to: now)
            network.advance(to: now, air: air)
            while true {
                if let (radio, event) = air.nextEvent() {
                    modules[radio.number].receive(event)
                } else if let (radio, event) = network.nextEvent() {
                    modules[radio.number].network.receive(event)
                } else {
                    break
                }
            }
        } while earliestDeadline.map { $0 <= now } ?? false
        if let earliestDeadline { alarm?.set(for: earliestDeadline) }
    }

    private var earliestDeadline: Instant? {
        guard let ofNetwork = network.nextDeadline else { return air.nextDeadline }
        return air.nextDeadline.map { min($0, ofNetwork) } ?? ofNetwork
    }

    /// Whether a UDP link of a module has this port of the host's loopback.
    func hearsLoopback(onPort port: UInt16) -> Bool { modules.contains { $0.network.hearsLoopback(onPort: port) } }

    func moduleHasEnded() {
        activeModules -= 1
        if activeModules == 0 { end(nil) }
    }

    func fail(_ error: LabError) { end(error) }

    /// The lab need not go on: nil when it has done what it was for.
    func end(_ error: LabError?) {
        guard !hasEnded else { return }
        hasEnded = true
        if let error { ended.fail(error) } else { ended.succeed() }
    }
}
