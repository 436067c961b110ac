import ATPrimitives
import Glibc

/// Why the host's network did not do what a lab asked of it.
public struct NetworkError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried.
    public enum Kind: Sendable, Hashable {
        /// A host port for a server of the module could not be had.
        case bind
        /// The network was closed before.
        case closed
    }

    public let kind: Kind
    /// The address that it was about.
    public let endpoint: Endpoint
    /// The error number of the system, 0 if none.
    public let errorNumber: CInt

    init(_ kind: Kind, at endpoint: Endpoint, errorNumber: CInt = 0) {
        self.kind = kind
        self.endpoint = endpoint
        self.errorNumber = errorNumber
    }

    public var description: String {
        switch kind {
        case .bind: "cannot listen on \(endpoint): \(String(cString: strerror(errorNumber)))"
        case .closed: "the network is closed"
        }
    }
}
