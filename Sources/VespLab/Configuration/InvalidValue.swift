/// Why a text of the command line or of a lab file is not the value that it should be; who reads it adds the place.
public struct InvalidValue: Error, Hashable, CustomStringConvertible {
    /// What is wrong and the remedy in one sentence.
    public let description: String

    /// The longest part of somebody's text that a message repeats, in characters.
    private static let quotedLimit = 60

    init(_ sentence: String) {
        description = sentence
    }

    /// - Parameters:
    ///   - text: what was given; the sentence starts with it.
    ///   - problem: for example "is not a MAC address".
    ///   - remedy: for example "write six pairs of hex digits".
    init(_ text: String, _ problem: String, remedy: String) {
        description = "\(Self.quoted(text)) \(problem); \(remedy)."
    }

    /// A text in quotes, cut to a length that suits a message, without characters that would disturb a terminal.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.prefix(quotedLimit) {
            for scalar in character.unicodeScalars {
                let isControl = scalar.properties.generalCategory == .control
                quoted += isControl || scalar == "\"" ? scalar.escaped(asASCII: true) : String(scalar)
            }
        }
        return quoted + (text.count > quotedLimit ? "…\"" : "\"")
    }
}
