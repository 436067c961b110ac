import ATPrimitives
import Logging
import NIOCore
import NIOPosix

/// The handle of a running lab, for any thread or task.
public final class RunningLab: Sendable {
    private let lab: NIOLoopBound<Lab>
    private let loop: any EventLoop
    private let ended: EventLoopFuture<Void>

    private init(_ lab: NIOLoopBound<Lab>, loop: any EventLoop, ended: EventLoopFuture<Void>) {
        self.lab = lab
        self.loop = loop
        self.ended = ended
    }

    /// Opens the ports of a lab and gives its modules power.
    ///
    /// - Parameters:
    ///   - configuration: what the lab is made of.
    ///   - seed: of everything random in it; each module has a stream of its own.
    ///   - loop: where the lab lives.
    ///   - logger: for what is worth knowing.
    ///   - report: is called on the loop.
    /// - Throws: `LabError` when a port, address or file is not to be had; what was opened is closed again.
    public static func start(
        _ configuration: LabConfiguration, seed: UInt64, on loop: any EventLoop, logger: Logger,
        report: @escaping @Sendable (LabEvent) -> Void
    ) async throws -> RunningLab {
        let ended = loop.makePromise(of: Void.self)
        let lab = try await loop.submit {
            do {
                let lab = try Lab(
                    configuration, seed: seed, loop: loop, logger: logger, ended: ended, report: report)
                return NIOLoopBound(lab, eventLoop: loop)
            } catch {
                ended.fail(error)
                throw error
            }
        }.get()
        let running = RunningLab(lab, loop: loop, ended: ended.futureResult)
        do {
            for (index, module) in configuration.modules.enumerated() {
                let seed = ModuleConfiguration.engineSeed(ofModule: index, labSeed: seed)
                try await loop.flatSubmit {
                    lab.value.add(module, policy: configuration.network, seed: seed)
                }.get()
            }
        } catch {
            try await running.stop()
            throw error
        }
        try await loop.submit { lab.value.start() }.get()
        return running
    }

    /// Ends the wait of `waitUntilEnded`.
    public func end() {
        loop.execute { [lab] in lab.value.end(nil) }
    }

    /// Waits until all modules have come to the end of their input, as only one with a `stdio` port does, or until `end`.
    /// - Throws: `LabError` when one cannot go on.
    public func waitUntilEnded() async throws {
        try await ended.get()
    }

    /// Takes the power away from all modules and closes everything.
    /// - Throws: `LabError` when a flash file could not be closed in good order.
    public func stop() async throws {
        try await loop.flatSubmit { [lab] in lab.value.stop() }.get()
    }
}
