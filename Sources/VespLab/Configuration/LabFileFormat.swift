import ATPrimitives

/// What a key may hold: how it is read, how JSON Schema says it, and how people do.
struct LabFileFormat<Value>: Sendable {
    typealias Reading = @Sendable (LabFileValue) throws(ConfigurationError) -> Value

    /// Members of a JSON Schema.
    let schema: [JSONValue.Member]
    /// For people, as Markdown.
    let words: String
    let read: Reading

    init(_ words: String, schema: KeyValuePairs<String, JSONValue>, read: @escaping Reading) {
        self.init(words, schema: schema.map { JSONValue.Member($0, $1) }, read: read)
    }

    private init(_ words: String, schema: [JSONValue.Member], read: @escaping Reading) {
        self.words = words
        self.schema = schema
        self.read = read
    }

    /// The same in other words.
    func described(as words: String) -> Self {
        Self(words, schema: schema, read: read)
    }

    /// The same, but what was read is looked at once more.
    func checked(_ check: @escaping @Sendable (LabFileValue, Value) throws(ConfigurationError) -> Void) -> Self {
        Self(words, schema: schema) { [read] value throws(ConfigurationError) in
            let result = try read(value)
            try check(value, result)
            return result
        }
    }
}

/// What JSON Schema calls the type of a text: in YAML it needs no quotes, so one of digits looks like a number.
let textType: JSONValue = .list([.text("string"), .text("number")])

extension LabFileFormat {
    /// A text that `parse` turns into a value.
    /// - Parameters:
    ///   - expected: what belongs here, for the message: "a MAC address".
    ///   - pattern: a regular expression that every right text matches.
    ///   - numbers: members of the schema for a text that YAML takes for a number; nil when no right text is one.
    static func text(
        _ words: String, expected: String, pattern: String, numbers: KeyValuePairs<String, JSONValue>? = nil,
        parse: @escaping @Sendable (String) throws(InvalidValue) -> Value
    ) -> Self {
        let type: [JSONValue.Member] = [
            .init("type", numbers == nil ? "string" : textType), .init("pattern", .text(pattern)),
        ]
        return Self(words, schema: type + (numbers ?? [:]).map { .init($0, $1) }) { value throws(ConfigurationError) in
            try value.value(expected, parse)
        }
    }

    /// A list whose items have a format.
    /// - Parameter expected: what the items are, for the message: `addresses, as in ["192.168.1.0/24"]`.
    static func list<Item>(
        of item: LabFileFormat<Item>, _ words: String, expected: String
    ) -> Self where Value == [Item] {
        Self(words, schema: ["type": "array", "items": .object(item.schema)]) { value throws(ConfigurationError) in
            var items: [Item] = []
            for value in try value.list(expected) { items.append(try item.read(value)) }
            return items
        }
    }
}

extension LabFileFormat where Value: FixedWidthInteger & Sendable {
    /// A whole number without quotes.
    static func integer(_ range: ClosedRange<Value>, unit: String = "") -> Self {
        Self(
            "\(range.lowerBound) to \(range.upperBound)\(unit)",
            schema: [
                "type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
            ]
        ) { value throws(ConfigurationError) in try value.integer(in: range) }
    }
}

extension LabFileFormat where Value == Bool {
    /// `true` or `false`.
    static var boolean: Self {
        Self("`true`, `false`", schema: ["type": "boolean"]) { value throws(ConfigurationError) in
            try value.boolean()
        }
    }
}

extension LabFileFormat where Value: RawRepresentable<String> & CaseIterable & SendableMetatype {
    /// One of the cases of an enumeration by its raw value.
    static func choice(_ words: String? = nil) -> Self {
        let names = Value.allCases.map(\.rawValue)
        // A text that is a number need not be in quotes.
        let numbers = names.filter { Double($0) != nil }.map { JSONValue.number($0) }
        return Self(
            words ?? names.map { "`\($0)`" }.joined(separator: ", "),
            schema: ["enum": .list(names.map { .text($0) } + numbers)]
        ) { value throws(ConfigurationError) in
            try value.choice(of: Value.self)
        }
    }
}

extension LabFileFormat where Value == MACAddress {
    /// The pattern of six pairs of hex digits with colons.
    static var macPattern: String { "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$" }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral text: String) { self = .text(text) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(integerLiteral number: Int) { self = .number("\(number)") }
}
