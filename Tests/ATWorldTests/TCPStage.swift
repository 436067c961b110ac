import ATPrimitives

@testable import ATWorld

extension Segment {
    /// Numbers are told from the first on: 100 is our SYN, 500 the far end's.
    var text: String {
        let flags = (isSynchronize ? "S" : "") + (isFinish ? "F" : "") + (isReset ? "R" : "")
        let end = acknowledgement.map { " ack \($0.value)" } ?? ""
        let length = payload.isEmpty ? "" : " +\(payload.count)"
        return "\(flags)\(sequence.value)\(length)\(end)" + (isReset ? "" : " w\(window)")
    }
}

/// A segment of the far end.
func segment(
    _ sequence: UInt32, ack: UInt32?, syn: Bool = false, fin: Bool = false, reset: Bool = false, window: Int = 5840,
    _ payload: Int = 0
) -> Segment {
    Segment(
        sequence: SequenceNumber(value: sequence), acknowledgement: ack.map { SequenceNumber(value: $0) },
        isSynchronize: syn, isFinish: fin, isReset: reset, window: window,
        payload: [UInt8](repeating: 7, count: payload))
}

extension Endpoint {
    static let ours = Endpoint(address: IPv4Address(10, 0, 0, 1), port: 1025)
    static let theirs = Endpoint(address: IPv4Address(10, 0, 0, 2), port: 80)
}

/// A connection brought into a phase. Ours has sent 3 bytes (101 to 103) where it says so; nothing else is on its way.
func connection(in phase: String) -> TCPConnection {
    var output = TCPOutput()
    let first = SequenceNumber(value: 100)
    if phase == "synReceived" {
        return TCPConnection(
            accepting: segment(500, ack: nil, syn: true), at: .ours, from: .theirs, initialSequence: first, at: .zero,
            into: &output)
    }
    var connection = TCPConnection(
        connecting: .ours, to: .theirs, initialSequence: first, at: .zero, into: &output)
    guard phase != "synSent" else { return connection }
    connection.receive(segment(500, ack: 101, syn: true), at: .zero, into: &output)
    let steps: [String: [String]] = [
        "established": [], "established +3": ["send"], "finWait1": ["close"], "finWait2": ["close", "ack"],
        "closing": ["close", "fin"], "closeWait": ["fin"], "lastAck": ["fin", "close"],
    ]
    for step in steps[phase] ?? [] {
        switch step {
        case "send": _ = connection.send([1, 2, 3].span, at: .zero, into: &output)
        case "close": connection.close(at: .zero, into: &output)
        case "ack": connection.receive(segment(501, ack: 102), at: .zero, into: &output)
        default: connection.receive(segment(501, ack: 101, fin: true), at: .zero, into: &output)
        }
    }
    return connection
}

extension TCPConnection {
    var name: String {
        switch phase {
        case .synSent: "synSent"
        case .synReceived: "synReceived"
        case .established: sending.isAcknowledged ? "established" : "established +3"
        case .finWait1: "finWait1"
        case .finWait2: "finWait2"
        case .closing: "closing"
        case .closeWait: "closeWait"
        case .lastAck: "lastAck"
        case .gone: "gone"
        }
    }
}
