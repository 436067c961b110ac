import ATPrimitives
import ATSerial
import VespLab

extension LabEvent {
    /// The line of text for an event; nil when there is none (contract, What it prints).
    /// - Parameter lab: the name of the lab, which goes before the module's; nil if it is the only one.
    func text(lab: String?) -> String? {
        let prefix = lab.map { "\($0)/" } ?? ""
        switch self {
        case .ready(_, .standardStreams): return nil
        case .ready(let module, let serial): return "\(prefix)\(module): serial \(serial)"
        case .server(let module, let port, let host): return "\(prefix)\(module): server port \(port) is \(host)"
        case .serverClosed(let module, let port): return "\(prefix)\(module): server port \(port) is closed"
        case .datagramPort(let module, let port, let host): return "\(prefix)\(module): udp port \(port) is \(host)"
        }
    }

    /// The event as one line of JSON, its keys in the order of the contract; nil when there is none.
    /// - Parameter lab: the name of the lab, which comes after the event; nil if it is the only one.
    func json(lab: String?) -> String? {
        switch self {
        case .ready(_, .standardStreams):
            nil
        case .ready(let module, let serial):
            Self.line("ready", lab, module, [.init("serial", .object(serial.members))])
        case .server(let module, let port, let host):
            Self.line("server", lab, module, [.init("port", .number(port))] + host.members)
        case .serverClosed(let module, let port):
            Self.line("server-closed", lab, module, [.init("port", .number(port))])
        case .datagramPort(let module, let port, let host):
            Self.line("udp", lab, module, [.init("port", .number(port))] + host.members)
        }
    }

    private static func line(
        _ event: String, _ lab: String?, _ module: String, _ members: [JSONValue.Member]
    ) -> String {
        let lab = lab.map { [JSONValue.Member("lab", .text($0))] } ?? []
        return JSONValue.object(
            [.init("event", .text(event))] + lab + [.init("module", .text(module))] + members
        ).line
    }
}

extension Endpoint {
    fileprivate var members: [JSONValue.Member] {
        [.init("host", .text(address.description)), .init("hostPort", .number(port))]
    }
}

extension SerialLocation {
    fileprivate var members: [JSONValue.Member] {
        switch self {
        case .pseudoTerminal(let path, let link):
            [.init("kind", "pty"), .init("path", .text(path))] + (link.map { [.init("link", .text($0))] } ?? [])
        case .tcp(let host, let port): Self.members("tcp", host, port)
        case .rfc2217(let host, let port): Self.members("rfc2217", host, port)
        case .unix(let path): [.init("kind", "unix"), .init("path", .text(path))]
        case .device(let path): [.init("kind", "device"), .init("path", .text(path))]
        case .standardStreams: [.init("kind", "stdio")]
        }
    }

    private static func members(_ kind: JSONValue, _ host: String, _ port: UInt16) -> [JSONValue.Member] {
        [.init("kind", kind), .init("host", .text(host)), .init("port", .number(port))]
    }
}
