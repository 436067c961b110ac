import ATEngine
import Foundation
import Testing

@testable import ATTranscript

@Suite("Writing a transcript anew")
struct RecorderTests {
    private func record(_ text: String) throws -> String {
        String(decoding: Recorder(firmware: .shipped021).record(try transcript(text)), as: UTF8.self)
    }

    private static let good = """
        # Words.
        # evidence: shipped
        > AT
        < AT\\r
        <
        < OK

        == an empty line
        # and why
        >
        < \\r
        < ERROR

        """

    @Test("what holds stays as it is, to the byte", arguments: [good, String(good.dropLast())])
    func unchanged(_ text: String) throws {
        #expect(try record(text) == text)
    }

    @Test("answers that are missing are written, and the result passes")
    func roundTrip() throws {
        let bare = "# Words.\n# evidence: shipped\n> AT\n\n== an empty line\n# and why\n>\n"
        let recorded = try record(bare)
        #expect(recorded == Self.good)
        #expect(try Runner.run(try transcript(recorded)).map(\.outcome) == [.passed])
    }

    @Test("a wrong answer is replaced where it stood, and comments stay")
    func wrongAnswer() throws {
        let wrong = "> AT\n# echo\n< AT\n# result\n< NO\n"
        #expect(try record(wrong) == "> AT\n# echo\n< AT\\r\n<\n< OK\n# result\n")
    }

    @Test("lines with wildcards that fit are kept")
    func wildcards() throws {
        let wrong = "> AT+CIFSR\n< AT+CIFSR\\r\n< +CIFSR:APIP,\"{ip}\"\n< +CIFSR:APMAC,\"{mac}\"\n< wrong\n<\n< OK\n"
        #expect(try record(wrong) == wrong.replacing("< wrong\n", with: ""))
    }

    @Test("effects that do not come true are replaced by those of the block")
    func effects() throws {
        let wrong = "> AT+CIPMUX=1\n< {any}\n< OK\n> AT+CIPSERVER=1,80\n~ listen 81\n< {any}\n< OK\n"
        #expect(try record(wrong) == wrong.replacing("listen 81", with: "listen 80"))
    }

    @Test("the file is written only when something changed, and then runs")
    func file() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).txt").path
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: path) } }
        try Data("> AT\n".utf8).write(to: URL(filePath: path))
        #expect(try TranscriptFile(path: path).run().first?.outcome != .passed)
        #expect(try TranscriptFile(path: path).run(isRecording: true).map(\.outcome) == [.passed])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "> AT\n< AT\\r\n<\n< OK\n")
    }
}
