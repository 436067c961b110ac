import ATPrimitives

/// Reads one line of a transcript from left to right: escapes, words and quoted strings.
struct LineScanner {
    let file: String
    let line: Int
    private let bytes: [UInt8]
    private var index: Int

    init(_ bytes: [UInt8], file: String, line: Int) {
        self.file = file
        self.line = line
        self.bytes = bytes
        index = 0
    }

    var isAtEnd: Bool { index == bytes.count }

    /// The next byte, which stays where it is.
    var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// What has not been read yet.
    var rest: ArraySlice<UInt8> { bytes[index...] }

    func error(_ problem: String, _ remedy: String) -> TranscriptError {
        TranscriptError(file: file, line: line, problem: problem, remedy: remedy)
    }

    mutating func next() -> UInt8? {
        guard let byte = peek else { return nil }
        index += 1
        return byte
    }

    mutating func skipSpaces() {
        while peek == UInt8(ascii: " ") { index += 1 }
    }

    /// The byte that an escape stands for; the backslash has been read. Nil if the backslash ended the line.
    mutating func escape() throws(TranscriptError) -> UInt8? {
        guard let letter = next() else { return nil }
        switch letter {
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "{"): return letter
        case UInt8(ascii: "x"):
            guard let high = hexDigit(), let low = hexDigit() else {
                throw error("\\x without two hexadecimal digits", "write a byte as \\x0A")
            }
            return high << 4 | low
        default:
            throw error(
                "unknown escape \\\(EscapedText.render([letter]))",
                "the escapes are \\r \\n \\t \\\\ \\\" \\{ \\xHH; a backslash is \\\\")
        }
    }

    /// The bytes of a string in double quotes.
    mutating func quoted(_ what: String) throws(TranscriptError) -> [UInt8] {
        skipSpaces()
        guard peek == UInt8(ascii: "\"") else {
            throw error("\(what) is missing", "write it in double quotes")
        }
        index += 1
        var text: [UInt8] = []
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "\""):
                guard isAtEnd || peek == UInt8(ascii: " ") else {
                    throw error("something follows the closing quote", "put a space there, or write \\\" inside")
                }
                return text
            case UInt8(ascii: "\\"):
                guard let escaped = try escape() else { throw unclosed(what) }
                text.append(escaped)
            default: text.append(byte)
            }
        }
        throw unclosed(what)
    }

    /// The bytes up to the next space; nil at the end of the line.
    mutating func word() -> String? {
        skipSpaces()
        let start = index
        while let byte = peek, byte != UInt8(ascii: " ") { index += 1 }
        return start == index ? nil : String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// The name of a module, as far as its characters go; nil if none begins here.
    mutating func moduleName() -> String? {
        let start = index
        while let byte = peek, TranscriptHeader.isModuleNameByte(byte, isFirst: index == start) { index += 1 }
        return start == index ? nil : String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// The next word, which must be there; `what` names it in the error.
    mutating func word(_ what: String, _ remedy: String) throws(TranscriptError) -> String {
        guard let word = word() else { throw error("\(what) is missing", remedy) }
        return word
    }

    /// A word that stands for a value, such as an address.
    mutating func value<Value>(
        _ what: String, _ remedy: String, _ convert: (String) -> Value?
    ) throws(TranscriptError) -> Value {
        let text = try word(what, remedy)
        guard let value = convert(text) else { throw error("\(text) is not \(what)", remedy) }
        return value
    }

    /// A link id, 0 to 4, or that of an upgrade.
    mutating func link() throws(TranscriptError) -> LinkID {
        try value("a link id", "links are 0 to 4, and 5 for an upgrade") { text in
            LinkID(text).flatMap { (0...5).contains($0) ? $0 : nil }
        }
    }

    mutating func endpoint() throws(TranscriptError) -> Endpoint {
        try value("an endpoint", "write ADDRESS:PORT, as in 10.0.0.9:5000") { Endpoint($0) }
    }

    mutating func port() throws(TranscriptError) -> UInt16 {
        try value("a port", "ports are 1 to 65535") { text in UInt16(text).flatMap { $0 == 0 ? nil : $0 } }
    }

    /// Nothing but spaces may be left.
    mutating func end() throws(TranscriptError) {
        skipSpaces()
        guard isAtEnd else {
            let rest = EscapedText.render(bytes[index...])
            throw error("\(rest) is too much here", "remove it, or put it on a line of its own")
        }
    }

    private func unclosed(_ what: String) -> TranscriptError {
        error("the quote of \(what) is not closed", "end it with a double quote")
    }

    private mutating func hexDigit() -> UInt8? {
        guard let byte = peek else { return nil }
        switch byte {
        case 0x30...0x39:
            index += 1
            return byte - 0x30
        case 0x41...0x46, 0x61...0x66:
            index += 1
            return (byte & 0x0F) + 9
        default: return nil
        }
    }
}
