import Foundation
import Yams

/// One value of a lab file, with its place for messages.
struct LabFileValue {
    let node: Node
    /// Where in the structure it is, for example `modules[0].mac`; empty at the top.
    let key: String
    let file: String
    /// What `{n}` stands for in a module of which there are several; nil in all else.
    private(set) var number: Int?

    /// The line on which it starts, from 1.
    var line: Int? { node.mark?.line }

    /// The directory of the file, where relative paths begin; empty for the working directory.
    var directory: String {
        guard let slash = file.lastIndex(of: "/") else { return "" }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

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
            case .binary: "a text of bytes (!!binary)"
            default: "the text \(InvalidValue.quoted(scalar.string))"
            }
        }
    }

    /// An error at this place.
    /// - Parameter sentence: what is wrong and what to do, with its full stop.
    func error(_ sentence: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line, key: key.isEmpty ? nil : key, sentence: sentence)
    }

    /// A key of this mapping is not there.
    func missing(_ name: String, _ remedy: String) -> ConfigurationError {
        ConfigurationError(
            file: file, line: line, key: key.isEmpty ? name : "\(key).\(name)",
            sentence: "the key is missing; \(remedy).")
    }

    /// The same value with a number for `{n}`.
    func numbered(_ number: Int) -> LabFileValue {
        var value = self
        value.number = number
        return value
    }

    private func part(_ node: Node, key: String) -> LabFileValue {
        LabFileValue(node: node, key: key, file: file, number: number)
    }

    private func mismatch(_ remedy: String) -> ConfigurationError {
        error("here is \(kind); \(remedy).")
    }

    /// The text of a scalar as it is written: a password of digits keeps its zeros, and the firmware `0.21` is no number.
    /// - Parameter expected: what belongs here, for the message, for example "a text such as host".
    func text(_ expected: String = "a text") throws(ConfigurationError) -> String {
        guard case .scalar(let scalar) = node, type != .null, type != .bool, type != .binary else {
            throw mismatch("give \(expected), in quotes if it reads like something else")
        }
        return scalar.string
    }

    /// The bytes of a text, in UTF-8, or those that `!!binary` gives in base64.
    func bytes(_ expected: String) throws(ConfigurationError) -> [UInt8] {
        guard case .scalar(let scalar) = node, type == .binary else { return Array(try text(expected).utf8) }
        guard let data = Data(base64Encoded: scalar.string.filter { !$0.isWhitespace }) else {
            throw error("\(InvalidValue.quoted(scalar.string)) is not base64; write one such as !!binary \"SG9t/w==\".")
        }
        return Array(data)
    }

    /// A text that `parse` turns into a value.
    func value<Value>(
        _ expected: String = "a text", _ parse: (String) throws(InvalidValue) -> Value
    ) throws(ConfigurationError) -> Value {
        let text = try text(expected)
        do throws(InvalidValue) { return try parse(text) } catch { throw self.error(error.description) }
    }

    /// A number with decimals, without quotes, in units of a fraction: metres in centimetres.
    /// - Parameters:
    ///   - unit: how many of the fraction are one.
    ///   - range: what it may be, in the fraction.
    ///   - remedy: what to write.
    func decimal(times unit: Int64, in range: ClosedRange<Int64>, _ remedy: String) throws(ConfigurationError) -> Int64
    {
        guard case .scalar(let scalar) = node, [.int, .float].contains(type) else {
            throw mismatch(remedy + ", without quotes")
        }
        guard let number = DecimalNumber(scalar.string)?.times(unit), range.contains(number) else {
            throw error("\(InvalidValue.quoted(scalar.string)) is out of range or too fine; \(remedy).")
        }
        return number
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
        return sequence.enumerated().map { part($1, key: "\(key)[\($0)]") }
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
            entries.append(
                Entry(name: name, place: part(nameNode, key: path), value: part(valueNode, key: path)))
        }
        return entries
    }

    /// The value of a key of a mapping, if it is there.
    func child(_ name: String) -> LabFileValue? {
        guard case .mapping(let mapping) = node, let child = mapping[Node(name)] else { return nil }
        return part(child, key: key.isEmpty ? name : "\(key).\(name)")
    }
}
