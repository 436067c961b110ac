/// Finds anchors and aliases in YAML text before it is parsed.
///
/// A lab file has none, and the parser must not see them: an alias used as a key makes it hash the whole tree behind the
/// alias, which a few lines can make larger than any machine. The scan knows quotes, comments and flow brackets. Where
/// plain text goes on in a second line that starts with `*` or `&` it finds one too many, which quotes cure.
enum AliasScanner {
    /// The line, from 1, of the first anchor (`&name`) or alias (`*name`).
    static func firstLine(in text: String) -> Int? {
        var scan = Scan(bytes: Array(text.utf8))
        return scan.run()
    }

    /// One pass over the bytes.
    private struct Scan {
        let bytes: [UInt8]
        var position = 0
        var line = 1
        /// How many flow brackets are open; inside them a comma ends a value.
        var depth = 0
        /// Whether a value could start here, rather than go on.
        var startsValue = true
        /// The byte before this one, as far as comments care.
        var previous = UInt8(ascii: "\n")

        mutating func run() -> Int? {
            while position < bytes.count {
                let byte = bytes[position]
                switch byte {
                case UInt8(ascii: "\n"):
                    line += 1
                    startsValue = true
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                    break
                case UInt8(ascii: "#") where " \t\n".utf8.contains(previous):
                    skipComment()
                    continue
                case UInt8(ascii: "&") where startsValue, UInt8(ascii: "*") where startsValue:
                    return line
                case UInt8(ascii: "\"") where startsValue, UInt8(ascii: "'") where startsValue:
                    skipQuoted(byte)
                default:
                    readIndicator(byte)
                }
                previous = byte
                position += 1
            }
            return nil
        }

        private mutating func readIndicator(_ byte: UInt8) {
            let next = position + 1 < bytes.count ? bytes[position + 1] : UInt8(ascii: "\n")
            let isSeparate = " \t\r\n".utf8.contains(next)
            switch byte {
            case UInt8(ascii: "[") where startsValue, UInt8(ascii: "{") where startsValue:
                depth += 1
            case UInt8(ascii: "]") where depth > 0, UInt8(ascii: "}") where depth > 0:
                depth -= 1
                startsValue = false
            case UInt8(ascii: ",") where depth > 0:
                startsValue = true
            case UInt8(ascii: ":") where isSeparate || depth > 0:
                startsValue = true
            case UInt8(ascii: "-") where startsValue && isSeparate, UInt8(ascii: "?") where startsValue && isSeparate:
                break
            case UInt8(ascii: "!") where startsValue:
                // A tag; what it marks follows.
                while position + 1 < bytes.count, !" \t\r\n".utf8.contains(bytes[position + 1]) { position += 1 }
            default:
                startsValue = false
            }
        }

        private mutating func skipComment() {
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
            previous = UInt8(ascii: " ")
        }

        /// Goes to the closing quote. Two single quotes stand for one; a backslash takes what follows with it.
        private mutating func skipQuoted(_ quote: UInt8) {
            position += 1
            while position < bytes.count, bytes[position] != quote {
                if bytes[position] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { position += 1 }
                if position < bytes.count, bytes[position] == UInt8(ascii: "\n") { line += 1 }
                position += 1
            }
            let isDoubled = position + 1 < bytes.count && bytes[position + 1] == quote
            startsValue = isDoubled && quote == UInt8(ascii: "'")
        }
    }
}
