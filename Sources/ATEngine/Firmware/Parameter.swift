import ATPrimitives

/// What a field of a set command may hold; help, documentation and coverage are made from it.
public struct Field: Sendable {
    /// What stands in a field.
    public enum Values: Sendable {
        /// A number without quotes.
        case number(ClosedRange<Int>)
        /// One of several numbers without quotes.
        case oneOf([Int])
        /// A quoted string of so many bytes.
        case quoted(ClosedRange<Int>)
        /// One of several quoted words.
        case words([StaticString])
        /// A quoted MAC address, `xx:xx:xx:xx:xx:xx`.
        case macAddress
        /// A quoted IPv4 address.
        case address
    }

    /// The word of the manual.
    public let name: StaticString
    /// What it may hold.
    public let values: Values
    /// Whether it may be left out.
    public let isOptional: Bool

    init(_ name: StaticString, _ values: Values, isOptional: Bool = false) {
        self.name = name
        self.values = values
        self.isOptional = isOptional
    }
}

/// One parameter of a set command: its schema and the reader that goes by it.
struct Parameter<Value: Sendable>: Sendable {
    typealias Reader = @Sendable (inout Arguments, Engine) throws(Refusal) -> Value

    /// A parameter that is read in one piece may have several fields.
    let fields: [Field]
    let read: Reader
    /// What is said when neither a comma nor the end follows where it should.
    let misfollowed: Refusal

    init(_ fields: [Field], misfollowed: Refusal = .error, read: @escaping Reader) {
        self.fields = fields
        self.read = read
        self.misfollowed = misfollowed
    }
}

extension Parameter where Value == Int {
    /// A number in `range`.
    static func int(_ name: StaticString, _ range: ClosedRange<Int>) -> Parameter {
        Parameter([Field(name, .number(range))]) { arguments, _ throws(Refusal) in
            let number = arguments.number()
            guard !number.isEmpty, range.contains(number.value) else { throw .error }
            return number.value
        }
    }

    /// One of several numbers.
    static func int(_ name: StaticString, oneOf values: [Int]) -> Parameter {
        Parameter([Field(name, .oneOf(values))]) { arguments, _ throws(Refusal) in
            let number = arguments.number()
            guard !number.isEmpty, values.contains(number.value) else { throw .error }
            return number.value
        }
    }

    /// A number that is cut to 8 bits before it is looked at (reference 2.12: 257 counts as 1).
    static func byte(_ name: StaticString, _ range: ClosedRange<Int>) -> Parameter {
        Parameter([Field(name, .number(range))]) { arguments, _ throws(Refusal) in
            let number = arguments.number()
            let value = Int(UInt8(truncatingIfNeeded: number.value))
            guard !number.isEmpty, range.contains(value) else { throw .error }
            return value
        }
    }

    /// A number of any value; minus signs are allowed (reference 2.4).
    static func anyInt(_ name: StaticString) -> Parameter {
        Parameter([Field(name, .number(Int(Int32.min)...Int(Int32.max)))]) { arguments, _ throws(Refusal) in
            let number = arguments.number()
            guard !number.isEmpty else { throw .error }
            return number.value
        }
    }
}

extension Parameter where Value == [UInt8] {
    /// A quoted string of so many bytes; if it may be empty it may also be left out.
    static func quoted(_ name: StaticString, _ length: ClosedRange<Int>) -> Parameter {
        Parameter([Field(name, .quoted(length))]) { arguments, _ throws(Refusal) in
            var text: [UInt8] = []
            switch arguments.quoted(limit: length.upperBound) {
            case .omitted: break
            case .text(let bytes): text = bytes
            case .malformed: throw .error
            }
            guard text.count >= length.lowerBound else { throw .error }
            return text
        }
    }
}

extension Parameter where Value == MACAddress {
    /// A quoted MAC address of exactly 17 bytes; all zeros and all ones are refused (reference 2.16).
    static func macAddress(_ name: StaticString) -> Parameter {
        Parameter([Field(name, .macAddress)]) { arguments, _ throws(Refusal) in
            guard case .text(let text) = arguments.quoted(limit: 17), let mac = MACAddress(text: text),
                mac != .zero, mac != .broadcast
            else { throw .error }
            return mac
        }
    }
}

extension Parameter where Value == IPv4Address {
    /// A quoted address as inet_addr reads it; 255.255.255.255 is refused, and 0.0.0.0 unless `allowsAny`
    /// (reference 2.18, 2.19).
    static func address(_ name: StaticString, allowsAny: Bool, malformed: Refusal = .error) -> Parameter {
        Parameter([Field(name, .address)]) { arguments, _ throws(Refusal) in
            guard case .text(let text) = arguments.quoted(limit: 32), !text.isEmpty else { throw malformed }
            guard let address = IPv4Address(inet: text), address != .broadcast, allowsAny || address != .any
            else { throw .error }
            return address
        }
    }
}
