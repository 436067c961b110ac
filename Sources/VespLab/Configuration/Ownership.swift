/// Notices when two parts of a lab claim a thing that only one can have.
struct Ownership {
    /// What it is, for the message: "serial port".
    let noun: String
    /// The labels of those that have claimed each thing.
    private var owners: [String: (label: String, key: String)] = [:]

    init(noun: String) {
        self.noun = noun
    }

    /// - Parameters:
    ///   - thing: what is claimed; equal texts are the same thing.
    ///   - shown: what messages call it.
    ///   - part: the module or access point that claims it.
    ///   - key: the key of `part` that says so; the error is placed there if the file has it.
    ///   - remedy: what to do about a second claim.
    mutating func claim(
        _ thing: String, shown: String? = nil, for part: LabPart<some Any>, key: String, remedy: String
    ) throws(ConfigurationError) {
        guard let owner = owners[thing] else {
            owners[thing] = (part.label, part.place.key)
            return
        }
        // Two of one entry differ in their number alone.
        let isNumbered = owner.key == part.place.key && owner.label != part.label
        throw part.error(
            key,
            "\(owner.label) has the \(noun) \(InvalidValue.quoted(shown ?? thing)) too; "
                + "\(isNumbered ? "put {n} into it" : remedy).")
    }
}
