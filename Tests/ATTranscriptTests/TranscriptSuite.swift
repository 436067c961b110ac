import ATEngine
import Foundation
import Testing

@testable import ATTranscript

/// The transcripts of this repository.
enum Repository {
    /// Each file below `Transcripts/`, in the order of the alphabet.
    static let transcripts: [TranscriptFile] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Transcripts")
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
    @Test("there are some")
    func thereAreSome() {
        #expect(Repository.transcripts.count > 30)
    }

    @Test("each runs on the engine as it is written", arguments: Repository.transcripts)
    func runs(_ file: TranscriptFile) throws {
        for result in try file.run(isRecording: TranscriptFile.isRecordingRequested) {
            guard case .failed(let difference) = result.outcome else { continue }
            let text = difference.lines.joined(separator: "\n")
            Issue.record("\(result.firmware), case \"\(result.name)\"\n\(text)")
        }
    }

    @Test("each form of each command is used by a transcript of its edition", arguments: Firmware.all.indices)
    func coverage(_ edition: Int) throws {
        let firmware = Firmware.all[edition]
        var used = Set<CommandUse>()
        for file in Repository.transcripts {
            for use in try CommandUse.all(in: try file.load()) { used.insert(use) }
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
        let text = line.unicodeScalars
        guard line.hasPrefix("AT"),
            let end = text.dropFirst(2).firstIndex(where: { "\r=?0123456789".unicodeScalars.contains($0) })
        else { return nil }
        name = String(String.UnicodeScalarView(text[..<end].dropFirst(2)))
        let rest = String(String.UnicodeScalarView(text[end...]))
        form =
            if rest.hasPrefix("\r") { .execute } else if rest.hasPrefix("=?") { .test } else if rest.hasPrefix("?") {
                .query
            } else { .set }
    }

    init(name: String, form: Form) {
        self.name = name
        self.form = form
    }
}
