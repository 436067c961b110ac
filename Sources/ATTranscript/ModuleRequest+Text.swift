import ATPrimitives
import ATSimulation

// How a `~` line is written and read.
extension ModuleRequest {
    /// The text of the `~` line, without the `~`.
    var text: String {
        switch self {
        case .resolve(let name): "resolve \(EscapedText.renderQuoted(name))"
        case .connect(let link, .tcp, let endpoint): "connect \(link) tcp \(endpoint)"
        case .connect(let link, .udp, let endpoint): "connect \(link) udp \(endpoint)"
        case .send(let link, let bytes): "send \(link) \(EscapedText.renderQuoted(bytes))"
        case .close(let link): "close \(link)"
        case .listen(let port): "listen \(port)"
        case .unlisten(let port): "unlisten \(port)"
        case .ping(let address): "ping \(address)"
        case .scan: "scan"
        case .join(let ssid): "join \(EscapedText.renderQuoted(ssid))"
        case .leave: "leave"
        case .restart: "restart"
        case .sleep(let length): "sleep \(length)"
        case .baud(let rate): "baud \(rate)"
        }
    }
}

extension ModuleRequest {
    private static let names =
        "resolve, connect, send, close, listen, unlisten, ping, scan, join, leave, restart, sleep, baud"

    /// Reads what follows `~` on a line.
    init(scanning scanner: inout LineScanner) throws(TranscriptError) {
        let name = try scanner.word("the effect", "the effects are \(Self.names)")
        switch name {
        case "resolve": self = .resolve(name: try scanner.quoted("the name"))
        case "connect": self = try Self.connect(&scanner)
        case "send": self = .send(try scanner.link(), try scanner.quoted("the payload"))
        case "close": self = .close(try scanner.link())
        case "listen": self = .listen(port: try scanner.port())
        case "unlisten": self = .unlisten(port: try scanner.port())
        case "ping": self = .ping(try scanner.value("an address", "write it as 1.2.3.4") { IPv4Address($0) })
        case "scan": self = .scan
        case "join": self = .join(ssid: try scanner.quoted("the SSID"))
        case "leave": self = .leave
        case "restart": self = .restart
        case "sleep":
            self = .sleep(
                try scanner.value("a duration", "write a number and us, ms, s, m or h") { Interval(duration: $0) })
        case "baud": self = .baud(try scanner.value("a baud rate", "write a number such as 9600") { UInt32($0) })
        default: throw scanner.error("unknown effect \(name)", "the effects are \(Self.names)")
        }
        try scanner.end()
    }

    private static func connect(_ scanner: inout LineScanner) throws(TranscriptError) -> ModuleRequest {
        let link = try scanner.link()
        let transport = try scanner.value("a transport", "write tcp or udp") { text -> Transport? in
            switch text {
            case "tcp": .tcp
            case "udp": .udp
            default: nil
            }
        }
        return .connect(link, transport, try scanner.endpoint())
    }
}
