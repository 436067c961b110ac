import ATPrimitives
import ATSerial
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import VespLab

/// A lab as a program: it runs until its input ends, until it fails or until SIGINT or SIGTERM, and is then closed in
/// good order.
struct LabProgram {
    private let configuration: LabConfiguration
    private let seed: UInt64
    private let logger: Logger
    private let isJSON: Bool

    init(_ configuration: LabConfiguration, seed: UInt64, logger: Logger, isJSON: Bool) {
        self.configuration = configuration
        self.seed = seed
        self.logger = logger
        self.isJSON = isJSON
    }

    func run() async throws {
        logger.notice("seed \(seed)")
        // With stdio, standard output is the serial line and events go to standard error (contract).
        let usesStandardOutput = !configuration.modules.contains { $0.serial == .standardStreams }
        let service = LabService(
            configuration: configuration, seed: seed, logger: logger,
            report: Reporter(isJSON: isJSON, usesStandardOutput: usesStandardOutput))
        var group = ServiceGroupConfiguration(
            services: [
                .init(
                    service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .cancelGroup)
            ],
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: quietLogger)
        group.maximumGracefulShutdownDuration = .seconds(10)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as LabError {
            throw Failure(error)
        }
    }

    /// The group reports each step of its own as information; only its trouble is worth a line.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = .critical
        return quiet
    }
}

/// Prints events as they come.
private struct Reporter {
    let isJSON: Bool
    let usesStandardOutput: Bool

    func callAsFunction(_ event: LabEvent) {
        guard let line = isJSON ? event.json : event.text else { return }
        usesStandardOutput ? StandardOutput.write(line) : StandardError.write(line)
    }
}

/// The running lab as a service.
private struct LabService: Service {
    let configuration: LabConfiguration
    let seed: UInt64
    let logger: Logger
    let report: Reporter

    func run() async throws {
        let lab = try await RunningLab.start(
            configuration, seed: seed, on: MultiThreadedEventLoopGroup.singleton.next(), logger: logger,
            report: { report($0) })
        do {
            try await withGracefulShutdownHandler {
                try await lab.waitUntilEnded()
            } onGracefulShutdown: {
                lab.end()
            }
        } catch {
            // The first trouble is the one to tell; closing may well fail for the same reason.
            do { try await lab.stop() } catch let second { logger.error("\(second)") }
            throw error
        }
        try await lab.stop()
    }
}
