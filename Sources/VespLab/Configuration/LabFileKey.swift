/// One key of a mapping of the lab file. From the one description the file is read, unknown keys are noticed, and the JSON
/// Schema and the tables of Documentation/Lab.md are made, so that none of them can lack a key that another has.
struct LabFileKey<Part>: Sendable {
    typealias Reading = @Sendable (LabFileValue, inout Part, inout LabFileProblems) -> Void

    let description: LabFileKeyDescription
    let read: Reading

    /// A key whose value is read by `read`.
    init(_ description: LabFileKeyDescription, read: @escaping Reading) {
        self.description = description
        self.read = read
    }

    /// A key whose value stands for itself.
    /// - Parameters:
    ///   - format: what it may hold.
    ///   - omitted: what holds without it.
    ///   - meaning: what it is, in a few words.
    ///   - set: puts the value into the part.
    init<Value>(
        _ name: String, _ format: LabFileFormat<Value>, omitted: LabFileKeyDescription.Omitted, _ meaning: String,
        set: @escaping @Sendable (inout Part, Value) -> Void
    ) {
        self.init(
            LabFileKeyDescription(
                name: name, schema: format.schema, words: format.words, omitted: omitted, meaning: meaning)
        ) { value, part, problems in
            if let read = problems.note({ () throws(ConfigurationError) in try format.read(value) }) {
                set(&part, read)
            }
        }
    }
}

/// A key in words, as the schema and the documentation show it.
struct LabFileKeyDescription: Sendable {
    /// What holds when a key is left out.
    enum Omitted: Sendable {
        /// It may not be; the example is for the message.
        case required(example: String)
        /// As if this stood there.
        case value(JSONValue)
        /// Something that cannot be written down as a value.
        case words(String)
    }

    let name: String
    /// The members of its JSON Schema but for the description and the default.
    let schema: [JSONValue.Member]
    /// What it may hold, as Markdown.
    let words: String
    let omitted: Omitted
    let meaning: String
}

/// All keys of one kind of mapping, in the order in which they are read.
struct LabFileKeys<Part>: Sendable, ExpressibleByArrayLiteral {
    private let keys: [LabFileKey<Part>]

    init(arrayLiteral keys: LabFileKey<Part>...) {
        self.keys = keys
    }

    var descriptions: [LabFileKeyDescription] { keys.map(\.description) }

    /// The values of a mapping by their keys; what is not known or is missing is noted.
    /// - Returns: nil when `value` is no mapping, or lacks a key without which the others mean nothing.
    func mapping(_ value: LabFileValue, _ problems: inout LabFileProblems) -> LabFileMapping? {
        let names = keys.map(\.description.name)
        let list = names.joined(separator: ", ")
        let before = problems.count
        let entries = problems.note { () throws(ConfigurationError) in try value.entries("with the keys \(list)") }
        guard let entries else { return nil }
        var values: [String: LabFileValue] = [:]
        for entry in entries {
            if names.contains(entry.name) {
                values[entry.name] = entry.value
            } else if let meant = Suggestion.nearest(to: entry.name, among: names) {
                problems.add(entry.place.error("there is no such key; did you mean \(meant)?"))
            } else {
                problems.add(entry.place.error("there is no such key; the keys here are \(list)."))
            }
        }
        for key in keys.map(\.description) where values[key.name] == nil {
            // A misspelt key is missing too, and one sentence about it is enough.
            guard case .required(let example) = key.omitted, problems.count == before else { continue }
            problems.add(value.missing(key.name, "add it, as in \(key.name): \(example)"))
        }
        return LabFileMapping(place: value, values: values, isSound: problems.count == before)
    }

    /// Reads what is there.
    /// - Returns: whether nothing is wrong with it.
    func read(_ mapping: LabFileMapping, into part: inout Part, _ problems: inout LabFileProblems) -> Bool {
        let before = problems.count
        for key in keys {
            if let value = mapping[key.description.name] { key.read(value, &part, &problems) }
        }
        return mapping.isSound && problems.count == before
    }
}

/// The values of a mapping by their keys, all of which are known.
struct LabFileMapping {
    /// The mapping itself.
    let place: LabFileValue
    fileprivate var values: [String: LabFileValue]
    /// Whether every key was known and none was missing.
    fileprivate let isSound: Bool

    fileprivate init(place: LabFileValue, values: [String: LabFileValue], isSound: Bool) {
        self.place = place
        self.values = values
        self.isSound = isSound
    }

    /// The value of a key; nil when it is left out.
    subscript(key: String) -> LabFileValue? { values[key] }

    /// The same mapping for one of several modules.
    /// - Parameter number: what `{n}` stands for.
    func numbered(_ number: Int) -> LabFileMapping {
        LabFileMapping(
            place: place.numbered(number), values: values.mapValues { $0.numbered(number) }, isSound: isSound)
    }
}
