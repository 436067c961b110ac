import ATEngine
import ATPrimitives

/// What is on the air between a module's socket and the host's network.
struct HostFlow {
    /// What the module asked for.
    enum Request {
        case connect(to: Endpoint, via: Endpoint)
        case send([UInt8], to: Endpoint, via: Endpoint?)
        case close
    }

    /// What it will hear.
    enum Report {
        case event(Event)
        case payload([UInt8], from: Endpoint)

        /// Whether it is about what the module has sent, and so does not wait for payload that it has not taken.
        var isAcknowledgement: Bool { if case .event(.acknowledged) = self { true } else { false } }
    }

    /// Whether the far end, of datagrams the latest, is on this computer and so has no latency of its own.
    var isLocal: Bool
    let isDatagram: Bool
    var requests = PacketQueue<Request>()
    var reports = PacketQueue<Report>()
    /// Bytes in `reports`.
    var heldBytes = 0
    /// Whether the module did not take the first report, which is payload.
    var isBlocked = false
    /// Whether the host's network was told to wait.
    var hasTurnedAway = false

    /// When something is next to be done; nil when nothing is on its way.
    var due: Instant? {
        let report = isBlocked ? reports.due(where: \.isAcknowledgement) : reports.due
        guard let request = requests.due else { return report }
        return report.map { min($0, request) } ?? request
    }

    /// A datagram that is on the air when the radio goes is lost; a stream's bytes are sent again.
    mutating func loseDatagrams() {
        guard isDatagram else { return }
        requests.removeAll { if case .send = $0 { true } else { false } }
        reports.removeAll { if case .payload = $0 { true } else { false } }
        heldBytes = 0
        isBlocked = false
    }
}
