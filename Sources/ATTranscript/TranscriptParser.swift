import ATPrimitives
import ATSimulation

extension Transcript {
    /// Reads a transcript.
    /// - Parameters:
    ///   - bytes: the contents of the file.
    ///   - file: how errors and differences call it.
    /// - Throws: `TranscriptError` at the first line that is not in the format.
    public init(parsing bytes: [UInt8], file: String) throws(TranscriptError) {
        guard bytes.count <= TranscriptParser.sizeLimit else {
            throw TranscriptError(
                file: file, line: 0, problem: "the file is too large",
                remedy: "a transcript has at most \(TranscriptParser.sizeLimit) bytes")
        }
        var parser = TranscriptParser(file: file)
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map([UInt8].init)
        let endsWithLineFeed = lines.last?.isEmpty == true
        if endsWithLineFeed { lines.removeLast() }
        for (index, line) in lines.enumerated() { try parser.read(line, number: index + 1) }
        let (header, prelude, cases) = try parser.finish()
        self.init(
            file: file, header: header, prelude: prelude, cases: cases, sourceLines: lines,
            endsWithLineFeed: endsWithLineFeed)
    }
}

/// Reads a transcript line by line. The first character of a line decides what it is.
struct TranscriptParser {
    /// A transcript is read by people: 16 MiB is far beyond any.
    static let sizeLimit = 16 << 20

    private let file: String
    private var header = HeaderParser()
    private var prelude: [Block] = []
    private var cases: [(name: String, line: Int, blocks: [Block])] = []

    init(file: String) {
        self.file = file
    }

    mutating func read(_ line: [UInt8], number: Int) throws(TranscriptError) {
        guard let first = line.first(where: { $0 != 0x20 && $0 != 0x09 }) else { return }
        var scanner = LineScanner(line, file: file, line: number)
        if first != UInt8(ascii: "#") { try checkCharacters(line, scanner) }
        let prefix = try modulePrefix(&scanner)
        guard let mark = scanner.next() else { return }
        switch mark {
        case UInt8(ascii: "#"): try header.read(&scanner, isAtTop: cases.isEmpty && prelude.isEmpty)
        case UInt8(ascii: "="): try beginCase(&scanner)
        case UInt8(ascii: ">"):
            let module = try module(prefix, mark, scanner)
            try begin(.host(try hostText(&scanner)), module: module, at: number)
        case UInt8(ascii: "!"): try beginEvent(prefix, &scanner)
        case UInt8(ascii: "+"): try beginWait(&scanner)
        case UInt8(ascii: "<"): try expect(of: try module(prefix, mark, scanner), &scanner)
        case UInt8(ascii: "~"):
            let module = try module(prefix, mark, scanner)
            let request = try ModuleRequest(scanning: &scanner)
            try changeBlock(scanner) {
                $0.requests.append(ExpectedRequest(line: number, module: module, request: request))
            }
        default:
            throw scanner.error("a line cannot begin with \(EscapedText.render([mark]))", beginningRemedy)
        }
    }

    func finish() throws(TranscriptError) -> (TranscriptHeader, [Block], [TranscriptCase]) {
        guard cases.isEmpty else {
            return (
                header.header, prelude, cases.map { TranscriptCase(name: $0.name, line: $0.line, blocks: $0.blocks) }
            )
        }
        guard let first = prelude.first else {
            throw TranscriptError(
                file: file, line: 0, problem: "nothing happens in this transcript",
                remedy: "write what the host sends in a line that begins with >")
        }
        return (header.header, [], [TranscriptCase(name: "", line: first.line, blocks: prelude)])
    }

    // MARK: Lines

