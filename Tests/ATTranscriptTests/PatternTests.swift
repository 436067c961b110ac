import Testing

@testable import ATTranscript

@Suite("Comparing an answer with the expected lines")
struct PatternTests {
    private func mismatch(
        _ expected: String, _ answer: String, _ addresses: AddressMatching = .exact
    ) throws -> Mismatch? {
        let lines = try transcript("> AT\n" + expected).cases[0].blocks[0].expected
        return BlockPattern(lines: lines, addresses: addresses).mismatch(with: [UInt8](answer.utf8))
    }

    @Test(
        "these fit",
        arguments: [
            ("", ""), ("<\n< OK", "\r\nOK\r\n"), ("< > \\", "> "), ("< AT\\r\n<\n< OK", "AT\r\r\n\r\nOK\r\n"),
            ("< {ip}", "0.0.0.0\r\n"), ("< {ip}", "192.168.4.255\r\n"), ("< {ip}5", "10.0.0.25\r\n"),
            ("< \"{mac}\"", "\"18:fe:34:00:00:01\"\r\n"), ("< +{int}", "+0\r\n"), ("< {int}", "-48\r\n"),
            ("< {int}{int}", "12\r\n"), ("< {int}5", "255\r\n"), ("< {any}", "\r\n"),
            ("< {any}\n< ready", "ready\r\n\r\nready\r\n"),
            ("< {any}\n< ready", "\r\nready\r\n"), ("< {any}\\", ""), ("< {any}\\\n< ready", "ready\r\n"),
            ("< a{any}b{any}c", "axx\r\nbyybc\r\n"), ("< ESP_{any}\"", "ESP_9A3B\"\r\n"),
            ("< {ip=192.168.4.2}", "192.168.4.2\r\n"), ("< \\{ip}", "{ip}\r\n"),
        ])
    func fit(_ expected: String, _ answer: String) throws {
        #expect(try mismatch(expected, answer) == nil)
    }

    static let differing: [(String, String, Int, Int?)] = [
        ("", "x", 0, nil), ("< OK", "", 0, 0), ("< OK", "OK", 2, 0), ("< OK", "OK\r\n\r\n", 4, nil),
        ("<\n< OK", "\r\nERROR\r\n", 2, 1), ("< OK", " OK\r\n", 0, 0), ("< {ip}", "256.0.0.1\r\n", 0, 0),
        ("< {ip}", "1.2.3\r\n", 0, 0), ("< {int}", "x\r\n", 0, 0), ("< {int}", "-\r\n", 0, 0),
        ("< {int}", "5x\r\n", 1, 0), ("< {mac}", "18:fe:34:00:00\r\n", 0, 0),
        ("< {mac}", "18-fe-34-00-00-01\r\n", 0, 0),
        ("< {any}\n< ready", "\r\nreadx", 6, 1), ("< a{any}b", "ac\r\n", 4, 0),
        ("< {ip=192.168.4.2}", "192.168.4.3\r\n", 10, 0),
    ]

    @Test("these do not, and the place is told", arguments: differing)
    func differ(_ expected: String, _ answer: String, _ offset: Int, _ lineIndex: Int?) throws {
        #expect(try mismatch(expected, answer) == Mismatch(offset: offset, lineIndex: lineIndex))
    }

    @Test("a given address is any address on a real module")
    func looseAddress() throws {
        #expect(try mismatch("< {ip=192.168.4.2}", "10.0.0.7\r\n", .anyAddress) == nil)
        #expect(try mismatch("< {ip=192.168.4.2}", "nobody\r\n", .anyAddress) != nil)
    }

    @Test("many wildcards against a long answer end in time")
    func manyWildcards() throws {
        let expected = "< " + String(repeating: "{any}a", count: 60) + "b"
        #expect(try mismatch(expected, String(repeating: "a", count: 3000)) != nil)
    }

    @Test("a difference names file and line, and marks the first byte that differs")
    func differenceText() throws {
        let block = try transcript("> AT+GMR\n< AT version:0.21.0.0\n<\n< OK").cases[0].blocks[0]
        let answer = [UInt8]("AT version:0.22.0.0\r\n\r\nOK\r\n".utf8)
        let mismatch = try #require(BlockPattern(lines: block.expected, addresses: .exact).mismatch(with: answer))
        let difference = Difference(file: "a.txt", block: block, answer: answer, mismatch: mismatch)
        #expect(
            difference.lines == [
                "a.txt:2: the output differs",
                "    expected: AT version:0.21.0.0\\r\\n",
                "    came:     AT version:0.22.0.0\\r\\n\\r\\nOK\\r\\n",
                "                            ^",
            ])
    }

    @Test("what is missing and what is too much read as such")
    func missingAndLeftOver() throws {
        let block = try transcript("> AT\n<\n< OK").cases[0].blocks[0]
        let pattern = BlockPattern(lines: block.expected, addresses: .exact)
        let short = [UInt8]("\r\n".utf8)
        let missing = Difference(
            file: "a.txt", block: block, answer: short, mismatch: try #require(pattern.mismatch(with: short)))
        #expect(missing.lines.prefix(1) == ["a.txt:3: the module says less than expected"])
        #expect(missing.came == "(nothing more)")
        let long = [UInt8]("\r\nOK\r\nOK\r\n".utf8)
        let leftOver = Difference(
            file: "a.txt", block: block, answer: long, mismatch: try #require(pattern.mismatch(with: long)))
        #expect(leftOver.lines.prefix(1) == ["a.txt:3: the module says more than expected"])
        #expect(leftOver.came == "OK\\r\\n")
    }
}
