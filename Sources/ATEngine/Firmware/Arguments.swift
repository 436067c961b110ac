import ATPrimitives

/// What stands on a command line after the name, read from left to right as the firmware reads it (reference 1.8, 1.9).
struct Arguments {
    private let line: [UInt8]
    private var position: Int

    init(line: [UInt8], from position: Int) {
        self.line = line
        self.position = position
    }

    /// Whether the last field that was read ended the line. Only CR or NUL ends it.
    private(set) var isEnded = false

    /// A number as the firmware reads it.
    struct Number {
        var value: Int
        /// Nothing was read, or only a minus sign.
        var isMissing: Bool
        var isLoneMinus: Bool
        /// Nothing stands there. A lone minus sign is not nothing: most handlers take it for 0 (reference 1.8).
        var isEmpty: Bool { isMissing && !isLoneMinus }
    }

    /// A quoted field as the firmware reads it.
    enum Quoted {
        /// A comma or the end stands where the quotation mark should; nothing is consumed.
        case omitted
        case text([UInt8])
        /// No quotation mark, no end of it, or too long.
        case malformed
    }

    /// Takes `byte` if it is next.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Takes one character, whatever it is.
    mutating func skipOne() { position += 1 }

    /// Whether an equals sign stands before what comes next.
    var followsEqualsSign: Bool { position > 0 && line[position - 1] == UInt8(ascii: "=") }

    /// Whether the next byte is `byte`.
    func starts(with byte: UInt8) -> Bool { next == byte }

    /// Reads at most 10 characters of `-` and digits into 32 bits, which wrap silently.
    mutating func number() -> Number {
        var value: Int32 = 0
        var isNegative = false
        var digits = 0
        let start = position
        while position - start < 10 {
            if next == UInt8(ascii: "-") {
                // Quirk: a minus sign inside a number is skipped, so 1-2 is 12.
                if position == start { isNegative = true }
            } else if let digit = Self.digit(next) {
                value = value &* 10 &+ Int32(digit)
                digits += 1
            } else {
                break
            }
            position += 1
        }
        // Quirk: after exactly 9 characters the firmware believes that the line ends.
        // And an empty field has something after it, whatever follows.
        isEnded = position > start && (isAtEnd || position - start == 9)
        return Number(
            value: Int(isNegative ? 0 &- value : value), isMissing: digits == 0,
            isLoneMinus: digits == 0 && position > start)
    }

    /// Reads a quoted field of at most `limit` bytes; a backslash makes the next byte literal.
    mutating func quoted(limit: Int) -> Quoted {
        defer { isEnded = isAtEnd }
        if next == UInt8(ascii: ",") || next == Self.carriageReturn { return .omitted }
        guard skip(UInt8(ascii: "\"")) else { return .malformed }
        var text: [UInt8] = []
        while true {
            var byte = next
            if byte == Self.carriageReturn || position >= line.count { return .malformed }
            position += 1
            if byte == UInt8(ascii: "\"") { return .text(text) }
            if byte == UInt8(ascii: "\\") {
                guard position < line.count else { return .malformed }
                byte = next
                position += 1
            }
            guard text.count < limit else { return .malformed }
            text.append(byte)
        }
    }

    /// An empty number that ends the line counts as an end, for the handlers that take it.
    mutating func allowEmptyEnd() {
        if isAtEnd { isEnded = true }
    }

    private static let carriageReturn = UInt8(ascii: "\r")

    private var next: UInt8 { position < line.count ? line[position] : 0 }
    private var isAtEnd: Bool { next == Self.carriageReturn || next == 0 }

    private static func digit(_ byte: UInt8) -> UInt8? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? byte - UInt8(ascii: "0") : nil
    }
}
