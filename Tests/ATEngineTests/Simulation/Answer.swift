import ATEngine

/// What a module said to one line, and how often it may say that it has finished.
struct Answer {
    private var heard: [UInt8]
    private let line: [UInt8]
    private let isOfManual: Bool

    init(_ heard: [UInt8], to line: [UInt8], of firmware: Firmware) {
        self.heard = heard
        self.line = line
        isOfManual = firmware.identifier.utf8CodeUnitCount > 4
    }

    /// The prompt of AT+CIPSEND= is the last thing that was said.
    var isPromptForPayload: Bool { !isTransparentEntry && endsInPrompt }

    /// The module is in transparent mode: by AT+CIPSEND, or by a boot with a stored link.
    var leavesTransparentMode: Bool {
        isTransparentEntry && endsInPrompt || Self.count("\r\n>\r\nready\r\n", in: heard) > 0
    }

    /// The line made the module start anew.
    var endsInBoot: Bool { heard.suffix(9) == Array("\r\nready\r\n".utf8)[...] }

    mutating func append(_ bytes: [UInt8]) { heard += bytes }

    /// Each line has one final answer, but for those of which the reference says that they have none.
    func check() throws(Violation) {
        let finals = ["\r\nOK\r\n", "\r\nERROR\r\n", "\r\nFAIL\r\n"].reduce(0) { $0 + Self.count($1, in: heard) }
        guard finals == expected else {
            throw Violation("\(escaped(line)) has \(finals) final answers, not \(expected): \(escaped(heard))")
        }
    }

    private var expected: Int {
        if starts(with: "AT+CIPAPPUP\r") { return 0 }
        // Quirk: an update server that refuses is ERROR twice (reference 7).
        if Self.count("+CIPUPDATE:1\r\n\r\nERROR\r\n", in: heard) > 0 { return 2 }
        guard isOfManual else { return 1 }
        if endsInPrompt { return 0 }
        let bare = ["ALREADY CONNECT\r\n", "Link is not\r\n", "Link is builded\r\n"]
        return bare.contains { Self.count($0, in: heard) > 0 } ? 0 : 1
    }

    private var isTransparentEntry: Bool { starts(with: "AT+CIPSEND\r") }
    private var endsInPrompt: Bool {
        starts(with: "AT+CIPSEND")
            && (heard.suffix(2) == Array("> ".utf8)[...] || heard.suffix(3) == Array("\r\n>".utf8)[...])
    }

    private func starts(with text: String) -> Bool { (line + Array("\r\n".utf8)).starts(with: text.utf8) }

    /// How often `text` is in `bytes`.
    static func count(_ text: String, in bytes: [UInt8]) -> Int {
        let pattern = Array(text.utf8)
        guard bytes.count >= pattern.count else { return 0 }
        var count = 0
        for start in 0...bytes.count - pattern.count where bytes[start] == pattern[0] {
            if bytes[start..<start + pattern.count].elementsEqual(pattern) { count += 1 }
        }
        return count
    }
}
