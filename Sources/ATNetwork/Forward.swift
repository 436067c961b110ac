import ATPrimitives

/// A host port that reaches a server of the module (contract, `--forward`).
public struct Forward: Sendable, Hashable {
    /// Where it is bound; nil means where the policy binds servers.
    public var host: IPv4Address?
    /// The port on the host; 0 picks a free one, which then stays for as long as the network lives.
    public var hostPort: UInt16
    /// The port on which the module's server listens.
    public var modulePort: UInt16

    public init(host: IPv4Address? = nil, hostPort: UInt16, modulePort: UInt16) {
        self.host = host
        self.hostPort = hostPort
        self.modulePort = modulePort
    }
}
