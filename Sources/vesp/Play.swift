import ATSerial
import ATTranscript
import ArgumentParser

/// `vesp play`: runs transcripts, on the engine or against modules at ports.
struct Play: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run transcripts and print each difference with file and line.",
        discussion: """
            Without --port they run on the engine, in simulated time. With it they run against the module at the other \
            end, which is reset to factory settings before each case. --port NAME=PORT, once for each module, is for \
            transcripts with several.
            """)

    @Argument(help: "Transcripts.")
    var files: [String]

    @Option(
        name: .customLong("port"),
        help: ArgumentHelp("[NAME=] and a path, tcp:[HOST:]PORT, unix:PATH or device:PATH.", valueName: "port"))
    var ports: [PortArgument] = []

    @Option(help: "The edition of the module at the port: 0.21 (the default) or 0.21-manual.")
    var firmware: String?

    func validate() throws {
        let names = ports.compactMap(\.name)
        guard ports.count <= 1 || names.count == ports.count else {
            throw ValidationError("--port: with several ports each needs a name, as in --port sensor=./sensor.tty.")
        }
        guard Set(names).count == names.count else {
            throw ValidationError("--port: two ports have the same name; give each module its own.")
        }
        guard let firmware else { return }
        guard !ports.isEmpty else {
            throw ValidationError("--firmware: a transcript says itself for which editions it holds; give --port too.")
        }
        guard firmware == "0.21" || firmware == "0.21-manual" else {
            throw ValidationError("--firmware: there is no firmware \"\(firmware)\"; give 0.21 or 0.21-manual.")
        }
    }

    func run() throws {
        var summary = Summary()
        do {
            if ports.isEmpty {
                for file in files {
                    summary.add(try TranscriptFile(path: file).run(isRecording: TranscriptFile.isRecordingRequested))
                }
            } else {
                try playAtPorts(into: &summary)
            }
        } catch let error as TranscriptError {
            throw Failure(.configuration, error.description)
        } catch let error as PortError {
            throw Failure(.io, error.description)
        }
        for line in summary.lines { StandardOutput.write(line) }
        if summary.failedCount > 0 { throw Failure(.difference, nil) }
    }

    private func playAtPorts(into summary: inout Summary) throws {
        let transcripts = try files.map { try TranscriptFile(path: $0).load() }
        var runner = try makeRunner()
        for transcript in transcripts { summary.add(try runner.run(transcript)) }
    }

    private func makeRunner() throws -> PortRunner<SerialClient> {
        let firmware = firmware ?? "0.21"
        if ports.count == 1, ports[0].name == nil {
            return PortRunner(port: try SerialClient(opening: ports[0].specification), firmware: firmware)
        }
        var named: [(name: String, port: SerialClient)] = []
        for port in ports {
            named.append((port.name ?? "", try SerialClient(opening: port.specification)))
        }
        return PortRunner(ports: named, firmware: firmware)
    }
}

/// A value of `--port`: where a module is, and what transcripts with several modules call it.
struct PortArgument: ExpressibleByArgument {
    /// Nil if there is none; a path with `=` in its first part is written with `./` in front.
    let name: String?
    let specification: String

    init(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, TranscriptHeader.isModuleName(String(parts[0])) {
            name = String(parts[0])
            specification = String(parts[1])
        } else {
            name = nil
            specification = argument
        }
    }
}
