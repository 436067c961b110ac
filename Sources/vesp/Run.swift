import ATAir
import ATNetwork
import ATPrimitives
import ATSerial
import ArgumentParser
import Logging
import VespLab

/// `vesp run`: one module, or the labs that files describe, until a signal.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a module, or the labs that YAML files describe.",
        discussion: """
            Without LAB it runs one module called esp and an access point vesp with the password vespvesp. Several labs \
            run side by side in one process and have nothing in common; events then name the lab.
            """)

    @Argument(help: ArgumentHelp("Lab files.", valueName: "lab"))
    var labs: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where the UART is: pty[:LINK], tcp:[HOST:]PORT, rfc2217:[HOST:]PORT, unix:PATH, device:PATH or stdio.",
            valueName: "spec"))
    var serial: String?

    @Option(help: "The firmware: 0.21 as shipped, 0.21-manual as printed.")
    var firmware: String?

    @Option(help: ArgumentHelp("The flash image; made if missing.", valueName: "path"))
    var flash: String?

    @Option(help: "The MAC of the station, such as 18:fe:34:00:00:01.")
    var mac: String?

    @Option(name: .customLong("ap"), help: ArgumentHelp("An access point of the air.", valueName: "ssid[:password]"))
    var accessPoints: [String] = []

    @Option(help: "real: as long as on the chip; fast: no waiting.")
    var timing: String?

    @Option(help: ArgumentHelp("A host port that reaches a server of the module.", valueName: "[host:]port:moduleport"))
    var forward: [String] = []

    @Flag(help: "Turn on the bugs of the shipped firmware that hang a module.")
    var strictBugs = false

    @Option(help: "strict: a full FIFO loses bytes and a wrong baud rate is garbage; lossless: the port waits.")
    var uart: String?

    @Option(
        help: ArgumentHelp("How long each packet takes over the air each way, such as 20ms.", valueName: "duration"))
    var latency: String?

    @Option(help: "What the port shows of the boot text at 74880 baud: garbled, plain or none.")
    var bootText: String?

    @Option(help: "Whether deep sleep ends by itself: yes or no.")
    var wakeWired: String?

    @Option(help: "Seeds everything random.")
    var seed: UInt64?

    @Option(help: "What goes to standard error: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    @Flag(help: "Print events as JSON lines.")
    var json = false

    func run() async throws {
        try await LabProgram(makeLabs(), logger: makeLogger(), isJSON: json).run()
    }

    private func makeLogger() throws -> Logger {
        let level: Logger.Level? = try logLevel.map { try choice("--log-level", $0) }
        var logger = Logger(label: "vesp") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level ?? .notice
        return logger
    }
}

// What the options come to.
extension Run {
    private func makeLabs() throws -> [LabProgram.Lab] {
        guard !labs.isEmpty else {
            return [try makeLab(LabConfiguration(accessPoints: [.standard], modules: [makeModule()]), name: nil)]
        }
        try checkNoOptionOfOneModule()
        let names: [String?] = labs.count > 1 ? try makeNames() : [nil]
        return try zip(load(), names).map { configuration, name in try makeLab(configuration, name: name) }
    }

    private func load() throws -> [LabConfiguration] {
        do throws(ConfigurationError) {
            var configurations: [LabConfiguration] = []
            for path in labs { configurations.append(try LabConfiguration.load(path: path)) }
            try LabConfiguration.checkNothingIsShared(among: zip(labs, configurations).map { ($0, $1) })
            return configurations
        } catch {
            throw Failure(error)
        }
    }

    /// What the labs are called: as their files, without the extension.
    private func makeNames() throws -> [String] {
        var paths: [String: String] = [:]
        return try labs.map { path in
            let file = path.split(separator: "/").last ?? ""
            let stem = file.lastIndex(of: ".").map { file[..<$0] } ?? file
            let name = String(stem.isEmpty ? file : stem)
            if let other = paths[name] {
                throw Failure(
                    .usage,
                    "\(other) and \(path) would both be called \(name); give labs of one process files of "
                        + "different names.")
            }
            paths[name] = path
            return name
        }
    }

    /// A lab with the options that override it.
    private func makeLab(_ given: LabConfiguration, name: String?) throws -> LabProgram.Lab {
        var configuration = given
        if !accessPoints.isEmpty {
            configuration.accessPoints = try accessPoints.map { text in
                try value("--ap") {
                    try AccessPoint(option: text) { StandardError.write("vesp: warning: --ap: \($0)") }
                }
            }
        }
        if let timing {
            let mode: TimingMode = try choice("--timing", timing)
            for index in configuration.modules.indices { configuration.modules[index].timing = mode }
        }
        return LabProgram.Lab(
            name: name, configuration: configuration,
            seed: seed ?? configuration.seed ?? UInt64.random(in: 0...UInt64.max))
    }

    private func checkNoOptionOfOneModule() throws {
        let given: [(String, Bool)] = [
            ("--serial", serial != nil), ("--firmware", firmware != nil), ("--flash", flash != nil),
            ("--mac", mac != nil), ("--forward", !forward.isEmpty), ("--strict-bugs", strictBugs),
            ("--uart", uart != nil), ("--boot-text", bootText != nil), ("--wake-wired", wakeWired != nil),
            ("--latency", latency != nil),
        ]
        if let (option, _) = given.first(where: { $0.1 }) {
            throw Failure(.usage, "\(option) is for one module, but a lab file is given; write it into \(labs[0]).")
        }
    }

    private func makeModule() throws -> ModuleConfiguration {
        var module = ModuleConfiguration(name: "esp")
        module.serial = try value("--serial") { try SerialSpecification(serial ?? "pty:./vesp.tty") }
        if let firmware { module.firmware = try choice("--firmware", firmware) }
        if let uart { module.uart = try choice("--uart", uart) }
        if let bootText { module.bootText = .some(try choice("--boot-text", bootText)) }
        if let wakeWired { module.isWakeWired = try choice("--wake-wired", wakeWired) == YesOrNo.yes }
        module.flash = flash
        if let latency {
            module.latency = try value("--latency") {
                try Interval(durationText: latency, in: Interval.latencyRange)
            }
        }
        if let mac { module.mac = try value("--mac") { try MACAddress(stationText: mac) } }
        module.forwards = try forward.map { text in try value("--forward") { try Forward(option: text) } }
        module.strictBugs = strictBugs
        if strictBugs && module.firmware == .manual {
            throw Failure(
                .usage, "--strict-bugs: the bugs are those of the shipped firmware; leave out --firmware 0.21-manual.")
        }
        return module
    }

    /// The value of an option; what is wrong with it is a usage error that names the option.
    private func value<Value>(_ option: String, _ make: () throws -> Value) throws -> Value {
        do {
            return try make()
        } catch {
            throw Failure(.usage, "\(option): \(error)")
        }
    }

    /// One of several words; another is a usage error that names the option and the words.
    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ option: String, _ text: String
    ) throws -> Choice {
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(.usage, "\(option): there is no \"\(text)\"; give one of \(known).")
        }
        return choice
    }
}

private enum YesOrNo: String, CaseIterable {
    case yes
    case no
}
