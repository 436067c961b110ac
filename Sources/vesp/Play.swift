import ATSerial
import ATTranscript
import ArgumentParser

/// `vesp play`: runs transcripts, on the engine or against a module at a port.
struct Play: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run transcripts and print each difference with file and line.",
        discussion: """
            Without --port they run on the engine, in simulated time. With it they run against the module at the other \
            end, which is reset to factory settings before each case.
            """)

    @Argument(help: "Transcripts.")
    var files: [String]

    @Option(help: ArgumentHelp("A path, tcp:[HOST:]PORT, unix:PATH or device:PATH.", valueName: "port"))
    var port: String?

    @Option(help: "The edition of the module at the port: 0.21 (the default) or 0.21-manual.")
    var firmware: String?

    func validate() throws {
        guard let firmware else { return }
        guard port != nil else {
            throw ValidationError("--firmware: a transcript says itself for which editions it holds; give --port too.")
        }
        guard firmware == "0.21" || firmware == "0.21-manual" else {
            throw ValidationError("--firmware: there is no firmware \"\(firmware)\"; give 0.21 or 0.21-manual.")
        }
    }

    func run() throws {
        var summary = Summary()
        do {
            if let port {
                try play(at: port, into: &summary)
            } else {
                for file in files {
                    summary.add(try TranscriptFile(path: file).run(isRecording: TranscriptFile.isRecordingRequested))
                }
            }
        } catch let error as TranscriptError {
            throw Failure(.configuration, error.description)
        } catch let error as PortError {
            throw Failure(.io, error.description)
        }
        for line in summary.lines { StandardOutput.write(line) }
        if summary.failedCount > 0 { throw Failure(.difference, nil) }
    }

    private func play(at port: String, into summary: inout Summary) throws {
        let transcripts = try files.map { try TranscriptFile(path: $0).load() }
        var runner = PortRunner(port: try SerialClient(opening: port), firmware: firmware ?? "0.21")
        for transcript in transcripts { summary.add(try runner.run(transcript)) }
    }
}
