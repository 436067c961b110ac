/// A part of a lab with the place in the file that describes it.
struct LabPart<Value> {
    let value: Value
    let place: LabFileValue
    /// What messages call it: `modules[0]`, or `sensor-3 of modules[0]`.
    let label: String

    /// - Parameter name: tells it from others of the same place; nil when there are none.
    init(_ value: Value, of place: LabFileValue, name: String?) {
        self.value = value
        self.place = place
        label = name.map { "\($0) of \(place.key)" } ?? place.key
    }

    /// An error at a key of this part, or at the part if the file has not got the key.
    func error(_ key: String, _ sentence: String) -> ConfigurationError {
        let line = place.child(key)?.line ?? place.line
        return ConfigurationError(file: place.file, line: line, key: "\(place.key).\(key)", sentence: sentence)
    }
}
