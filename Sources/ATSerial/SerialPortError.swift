import Glibc
import NIOCore

/// Why a serial port cannot be opened, or why it stopped working; its description is one sentence.
public struct SerialPortError: Error, Sendable, CustomStringConvertible {
    /// What failed, by what it means for the program (contract, Exit status).
    public enum Kind: Sendable, Hashable {
        /// The port, address, device or file is not to be had: exit 69.
        case unavailable
        /// Input or output failed on an open port: exit 74.
        case failed
    }

    public let kind: Kind
    /// The line that has the trouble, as a specification is written: `device:/dev/ttyUSB0`.
    public let line: String
    /// What went wrong, to follow the line in a sentence: "is in use by another program".
    public let problem: String
    /// What the system said, if it was asked.
    public let underlying: (any Error)?

    init(_ kind: Kind, line: String, problem: String, underlying: (any Error)? = nil) {
        self.kind = kind
        self.line = line
        self.problem = problem
        self.underlying = underlying
    }

    public var description: String {
        guard let underlying else { return "\(line) \(problem)" }
        guard let system = underlying as? IOError else { return "\(line) \(problem): \(underlying)" }
        return "\(line) \(problem): \(String(cString: strerror(system.errnoCode)))"
    }
}

/// The calls of the system that a serial port needs, with errors thrown instead of returned.
enum SystemCall {
    /// Runs a call that returns a negative number and sets `errno` when it fails.
    @discardableResult
    static func run(_ name: StaticString, _ body: () -> CInt) throws(IOError) -> CInt {
        let result = body()
        guard result >= 0 else { throw IOError(errnoCode: errno, reason: "\(name)") }
        return result
    }

    /// Runs a function of CPosix, which returns a negated `errno` when it fails.
    static func check(_ name: StaticString, _ body: () -> CInt) throws(IOError) {
        let result = body()
        guard result >= 0 else { throw IOError(errnoCode: -result, reason: "\(name)") }
    }

    /// Another descriptor of the same open file, which children do not inherit.
    static func duplicate(_ descriptor: CInt) throws(IOError) -> CInt {
        try run("dup") { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
    }

    /// Opens a file; children do not inherit it, and it never becomes the controlling terminal.
    static func open(_ path: String, _ flags: CInt) throws(IOError) -> CInt {
        try run("open") { Glibc.open(path, flags | O_NOCTTY | O_CLOEXEC) }
    }

    /// What is at `path` itself, links not followed; nil if nothing is.
    static func status(ofLinkAt path: String) throws(IOError) -> stat? {
        var status = stat()
        if lstat(path, &status) == 0 { return status }
        guard errno == ENOENT else { throw IOError(errnoCode: errno, reason: "lstat") }
        return nil
    }

    /// What an open descriptor is.
    static func status(of descriptor: CInt) throws(IOError) -> stat {
        var status = stat()
        try run("fstat") { fstat(descriptor, &status) }
        return status
    }
}

extension stat {
    /// The kind of file: `S_IFLNK`, `S_IFSOCK` and so on.
    var type: mode_t { st_mode & S_IFMT }
}
