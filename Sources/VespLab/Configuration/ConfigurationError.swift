/// What is wrong with a lab file, where, and what to do about it.
public struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// Which exit status it becomes (contract, Exit status).
    public enum Kind: Sendable, Hashable {
        /// The file is there but does not describe a lab (exit 78).
        case invalid
        /// The file is not there or cannot be read (exit 69).
        case unavailable
    }

    public let kind: Kind
    /// The path of the file as it was given.
    public let file: String
    /// The line, from 1; nil when the file as a whole is meant.
    public let line: Int?
    /// Where in the structure, for example `modules[0].mac`; nil when no key is meant.
    public let key: String?
    /// What is wrong and the remedy, ending in a full stop or a question mark.
    public let sentence: String

    init(kind: Kind = .invalid, file: String, line: Int? = nil, key: String? = nil, sentence: String) {
        self.kind = kind
        self.file = file
        self.line = line
        self.key = key
        self.sentence = sentence
    }

    /// The whole in one sentence that starts with the place: `lab.yaml:7: modules[0].mac: …`.
    public var description: String {
        var place = file
        if let line { place += ":\(line)" }
        place += ": "
        if let key { place += key + ": " }
        return place + sentence
    }
}
