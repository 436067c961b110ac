/// How bytes are written in a transcript, so that reading them gives the same bytes again.
enum EscapedText {
    /// Bytes as they stand in a `<` or `>` line.
    static func render(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes { text += escaped(byte) }
        return text
    }

    /// Bytes as they stand between double quotes.
    static func renderQuoted(_ bytes: some Sequence<UInt8>) -> String {
        var text = "\""
        for byte in bytes { text += byte == UInt8(ascii: "\"") ? "\\\"" : escaped(byte) }
        return text + "\""
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case 0x0D: return "\\r"
        case 0x0A: return "\\n"
        case 0x09: return "\\t"
        case UInt8(ascii: "\\"): return "\\\\"
        case UInt8(ascii: "{"): return "\\{"
        case 0x20...0x7E: return String(Unicode.Scalar(byte))
        default: return "\\x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
}
