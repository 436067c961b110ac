import ATAir

/// The lab file as others see it: JSON Schema for editors, and the tables of Documentation/Lab.md.
public enum LabSchema {
    /// The JSON Schema (draft 2020-12) of a lab file.
    public static var json: String {
        let head: [JSONValue.Member] = [
            .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
            .init("title", "A lab of vesp"),
            .init("description", "What `vesp run LAB` runs; Documentation/Lab.md tells more."),
        ]
        return JSONValue.object(head + LabSections.keys.schema).pretty
    }

    /// The keys of one kind of mapping.
    struct Table {
        /// Where it is in a lab file; empty at the top.
        let place: String
        let keys: [LabFileKeyDescription]

        /// As Markdown.
        var markdown: String {
            let rows = keys.map { key in
                "| `\(key.name)` | \(key.meaning) | \(key.words) | \(key.omitted.markdown) |"
            }
            return (["| key | what it is | values | omitted |", "|---|---|---|---|"] + rows).joined(separator: "\n")
        }
    }

    /// All tables, the top first.
    static var tables: [Table] {
        [
            Table(place: "", keys: LabSections.keys.descriptions),
            Table(place: "air", keys: LabSections.air.descriptions),
            Table(place: "air.accessPoints", keys: AccessPoint.keys.descriptions),
            Table(place: "modules", keys: ModuleConfiguration.keys.descriptions),
            Table(place: "network", keys: NetworkSection.keys.descriptions),
        ]
    }

    /// The tables for Documentation/Lab.md, each under its heading.
    public static var markdown: String {
        tables.map { "## \($0.place.isEmpty ? "the file" : $0.place)\n\n\($0.markdown)" }.joined(separator: "\n\n")
    }
}

extension LabFileKeys {
    /// The members of the JSON Schema of the mapping.
    var schema: [JSONValue.Member] {
        let required = descriptions.filter(\.omitted.isRequired).map { JSONValue.text($0.name) }
        var members: [JSONValue.Member] = [.init("type", "object"), .init("additionalProperties", false)]
        if !required.isEmpty { members.append(.init("required", .list(required))) }
        let properties = descriptions.map { JSONValue.Member($0.name, .object($0.property)) }
        return members + [.init("properties", .object(properties))]
    }
}

extension LabFileKeyDescription {
    /// The members of the JSON Schema of the value.
    fileprivate var property: [JSONValue.Member] {
        let start = meaning.prefix(1).uppercased() + meaning.dropFirst()
        var description = "\(start): \(words)."
        if case .words(let words) = omitted { description += " Without it: \(words)." }
        var members = [JSONValue.Member("description", .text(description))] + schema
        if case .value(let value) = omitted { members.append(.init("default", value)) }
        return members
    }
}

extension LabFileKeyDescription.Omitted {
    fileprivate var isRequired: Bool {
        if case .required = self { true } else { false }
    }

    /// What stands in the last column.
    fileprivate var markdown: String {
        switch self {
        case .required: "required"
        case .value(.text(let text)) where Double(text) == nil || text == "0": "`\(text)`"
        case .value(let value): "`\(value.line)`"
        case .words(let words): words
        }
    }
}
