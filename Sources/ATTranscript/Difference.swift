import ATSimulation

/// What a module did otherwise than a transcript says.
public struct Difference: Sendable, Hashable {
    public let file: String
    /// The line of the file that does not hold, counted from 1.
    public let line: Int
    /// What is wrong, as a clause.
    public let problem: String
    /// What was expected, as it stands in the file; nil if the problem says it all.
    public let expected: String?
    /// What came, escaped as in the file.
    public let came: String?
    /// How many characters of `came` stand before the first byte that differs; nil if there is no such place.
    public let marker: Int?

    init(
        file: String, line: Int, problem: String, expected: String? = nil, came: String? = nil, marker: Int? = nil
    ) {
        self.file = file
        self.line = line
        self.problem = problem
        self.expected = expected
        self.came = came
        self.marker = marker
    }

    /// Text for people: `file:line: problem`, then what was expected and what came, and a `^` under the first byte that
    /// differs.
    public var lines: [String] {
        var lines = ["\(file):\(line): \(problem)"]
        if let expected { lines.append("    expected: \(expected)") }
        if let came { lines.append("    came:     \(came)") }
        if let marker { lines.append("              " + String(repeating: " ", count: marker) + "^") }
        return lines
    }
}

extension Difference {
    /// How much of an answer a difference shows, in bytes.
    private static let shownBytes = 120

    /// The difference between a block's `<` lines and what came.
    /// - Parameters:
    ///   - mismatch: where they part.
    ///   - block: the block; its own line is named when it expects nothing.
    ///   - module: whose answer it is, by its place in the header.
    ///   - name: what the transcript calls this module, if anything.
    ///   - answer: all that came from it in the block.
    init(
        file: String, block: Block, module: Int = 0, name: String? = nil, answer: [UInt8], mismatch: Mismatch
    ) {
        let lines = block.expected(of: module)
        let subject = name ?? "the module"
        let lineStart = answer[..<mismatch.offset].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let rest = answer[lineStart...]
        let shown = EscapedText.render(rest.prefix(Self.shownBytes))
        let left = rest.count - min(rest.count, Self.shownBytes)
        let came = left > 0 ? "\(shown) ... and \(left) bytes more" : shown
        let expected = mismatch.lineIndex.map { lines[$0] }
        self.init(
            file: file, line: expected?.line ?? lines.last?.line ?? block.line,
            problem: expected == nil
                ? "\(subject) says more than expected"
                : answer.count == mismatch.offset
                    ? "\(subject) says less than expected"
                    : name.map { "the output of \($0) differs" } ?? "the output differs",
            expected: expected.map { $0.text.isEmpty ? "\\r\\n" : $0.rendered } ?? "(nothing more)",
            came: rest.isEmpty ? "(nothing more)" : came,
            marker: rest.isEmpty || mismatch.offset - lineStart > Self.shownBytes
                ? nil : EscapedText.render(answer[lineStart..<mismatch.offset]).count)
    }

    /// A `~` line that did not come true.
    init(file: String, name: String?, expected: ExpectedRequest, came: [ModuleRequest]) {
        self.init(
            file: file, line: expected.line, problem: "\(name ?? "the module") did not ask for this",
            expected: expected.request.text,
            came: came.isEmpty ? "(nothing)" : came.map(\.text).joined(separator: "; "))
    }
}

extension ExpectedLine {
    /// The line with the CR LF that it stands for, so that it can be compared with what came.
    fileprivate var rendered: String {
        guard case .literal(let bytes)? = elements.last, bytes.suffix(2) == [0x0D, 0x0A] else { return text }
        return text + "\\r\\n"
    }
}
