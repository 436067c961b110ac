import ATPrimitives
import ATSerial
import VespLab

extension LabEvent {
    /// The line of text for an event; nil when there is none (contract, What it prints).
    var text: String? {
        switch self {
        case .ready(_, .standardStreams): nil
        case .ready(let module, let serial): "\(module): serial \(serial)"
        case .server(let module, let port, let host): "\(module): server port \(port) is \(host)"
        case .serverClosed(let module, let port): "\(module): server port \(port) is closed"
        case .datagramPort(let module, let port, let host): "\(module): udp port \(port) is \(host)"
        }
    }

    /// The event as one line of JSON, its keys in the order of the contract; nil when there is none.
    var json: String? {
        switch self {
        case .ready(_, .standardStreams):
            nil
        case .ready(let module, let serial):
            JSONLine([("event", "ready"), ("module", .text(module)), ("serial", .object(serial.fields))]).text
        case .server(let module, let port, let host):
            JSONLine([("event", "server"), ("module", .text(module)), ("port", .number(port))] + host.fields).text
        case .serverClosed(let module, let port):
            JSONLine([("event", "server-closed"), ("module", .text(module)), ("port", .number(port))]).text
        case .datagramPort(let module, let port, let host):
            JSONLine([("event", "udp"), ("module", .text(module)), ("port", .number(port))] + host.fields).text
        }
    }
}

extension Endpoint {
    fileprivate var fields: [JSONLine.Field] {
        [("host", .text(address.description)), ("hostPort", .number(port))]
    }
}

extension SerialLocation {
    fileprivate var fields: [JSONLine.Field] {
        switch self {
        case .pseudoTerminal(let path, let link):
            [("kind", "pty"), ("path", .text(path))] + (link.map { [("link", .text($0))] } ?? [])
        case .tcp(let host, let port): [("kind", "tcp"), ("host", .text(host)), ("port", .number(port))]
        case .rfc2217(let host, let port): [("kind", "rfc2217"), ("host", .text(host)), ("port", .number(port))]
        case .unix(let path): [("kind", "unix"), ("path", .text(path))]
        case .device(let path): [("kind", "device"), ("path", .text(path))]
        case .standardStreams: [("kind", "stdio")]
        }
    }
}

/// An object of JSON on one line whose keys keep their order, as those of Foundation's encoder do not.
private struct JSONLine {
    typealias Field = (key: String, value: Value)

    enum Value: ExpressibleByStringLiteral {
        case text(String)
        case number(UInt16)
        case object([Field])

        init(stringLiteral text: String) { self = .text(text) }
    }

    private let fields: [Field]

    init(_ fields: [Field]) { self.fields = fields }

    var text: String {
        let members = fields.map { "\(Self.quoted($0.key)):\(Self.text(of: $0.value))" }
        return "{\(members.joined(separator: ","))}"
    }

    private static func text(of value: Value) -> String {
        switch value {
        case .text(let text): quoted(text)
        case .number(let number): "\(number)"
        case .object(let fields): JSONLine(fields).text
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{00}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
