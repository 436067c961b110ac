/// Reads the comment lines of a transcript, some of which are header keys. A comment whose first word is no key of the
/// header is only a comment, whatever it looks like; a key with a value that it does not take is an error.
struct HeaderParser {
    private(set) var header = TranscriptHeader()

    /// Reads what follows the `#`.
    /// - Parameter isAtTop: whether no line of the conversation has come yet. Further down, `spec` and `evidence` are
    ///   remarks about a case; a key that changes how the file runs would mislead there and is refused.
    mutating func read(_ scanner: inout LineScanner, isAtTop: Bool) throws(TranscriptError) {
        guard let key = scanner.word() else { return }
        var words: [String] = []
        while let word = scanner.word() { words.append(word) }
        switch key {
        case "spec:" where isAtTop:
            try require(words, scanner, "write sections of the manual, as in # spec: 6.2.2")
            header.sections += words
        case "evidence:" where isAtTop: header.evidence = try evidence(words, scanner)
        case "firmware:":
            try checkPlace(key, isAtTop, scanner)
            try require(words, scanner, "write editions, as in # firmware: 0.21 0.21-manual")
            header.firmware = TranscriptHeader.Words(line: scanner.line, words: words)
        case "modules:":
            try checkPlace(key, isAtTop, scanner)
            header.modules = try modules(words, scanner)
        case "timing:":
            try checkPlace(key, isAtTop, scanner)
            guard words == ["hardware"] else {
                throw scanner.error("unknown timing", "write # timing: hardware, or leave the line out")
            }
            header.usesHardwareTiming = true
        case "needs:":
            try checkPlace(key, isAtTop, scanner)
            try require(words, scanner, "write what the case can't do without, as in # needs: power")
            header.needs += words
        default: break
        }
    }

    private func modules(_ words: [String], _ scanner: LineScanner) throws(TranscriptError) -> [String] {
        try require(words, scanner, "write the names of the modules, as in # modules: sensor gateway")
        guard header.modules.isEmpty else {
            throw scanner.error("modules: a second time", "name all modules in one line")
        }
        guard words.count <= TranscriptHeader.moduleLimit else {
            throw scanner.error("\(words.count) modules", "a transcript has at most \(TranscriptHeader.moduleLimit)")
        }
        for (index, name) in words.enumerated() {
            guard TranscriptHeader.isModuleName(name) else {
                throw scanner.error(
                    "\(EscapedText.render(name.utf8)) is not a name for a module",
                    "use at most 64 letters, digits, hyphens, underscores and full stops, and begin with a letter or digit"
                )
            }
            guard !words[..<index].contains(name) else {
                throw scanner.error("two modules called \(name)", "give each a name of its own")
            }
        }
        return words
    }

    private func evidence(
        _ words: [String], _ scanner: LineScanner
    ) throws(TranscriptError) -> TranscriptHeader.Evidence {
        guard let first = words.first, let evidence = TranscriptHeader.Evidence(rawValue: first) else {
            let known = TranscriptHeader.Evidence.allCases.map(\.rawValue).joined(separator: ", ")
            throw scanner.error("unknown evidence", "write one of \(known)")
        }
        if evidence == .capture, words.count < 2 {
            throw scanner.error("a capture without its file", "write # evidence: capture FILE")
        }
        if evidence == .hardware, words.count < 3 {
            throw scanner.error("hardware without its model", "write # evidence: hardware MODEL FIRMWARE")
        }
        return evidence
    }

    private func require(_ words: [String], _ scanner: LineScanner, _ remedy: String) throws(TranscriptError) {
        guard !words.isEmpty else { throw scanner.error("a header key without a value", remedy) }
    }

    private func checkPlace(_ key: String, _ isAtTop: Bool, _ scanner: LineScanner) throws(TranscriptError) {
        guard isAtTop else {
            throw scanner.error("\(key) below the first line of the conversation", "move it to the top of the file")
        }
    }
}
