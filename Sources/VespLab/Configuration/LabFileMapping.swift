/// The values of a mapping by their keys, all of which are known.
struct LabFileMapping {
    let values: [String: LabFileValue]
    /// The mapping itself.
    let place: LabFileValue

    /// The value of a key; nil when it is left out.
    subscript(key: String) -> LabFileValue? { values[key] }

    /// The value of a key that may not be left out.
    /// - Parameter example: what it could look like.
    func required(_ key: String, example: String) throws(ConfigurationError) -> LabFileValue {
        if let value = values[key] { return value }
        let path = place.key.isEmpty ? key : "\(place.key).\(key)"
        throw ConfigurationError(
            file: place.file, line: place.line, key: path,
            sentence: "the key is missing; add it, as in \(key): \(example).")
    }
}
