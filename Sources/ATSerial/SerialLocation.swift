/// Where a serial port can be opened by a client, once it is open.
public enum SerialLocation: Sendable, Hashable {
    /// The slave's path, such as `/dev/pts/7`, and the link to it as it was asked for.
    case pseudoTerminal(path: String, link: String?)
    /// The numeric address and the port on which it listens.
    case tcp(host: String, port: UInt16)
    /// The same of an RFC 2217 port.
    case rfc2217(host: String, port: UInt16)
    case unix(path: String)
    case device(path: String)
    case standardStreams
}

extension SerialLocation: CustomStringConvertible {
    /// What `esp: serial …` prints (contract, What it prints): `/dev/pts/7 (./vesp.tty)`, `tcp 127.0.0.1:40213`,
    /// `rfc2217 127.0.0.1:40213`.
    public var description: String {
        switch self {
        case .pseudoTerminal(let path, nil): path
        case .pseudoTerminal(let path, let link?): "\(path) (\(link))"
        case .tcp(let host, let port): "tcp \(SerialSpecification.endpoint(host, port))"
        case .rfc2217(let host, let port): "rfc2217 \(SerialSpecification.endpoint(host, port))"
        case .unix(let path): "unix \(path)"
        case .device(let path): "device \(path)"
        case .standardStreams: "stdio"
        }
    }
}
