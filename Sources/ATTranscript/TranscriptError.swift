/// Why a transcript cannot be read: the place, what is wrong there, and what to write instead.
public struct TranscriptError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file as the caller named it.
    public let file: String
    /// Counted from 1; 0 when the file as a whole is meant.
    public let line: Int
    public let problem: String
    public let remedy: String

    public init(file: String, line: Int, problem: String, remedy: String) {
        self.file = file
        self.line = line
        self.problem = problem
        self.remedy = remedy
    }

    /// One line: `file:line: problem; remedy`.
    public var description: String {
        "\(file):\(line == 0 ? "" : "\(line):") \(problem); \(remedy)"
    }
}
