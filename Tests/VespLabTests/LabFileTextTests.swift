import Testing

@testable import VespLab

@Suite("A lab file that is hardly a text is refused")
struct LabFileTextTests {
    private func refusal(_ bytes: [UInt8]) throws -> ConfigurationError {
        try #require(throws: ConfigurationError.self) {
            try LabConfiguration(LabFile(path: "lab.yaml", bytes: bytes))
        }
    }

    private func refusal(_ text: String) throws -> ConfigurationError { try refusal(Array(text.utf8)) }

    @Test("bytes that are not UTF-8 are refused with their line")
    func notUTF8() throws {
        let error = try refusal(Array("modules:\n  - name: ".utf8) + [0xE9, 0x0A])
        #expect(error.description == "lab.yaml:2: the text is not UTF-8; save the file in that encoding.")
    }

    @Test("a file of more than 1 MiB is refused")
    func tooLarge() throws {
        let error = try refusal([UInt8](repeating: UInt8(ascii: "#"), count: LabFile.maximumSize + 1))
        #expect(error.description == "lab.yaml: the file is larger than 1048576 bytes; describe fewer modules in it.")
        #expect(
            try refusal([UInt8](repeating: UInt8(ascii: "#"), count: LabFile.maximumSize)).sentence.contains("empty"))
    }

    @Test("control characters are refused with their line")
    func controlCharacters() throws {
        let error = try refusal("modules:\n  - name: \u{7}\n")
        #expect(error.line == 2)
        #expect(error.sentence == "the file is not YAML (control characters are not allowed); remove the character.")
    }

    @Test("nesting without end is refused and costs no stack", arguments: ["[", "{a: ", "- ", "? "])
    func deepNesting(opening: String) throws {
        let error = try refusal(
            "modules: " + (opening == "- " ? "\n" : "") + String(repeating: opening, count: 100_000))
        #expect(error.kind == .invalid)
    }

    @Test(
        "anchors and aliases are refused before they can do harm",
        arguments: [
            ("a: &x 1", 1), ("a: 1\nb: *x", 2), ("- &x {}", 1), ("[1, *x]", 1), ("{a: &x 1}", 1), ("&x a: 1", 1),
            ("a: 'it''s'\nb: *x", 2), ("a: \"\\\"\"\nb: *x", 2), ("a: 1 # &no\n? *x\n: 1", 2), ("a: !t &x 1", 1),
            ("a: \"two\n lines\"\nb: *x", 3), ("{\"a\":*x}", 1),
        ])
    func aliases(text: String, line: Int) throws {
        let error = try refusal(text)
        #expect(error.line == line)
        #expect(error.sentence.hasPrefix("anchors (&) and aliases (*) are not used in lab files; write the value out"))
    }

    @Test("a bomb of aliases is refused at once")
    func aliasBomb() throws {
        var text = "a0: &a0 [x, x]\n"
        for level in 1...40 {
            text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
        }
        #expect(try refusal(text + "? *a40\n: x\n").line == 1)
    }

    @Test(
        "ampersands and asterisks inside of texts and comments are no anchors",
        arguments: [
            "a: Tom & Jerry", "a: \"&x\"", "a: '*x'", "a: x*y # *z", "a: Tom, *Jerry", "a: b:*c", "# &x *y",
            "a: it's *not* one", "a: [\"x, *y\", z]", "a: 'it''s *x'",
        ])
    func noAliases(text: String) {
        #expect(AliasScanner.firstLine(in: text) == nil)
    }

    @Test("no text at all makes it crash, whatever is cut off or changed")
    func mutations() throws {
        let text = Array(
            "air: {accessPoints: [{ssid: \"Ho*me\", dhcp: none}]}\nmodules:\n  - name: 'esp' # &x\n    mac: 18:fe:34:0:0:1\n"
                .utf8)
        var refusals = 0
        for index in text.indices {
            for byte in [0x00, 0x0A, 0x22, 0x27, 0x2A, 0x3A, 0x5B, 0x7D, 0xFF] as [UInt8] {
                var changed = text
                changed[index] = byte
                for candidate in [changed, [UInt8](changed[...index])] {
                    do throws(ConfigurationError) {
                        _ = try LabConfiguration(LabFile(path: "lab.yaml", bytes: candidate))
                    } catch {
                        refusals += 1
                        #expect(error.description.hasPrefix("lab.yaml:"))
                        #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
                    }
                }
            }
        }
        #expect(refusals > text.count)
    }
}