    private func checkCharacters(_ line: [UInt8], _ scanner: LineScanner) throws(TranscriptError) {
        guard let byte = line.first(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { return }
        if byte == 0x0D, line.last == 0x0D {
            throw scanner.error("the line ends in CR LF", "save the file with LF line ends; a CR in the text is \\r")
        }
        throw scanner.error("a control character in the text", "write it as \(EscapedText.render([byte]))")
    }

    private mutating func beginCase(_ scanner: inout LineScanner) throws(TranscriptError) {
        guard scanner.next() == UInt8(ascii: "=") else {
            throw scanner.error("a line cannot begin with a single =", "begin a case with == and its name")
        }
        var words: [String] = []
        while let word = scanner.word() { words.append(word) }
        guard !words.isEmpty else { throw scanner.error("a case without a name", "write == and what the case shows") }
        cases.append((words.joined(separator: " "), scanner.line, []))
    }

    private mutating func begin(
        _ action: Block.Action, module: Int = 0, isSilent: Bool = false, at line: Int
    ) throws(TranscriptError) {
        let block = Block(line: line, action: action, module: module, isSilent: isSilent)
        if cases.isEmpty { prelude.append(block) } else { cases[cases.count - 1].blocks.append(block) }
    }

    /// An event about one module takes its prefix; the air, the names and the peers are everybody's.
    private mutating func beginEvent(_ prefix: Int?, _ scanner: inout LineScanner) throws(TranscriptError) {
        let place = scanner
        let action = try WorldAction(scanning: &scanner)
        if action.isAboutOneModule {
            try begin(.world(action), module: try module(prefix, UInt8(ascii: "!"), place), at: scanner.line)
        } else {
            guard prefix == nil else {
                throw place.error("a module before ! \(action.need), which is everybody's", "begin the line with !")
            }
            try begin(.world(action), at: scanner.line)
        }
    }

    private mutating func beginWait(_ scanner: inout LineScanner) throws(TranscriptError) {
        let remedy = "write a whole number and us, ms, s, m or h, as in +150ms"
        guard scanner.peek != UInt8(ascii: " ") else { throw scanner.error("a space after +", remedy) }
        let interval = try scanner.value("a duration", remedy) { Interval(duration: $0) }
        let mark = scanner.word()
        guard mark == nil || mark == "." else {
            throw scanner.error("\(mark ?? "") after the duration", "only a . may stand there, for silence")
        }
        try scanner.end()
        try begin(.wait(interval), isSilent: mark != nil, at: scanner.line)
    }

    private mutating func expect(of module: Int, _ scanner: inout LineScanner) throws(TranscriptError) {
        let number = scanner.line
        try skipMark(&scanner)
        let text = String(decoding: scanner.rest, as: UTF8.self)
        let elements = try expectedText(&scanner)
        let scanned = scanner
        try changeBlock(scanned) { (block: inout Block) throws(TranscriptError) in
            guard !block.isSilent else {
                throw scanned.error(
                    "an answer after a . that says there is none",
                    "remove the . in line \(block.line), or this line")
            }
            block.expected.append(ExpectedLine(line: number, elements: elements, text: text, module: module))
        }
    }

    /// Changes the block that is open: the last of the last case, or of the prelude.
    private mutating func changeBlock(
        _ scanner: LineScanner, _ change: (inout Block) throws(TranscriptError) -> Void
    ) throws(TranscriptError) {
        if cases.isEmpty, !prelude.isEmpty {
            try change(&prelude[prelude.count - 1])
        } else if let last = cases.indices.last, !cases[last].blocks.isEmpty {
            try change(&cases[last].blocks[cases[last].blocks.count - 1])
        } else {
            throw scanner.error("nothing has happened yet that this could answer", "put a >, ! or + line before it")
        }
    }

    // MARK: Modules

    /// The module that stands before the mark of a line, by its place in the header; nil if none does.
    private func modulePrefix(_ scanner: inout LineScanner) throws(TranscriptError) -> Int? {
        var ahead = scanner
        guard let name = ahead.moduleName(), let mark = ahead.peek, Self.prefixedMarks.contains(mark) else {
            return nil
        }
        guard !header.header.modules.isEmpty else {
            throw scanner.error(
                "a name before the \(EscapedText.render([mark])), and no modules",
                "name them at the top, as in # modules: sensor gateway, or begin the line without a name")
        }
        guard let module = header.header.modules.firstIndex(of: name) else {
            throw scanner.error(
                "there is no module \(name)", "they are \(header.header.modules.joined(separator: ", "))")
        }
        scanner = ahead
        return module
    }

    /// Whose a line is. With several modules it says so itself.
    private func module(_ prefix: Int?, _ mark: UInt8, _ scanner: LineScanner) throws(TranscriptError) -> Int {
        guard prefix == nil, let first = header.header.modules.first else { return prefix ?? 0 }
        let mark = EscapedText.render([mark])
        throw scanner.error("a \(mark) line that does not say whose", "begin it with a module, as in \(first)\(mark)")
    }

    private static let prefixedMarks = Array("><~!".utf8)

    private var beginningRemedy: String {
        guard let first = header.header.modules.first else {
            return "begin it with # for a comment, or with one of == > < ! ~ +"
        }
        return
            "begin it with # for a comment, with == ! or +, or with a module, as in \(first)> \(first)< \(first)! \(first)~"
    }

    // MARK: Texts

    private func skipMark(_ scanner: inout LineScanner) throws(TranscriptError) {
        guard !scanner.isAtEnd else { return }
        guard scanner.next() == UInt8(ascii: " ") else {
            throw scanner.error("no space after the first character", "put one there")
        }
    }

    private func hostText(_ scanner: inout LineScanner) throws(TranscriptError) -> [UInt8] {
        try skipMark(&scanner)
        var bytes: [UInt8] = []
        while let byte = scanner.next() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = try scanner.escape() else { return bytes }
            bytes.append(escaped)
        }
        return bytes + [0x0D, 0x0A]
    }

    private func expectedText(_ scanner: inout LineScanner) throws(TranscriptError) -> [PatternElement] {
        var elements: [PatternElement] = []
        var literal: [UInt8] = []
        while let byte = scanner.next() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard let escaped = try scanner.escape() else {
                    return literal.isEmpty ? elements : elements + [.literal(literal)]
                }
                literal.append(escaped)
            case UInt8(ascii: "{"):
                if !literal.isEmpty { elements.append(.literal(literal)) }
                literal = []
                elements.append(try wildcard(&scanner))
            default: literal.append(byte)
            }
        }
        return elements + [.literal(literal + [0x0D, 0x0A])]
    }

    /// The wildcard whose opening brace has been read.
    private func wildcard(_ scanner: inout LineScanner) throws(TranscriptError) -> PatternElement {
        var bytes: [UInt8] = []
        while let byte = scanner.next(), byte != UInt8(ascii: "}") { bytes.append(byte) }
        let name = String(decoding: bytes, as: UTF8.self)
        switch name {
        case "ip": return .address
        case "mac": return .mac
        case "int": return .integer
        case "any": return .any
        default:
            if name.hasPrefix("ip="), let address = IPv4Address(String(name.dropFirst(3))) {
                return .thisAddress(address)
            }
            throw scanner.error(
                "unknown wildcard {\(EscapedText.render(bytes))}",
                "they are {ip} {ip=ADDRESS} {mac} {int} {any}; a brace of the text is \\{")
        }
    }
}
