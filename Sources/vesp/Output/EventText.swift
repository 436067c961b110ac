import ATPrimitives
import ATSerial
import Foundation
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

    /// The event as one line of JSON; nil when there is none.
    func json() throws -> String? {
        if case .ready(_, .standardStreams) = self { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return String(decoding: try encoder.encode(record), as: UTF8.self)
    }

    private var record: EventRecord {
        switch self {
        case .ready(let module, let serial):
            EventRecord(event: "ready", module: module, serial: SerialRecord(serial))
        case .server(let module, let port, let host):
            EventRecord(
                event: "server", module: module, port: port, host: host.address.description, hostPort: host.port)
        case .serverClosed(let module, let port):
            EventRecord(event: "server-closed", module: module, port: port)
        case .datagramPort(let module, let port, let host):
            EventRecord(event: "udp", module: module, port: port, host: host.address.description, hostPort: host.port)
        }
    }
}

/// An event as it is written in JSON; what does not apply is left out.
private struct EventRecord: Encodable {
    var event: String
    var module: String
    var serial: SerialRecord?
    var port: UInt16?
    var host: String?
    var hostPort: UInt16?
}

/// Where a serial port is, as it is written in JSON.
private struct SerialRecord: Encodable {
    var kind: String
    var path: String?
    var link: String?
    var host: String?
    var port: UInt16?

    init(_ location: SerialLocation) {
        switch location {
        case .pseudoTerminal(let path, let link):
            kind = "pty"
            self.path = path
            self.link = link
        case .tcp(let host, let port):
            kind = "tcp"
            self.host = host
            self.port = port
        case .rfc2217(let host, let port):
            kind = "rfc2217"
            self.host = host
            self.port = port
        case .unix(let path):
            kind = "unix"
            self.path = path
        case .device(let path):
            kind = "device"
            self.path = path
        case .standardStreams:
            kind = "stdio"
        }
    }
}
