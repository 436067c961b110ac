import ATPrimitives
import ATSerial
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import VespLab

/// Labs as a program: they run until the input of one ends, until one fails or until SIGINT or SIGTERM, and are then
/// all closed in good order.
struct LabProgram {
    /// One lab of the program.
    struct Lab {
        /// What events and log call it; nil if it is the only one.
        let name: String?
        let configuration: LabConfiguration
        let seed: UInt64
    }

    private let labs: [Lab]
    private let logger: Logger
    private let isJSON: Bool

    init(_ labs: [Lab], logger: Logger, isJSON: Bool) {
        self.labs = labs
        self.logger = logger
        self.isJSON = isJSON
    }

    func run() async throws {
        // With stdio, standard output is the serial line and events go to standard error (contract).
        let usesStandardOutput = !labs.contains { lab in
            lab.configuration.modules.contains { $0.serial == .standardStreams }
        }
        let reporter = Reporter(isJSON: isJSON, usesStandardOutput: usesStandardOutput, logger: logger)
        defer { reporter.finish() }
        var group = ServiceGroupConfiguration(
            services: labs.map { lab in
                .init(
                    service: LabService(lab: lab, logger: logger(of: lab), reporter: reporter),
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: quietLogger)
        group.maximumGracefulShutdownDuration = .seconds(10)
        try await ServiceGroup(configuration: group).run()
    }

    private func logger(of lab: Lab) -> Logger {
        guard let name = lab.name else { return logger }
        var named = logger
        named[metadataKey: "lab"] = "\(name)"
        return named
    }

    /// The group reports each step of its own as information; only its trouble is worth a line.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = .critical
        return quiet
    }
}

/// A running lab as a service, on an event loop of its own as long as there are enough of them.
private struct LabService: Service {
    let lab: LabProgram.Lab
    let logger: Logger
    let reporter: Reporter

    func run() async throws {
        do {
            try await runLab()
        } catch let error as LabError {
            throw Failure(error, lab: lab.name)
        }
    }

    private func runLab() async throws {
        logger.notice("seed \(lab.seed)")
        let running = try await RunningLab.start(
            lab.configuration, seed: lab.seed, on: MultiThreadedEventLoopGroup.singleton.next(), logger: logger,
            report: { [reporter, name = lab.name] in reporter.report($0, of: name) })
        do {
            try await withGracefulShutdownHandler {
                try await running.waitUntilEnded()
            } onGracefulShutdown: {
                running.end()
            }
        } catch {
            // The first trouble is the one to tell; closing may well fail for the same reason.
            do { try await running.stop() } catch let second { logger.error("\(second)") }
            throw error
        }
        try await running.stop()
    }
}
