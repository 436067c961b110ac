/// A value of JSON whose objects keep the order of their members, as those of Foundation's encoder do not.
package enum JSONValue: Sendable, Hashable {
    case text(String)
    /// A number in its digits.
    case number(String)
    case boolean(Bool)
    case list([JSONValue])
    case object([Member])

    /// One member of an object.
    package struct Member: Sendable, Hashable {
        package let name: String
        package let value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package static func number(_ number: some BinaryInteger) -> JSONValue { .number("\(number)") }

    /// An object; members without a value are left out.
    package static func object(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }

    /// The value on one line without blanks.
    package var line: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let digits): digits
        case .boolean(let value): value ? "true" : "false"
        case .list(let values): "[" + values.map(\.line).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0.name) + ":" + $0.value.line }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{00}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

// For people: two blanks for each level, and on one line what fits there.
extension JSONValue {
    /// How long a line may be that holds a whole list or object.
    private static let lineLimit = 100

    /// The value on several lines.
    package var pretty: String { pretty(indentation: "") }

    private func pretty(indentation: String) -> String {
        let inner = indentation + "  "
        switch self {
        case .list(let values) where !values.isEmpty:
            let short = "[" + values.map(\.line).joined(separator: ", ") + "]"
            if isFlat, indentation.count + short.count <= Self.lineLimit { return short }
            let lines = values.map { inner + $0.pretty(indentation: inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(indentation)]"
        case .object(let members) where !members.isEmpty:
            let lines = members.map { "\(inner)\(Self.quoted($0.name)): \($0.value.pretty(indentation: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indentation)}"
        default: return line
        }
    }

    /// Whether it holds no list and no object.
    private var isFlat: Bool {
        guard case .list(let values) = self else { return false }
        return values.allSatisfy { value in
            switch value {
            case .list, .object: false
            case .text, .number, .boolean: true
            }
        }
    }
}
