import ATPrimitives

extension MACAddress {
    /// Six pairs of hexadecimal digits with colons, 17 bytes; nil for any other text.
    init?(text: [UInt8]) {
        guard text.count == 17 else { return nil }
        var value: UInt64 = 0
        for (index, byte) in text.enumerated() {
            if index % 3 == 2 {
                guard byte == UInt8(ascii: ":") else { return nil }
            } else {
                guard let digit = hexadecimalDigit(byte) else { return nil }
                value = value << 4 | UInt64(digit)
            }
        }
        self.init(value: value)
    }
}

extension IPv4Address {
    /// An address as inet_addr reads it: one to four parts, decimal, octal after `0` or hexadecimal after `0x`, the last
    /// one filling what is left (reference 2.18). Nil for a text that is none.
    init?(inet text: [UInt8]) {
        var parts: [UInt64] = []
        var position = 0
        while true {
            guard parts.count < 4, let part = Self.part(of: text, at: &position) else { return nil }
            parts.append(part)
            if position == text.count { break }
            guard text[position] == UInt8(ascii: ".") else { return nil }
            position += 1
        }
        var value: UInt64 = 0
        for part in parts.dropLast() {
            guard part <= 255 else { return nil }
            value = value << 8 | part
        }
        let bits = UInt64(8 * (5 - parts.count))
        guard let last = parts.last, last < 1 << bits else { return nil }
        self.init(value: UInt32(value << bits | last))
    }

    private static func part(of text: [UInt8], at position: inout Int) -> UInt64? {
        guard position < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) else {
            return nil
        }
        var base: UInt64 = 10
        if text[position] == UInt8(ascii: "0"), position + 1 < text.count {
            base = 8
            if text[position + 1] | 0x20 == UInt8(ascii: "x") {
                base = 16
                position += 2
            }
        }
        var value: UInt64 = 0
        let start = position
        while position < text.count, let digit = hexadecimalDigit(text[position]), UInt64(digit) < base {
            value = value * base + UInt64(digit)
            guard value <= UInt64(UInt32.max) else { return nil }
            position += 1
        }
        return position > start ? value : nil
    }
}

/// The value of a hexadecimal digit of either case; nil if it is none.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
