import Glibc

/// Why a flash image could not be opened, read or written.
public struct FlashFileError: Error, Hashable, CustomStringConvertible {
    /// What the caller can do about it; each kind has an exit status of its own (contract, Exit status).
    public enum Kind: Sendable, Hashable {
        /// Another vesp holds the file (exit 69).
        case inUse
        /// The file cannot be made or opened here (exit 69).
        case unavailable
        /// What is there is no flash image of ours (exit 78); it was not touched.
        case invalid
        /// Reading or writing failed (exit 74).
        case io
    }

    public let kind: Kind
    /// The path as it was given.
    public let path: String
    /// The system's error number; nil when it was not the system that refused.
    public let errorNumber: Int32?
    /// What is wrong, and what to do about it, as one sentence.
    public let description: String

    /// - Parameters:
    ///   - subject: what the file was to be.
    ///   - problem: what follows the path in the sentence, for example "is a directory".
    ///   - remedy: what to do, for example "give the path of a file".
    ///   - errorNumber: the `errno` behind it, whose text joins the sentence.
    init(
        _ kind: Kind, subject: String = "flash image", path: String, problem: String, remedy: String,
        errorNumber: Int32? = nil
    ) {
        self.kind = kind
        self.path = path
        self.errorNumber = errorNumber
        var reason = ""
        if let errorNumber { reason = " (\(String(cString: strerror(errorNumber))))" }
        description = "The \(subject) \(path) \(problem)\(reason); \(remedy)."
    }
}
