import Yams

/// One value of a lab file, with its place for messages.
struct LabFileValue {
    let node: Node
    /// Where in the structure it is, for example `modules[0].mac`; empty at the top.
    let key: String
    let file: String

    /// The line on which it starts, from 1.
    var line: Int? { node.mark?.line }

    /// Its type by the rules of YAML.
    private var type: Tag.Name { Tag.Name(rawValue: node.tag.rawValue) }

    /// Whether nothing was written.
    var isNull: Bool { type == .null }

    /// What it is, in words.
    private var kind: String {
        switch node {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "an alias"
        case .scalar(let scalar):
            switch type {
            case .null: "nothing"
            case .bool: "true or false"
            case .int, .float: "the number \(scalar.string)"
            default: "the text \(InvalidValue.quoted(scalar.string))"
            }
        }
    }

    /// An error at this place.
    /// - Parameter sentence: what is wrong and what to do, with its full stop.
    func error(_ sentence: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line, key: key.isEmpty ? nil : key, sentence: sentence)
    }

    private func mismatch(_ remedy: String) -> ConfigurationError {
        error("here is \(kind); \(remedy).")
    }

    /// The text of a scalar as it is written: a password of digits keeps its zeros, and the firmware `0.21` is no number.
    /// - Parameter expected: what belongs here, for the message, for example "a text such as host".
    func text(_ expected: String = "a text") throws(ConfigurationError) -> String {
        guard case .scalar(let scalar) = node, type != .null, type != .bool else {
            throw mismatch("give \(expected), in quotes if it reads like something else")
        }
        return scalar.string
    }

    /// A text that `parse` turns into a value.
    func value<Value>(
        _ expected: String = "a text", _ parse: (String) throws(InvalidValue) -> Value
    ) throws(ConfigurationError) -> Value {
        let text = try text(expected)
        do throws(InvalidValue) { return try parse(text) } catch { throw self.error(error.description) }
    }

    /// A whole number in decimal digits, without quotes.
    func integer<Number: FixedWidthInteger>(in range: ClosedRange<Number>) throws(ConfigurationError) -> Number {
        let remedy = "give a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard case .scalar(let scalar) = node, [.int, .float].contains(type),
            scalar.string.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") })
        else { throw mismatch(remedy + ", without quotes") }
        guard let number = Number(scalar.string), range.contains(number) else {
            throw error("\(InvalidValue.quoted(scalar.string)) is out of range; \(remedy).")
        }
        return number
    }

    /// `true` or `false`, or one of the other words that YAML has for them.
    func boolean() throws(ConfigurationError) -> Bool {
        guard case .scalar(let scalar) = node, type == .bool else {
            throw mismatch("give true or false, without quotes")
        }
        return ["true", "yes", "on"].contains(scalar.string.lowercased())
    }

    /// One of the cases of an enumeration by its raw value.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        of type: Choice.Type
    ) throws(ConfigurationError) -> Choice {
        try value("one of \(type.names)") { text throws(InvalidValue) in try Choice(choosing: text) }
    }

    /// The values of a list.
    func list(_ expected: String) throws(ConfigurationError) -> [LabFileValue] {
        guard case .sequence(let sequence) = node else { throw mismatch("give a list of \(expected)") }
        return sequence.enumerated().map { LabFileValue(node: $1, key: "\(key)[\($0)]", file: file) }
    }

    /// One entry of a mapping.
    struct Entry {
        let name: String
        /// Where the name stands.
        let place: LabFileValue
        let value: LabFileValue
    }

    /// The entries of a mapping in their order.
    /// - Parameter expected: what belongs here, for the message.
    func entries(_ expected: String) throws(ConfigurationError) -> [Entry] {
        guard case .mapping(let mapping) = node else { throw mismatch("give a mapping \(expected)") }
        var entries: [Entry] = []
        for (nameNode, valueNode) in mapping {
            let name = try LabFileValue(node: nameNode, key: key, file: file).text("a key that is a text")
            let shown = String(InvalidValue.quoted(name).dropFirst().dropLast())
            let path = key.isEmpty ? shown : "\(key).\(shown)"
            let place = LabFileValue(node: nameNode, key: path, file: file)
            entries.append(Entry(name: name, place: place, value: LabFileValue(node: valueNode, key: path, file: file)))
        }
        return entries
    }

    /// The value of a key of a mapping, if it is there.
    func child(_ name: String) -> LabFileValue? {
        guard case .mapping(let mapping) = node, let child = mapping[Node(name)] else { return nil }
        return LabFileValue(node: child, key: "\(key).\(name)", file: file)
    }

    /// A mapping of which only certain keys are known.
    /// - Parameter keys: all of them; any other is refused.
    func mapping(of keys: [String]) throws(ConfigurationError) -> LabFileMapping {
        let list = keys.joined(separator: ", ")
        var values: [String: LabFileValue] = [:]
        for entry in try entries("with the keys \(list)") {
            guard keys.contains(entry.name) else {
                if let meant = Suggestion.nearest(to: entry.name, among: keys) {
                    throw entry.place.error("there is no such key; did you mean \(meant)?")
                }
                throw entry.place.error("there is no such key; the keys here are \(list).")
            }
            values[entry.name] = entry.value
        }
        return LabFileMapping(values: values, place: self)
    }
}
