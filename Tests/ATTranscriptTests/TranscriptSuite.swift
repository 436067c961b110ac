import ATEngine
import Foundation
import Testing

@testable import ATTranscript

/// The transcripts of this repository.
enum Repository {
    /// The top of the repository.
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Each file below `Transcripts/`, in the order of the alphabet.
    static let transcripts: [TranscriptFile] = {
        let folder = Self.folder.appending(path: "Transcripts")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "txt" }.map(\.path).sorted()
            .map(TranscriptFile.init)
    }()
}

extension TranscriptFile: CustomTestStringConvertible {
    /// The path below `Transcripts/`.
    public var testDescription: String { path.components(separatedBy: "/Transcripts/").last ?? path }
}

@Suite("The transcripts of this repository")
struct TranscriptSuite {
    /// Transcripts that do not hold yet, and why. They run, and the suite fails when one of them holds.
    static let knownFailures = [String: String]()

    @Test("there are some")
    func thereAreSome() {
        #expect(Repository.transcripts.count > 30)
    }

    @Test("each runs on the engine as it is written", arguments: Repository.transcripts)
    func runs(_ file: TranscriptFile) throws {
        guard let reason = Self.knownFailures[file.testDescription] else {
            report(try file.run(isRecording: TranscriptFile.isRecordingRequested))
            return
        }
        let results = try file.run()
        withKnownIssue("\(reason)") { report(results) }
    }

    private func report(_ results: [CaseResult]) {
        for result in results {
            guard case .failed(let difference) = result.outcome else { continue }
            let text = difference.lines.joined(separator: "\n")
            Issue.record("\(result.firmware), case \"\(result.name)\"\n\(text)")
        }
    }

    @Test("so does the example of the documentation")
    func documentation() throws {
        let text = try String(
            contentsOf: Repository.folder.appending(path: "Documentation/Transcripts.md"), encoding: .utf8)
        let example = try #require(text.split(separator: "```transcript\n").last?.split(separator: "```\n").first)
        let transcript = try Transcript(parsing: Array(example.utf8), file: "Transcripts.md")
        #expect(transcript.header.modules.count == 2)
        report(try Runner.run(transcript))
    }

    @Test("each form of each command is used by a transcript of its edition", arguments: Firmware.all.indices)
    func coverage(_ edition: Int) throws {
        let firmware = Firmware.all[edition]
        var used = Set<CommandUse>()
        for file in Repository.transcripts {
            for use in CommandUse.all(in: try file.load()) { used.insert(use) }
        }
        let missing = firmware.commands.flatMap(CommandUse.forms).filter { !used.contains($0) }
        #expect(missing.isEmpty, "\(firmware.identifier): no transcript uses \(missing)")
    }
}

/// A command in one of its forms.
struct CommandUse: Hashable, CustomStringConvertible {
    enum Form: String {
        case test, query, set, execute
    }

    /// What stands between `AT` and the form, such as `+CWMODE`.
    let name: String
    let form: Form

    var description: String { "AT\(name) (\(form.rawValue))" }

    /// The forms that an entry of the command table has.
    static func forms(of command: Command) -> [CommandUse] {
        let forms: [(Form, Bool)] = [
            (.test, command.hasTest), (.query, command.hasQuery), (.set, command.hasSet),
            (.execute, command.hasExecute),
        ]
        return forms.filter(\.1).map { CommandUse(name: "\(command.name)", form: $0.0) }
    }

    /// The commands that the host sends in a transcript.
    static func all(in transcript: Transcript) -> [CommandUse] {
        (transcript.prelude + transcript.cases.flatMap(\.blocks)).compactMap { block in
            guard case .host(let bytes) = block.action else { return nil }
            return CommandUse(line: String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Reads a line as the firmware does (reference 1.7); nil for one that is no command.
    init?(line: String) {
        // Scalars, since CR LF is one character to a String.
        let text = Array(line.unicodeScalars)
        guard text.starts(with: "AT".unicodeScalars),
            let end = text.firstIndex(where: { "\r=?0123456789".unicodeScalars.contains($0) })
        else { return nil }
        name = String(String.UnicodeScalarView(text[2..<end]))
        switch text[end] {
        case "\r": form = .execute
        case "?": form = .query
        case "=" where text[(end + 1)...].first == "?": form = .test
        default: form = .set
        }
    }

    init(name: String, form: Form) {
        self.name = name
        self.form = form
    }
}
