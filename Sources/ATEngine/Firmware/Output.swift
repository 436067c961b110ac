import ATPrimitives

/// What can be written to the serial line.
protocol SerialPrintable {
    func print(to engine: inout Engine)
}

extension Int: SerialPrintable {
    func print(to engine: inout Engine) {
        if self < 0 { engine.put(UInt8(ascii: "-")) }
        engine.put(digitsOf: magnitude)
    }
}

extension UInt16: SerialPrintable {
    func print(to engine: inout Engine) { engine.put(digitsOf: UInt(self)) }
}

extension IPv4Address: SerialPrintable {
    func print(to engine: inout Engine) {
        let (a, b, c, d) = octets
        engine.put(digitsOf: UInt(a))
        engine.put(UInt8(ascii: "."))
        engine.put(digitsOf: UInt(b))
        engine.put(UInt8(ascii: "."))
        engine.put(digitsOf: UInt(c))
        engine.put(UInt8(ascii: "."))
        engine.put(digitsOf: UInt(d))
    }
}

extension MACAddress: SerialPrintable {
    func print(to engine: inout Engine) {
        for index in 0..<6 {
            if index > 0 { engine.put(UInt8(ascii: ":")) }
            engine.put(hexadecimal: self[index] >> 4, isUpperCase: false)
            engine.put(hexadecimal: self[index] & 15, isUpperCase: false)
        }
    }
}

extension [UInt8]: SerialPrintable {
    func print(to engine: inout Engine) { engine.put(span) }
}

/// A value between quotation marks; nothing in it is escaped (reference 2.9).
struct Quoted<Value: SerialPrintable>: SerialPrintable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }

    func print(to engine: inout Engine) {
        engine.put(UInt8(ascii: "\""))
        value.print(to: &engine)
        engine.put(UInt8(ascii: "\""))
    }
}

extension Engine {
    mutating func put(_ byte: UInt8) { chip.transmitter.write(byte, at: now) }
    mutating func put(_ text: StaticString) { chip.transmitter.write(text, at: now) }
    mutating func put(_ bytes: Span<UInt8>) { chip.transmitter.write(bytes, at: now) }

    mutating func put(digitsOf value: UInt) {
        var power: UInt = 1
        while value / power >= 10 { power *= 10 }
        while power > 0 {
            put(UInt8(ascii: "0") + UInt8(value / power % 10))
            power /= 10
        }
    }

    mutating func put(hexadecimal digit: UInt8, isUpperCase: Bool) {
        put(digit < 10 ? UInt8(ascii: "0") + digit : (isUpperCase ? UInt8(ascii: "A") : UInt8(ascii: "a")) + digit - 10)
    }

    /// Text and CR LF.
    mutating func line(_ text: StaticString) {
        put(text)
        put("\r\n")
    }

    /// Text, a value and CR LF.
    mutating func line<A: SerialPrintable>(_ text: StaticString, _ a: A) {
        put(text)
        a.print(to: &self)
        put("\r\n")
    }

    /// Text, values with commas between them and CR LF.
    mutating func line<A: SerialPrintable, B: SerialPrintable, C: SerialPrintable, D: SerialPrintable>(
        _ text: StaticString, _ a: A, _ b: B, _ c: C, _ d: D
    ) {
        put(text)
        a.print(to: &self)
        putField(b)
        putField(c)
        putField(d)
        put("\r\n")
    }

    /// A comma and a value.
    mutating func putField<A: SerialPrintable>(_ value: A) {
        put(UInt8(ascii: ","))
        value.print(to: &self)
    }

    mutating func putOK() { put("\r\nOK\r\n") }
    mutating func putError() { put("\r\nERROR\r\n") }

    mutating func put(_ refusal: Refusal) {
        if let text = refusal.text { line(text) }
        if refusal.endsInError { putError() }
    }
}
