/// Notices when two parts of a lab claim a thing that only one can have.
struct Ownership {
    /// What it is, for the message: "serial port".
    let noun: String
    private var owners: [String: LabFileValue] = [:]

    init(noun: String) {
        self.noun = noun
    }

    /// - Parameters:
    ///   - thing: what is claimed; equal texts are the same thing.
    ///   - part: the module or access point that claims it.
    ///   - key: the key of `part` that says so; the error is placed there if the file has it.
    ///   - remedy: what to do about a second claim.
    mutating func claim(
        _ thing: String, for part: LabFileValue, key: String, remedy: String
    ) throws(ConfigurationError) {
        if let owner = owners[thing] {
            let line = part.child(key)?.line ?? part.line
            throw ConfigurationError(
                file: part.file, line: line, key: "\(part.key).\(key)",
                sentence: "\(owner.key) has the \(noun) \(InvalidValue.quoted(thing)) too; \(remedy).")
        }
        owners[thing] = part
    }
}
