import ATPrimitives

/// `{n}` in the texts of a module of which there are several: the number of each, from 0, as serial ports and the pods of
/// a StatefulSet are counted. `{n:03}` has at least three digits.
enum ModuleNumber {
    /// The text with the number in place of each `{n}`. Other braces stand for themselves.
    /// - Parameter number: nil in a module without `count`.
    /// - Throws: when there is a `{n}` without a number, or one that is not understood.
    static func fill(_ text: String, with number: Int?) throws(InvalidValue) -> String {
        var filled = ""
        var rest = text[...]
        while let opening = rest.firstRange(of: "{n") {
            filled += rest[..<opening.lowerBound]
            rest = rest[opening.upperBound...]
            guard let closing = rest.firstIndex(of: "}"), let width = width(rest[..<closing]) else {
                throw InvalidValue(text, "has a {n that is not understood", remedy: "write {n}, or {n:03} for 3 digits")
            }
            guard let number else {
                throw InvalidValue(text, "has {n}, which needs count", remedy: "add count, or write the number out")
            }
            let digits = "\(number)"
            filled += String(repeating: "0", count: max(0, width - digits.count)) + digits
            rest = rest[rest.index(after: closing)...]
        }
        return filled + rest
    }

    /// How many digits there are at least, from what stands between `{n` and `}`: nothing, or `:0` and a digit.
    private static func width(_ text: Substring) -> Int? {
        if text.isEmpty { return 1 }
        guard text.count == 3, text.hasPrefix(":0"), let width = text.last?.wholeNumberValue, width > 0 else {
            return nil
        }
        return width
    }

    /// A MAC in which `{n}` stands for a byte. The number is added at that byte and carries into those before it, so that
    /// there may be more than 256 modules.
    static func station(_ text: String, number: Int?) throws(InvalidValue) -> MACAddress {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let place = parts.firstIndex(of: "{n}") else {
            return try MACAddress(stationText: fill(text, with: number))
        }
        guard let number else {
            throw InvalidValue(text, "has {n}, which needs count", remedy: "add count, or write the byte out")
        }
        let base = try MACAddress(stationText: text.replacing("{n}", with: "00", maxReplacements: 1))
        let sum = base.value + UInt64(number) << UInt64(8 * (parts.count - 1 - place))
        return try MACAddress(stationText: MACAddress(value: sum).description)
    }
}

extension LabFileValue {
    /// A text with `{n}` in it that `parse` turns into a value.
    func numberedValue<Value>(
        _ expected: String, _ parse: (String) throws(InvalidValue) -> Value
    ) throws(ConfigurationError) -> Value {
        try value(expected) { text throws(InvalidValue) in try parse(ModuleNumber.fill(text, with: number)) }
    }
}
