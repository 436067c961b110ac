import ATPrimitives
import Testing

@testable import ATWorld

/// One row: a connection in a phase hears a segment; what it answers, what it tells, and where it is then.
private struct Row: CustomStringConvertible {
    let phase: String
    let segment: Segment
    let answers: [String]
    let events: [TCPEvent]
    let after: String

    init(
        _ phase: String, _ segment: Segment, _ answers: [String] = [], _ events: [TCPEvent] = [], _ after: String? = nil
    ) {
        self.phase = phase
        self.segment = segment
        self.answers = answers
        self.events = events
        self.after = after ?? phase
    }

    var description: String { "\(phase) hears \(segment.text)" }
}

@Suite("What a TCP connection answers")
struct TCPAnswerTests {
    private static let opening: [Row] = [
        Row("synSent", segment(500, ack: 101, syn: true), ["101 ack 501 w5840"], [.connected], "established"),
        Row("synSent", segment(500, ack: 90, syn: true), ["R90"]),
        Row("synSent", segment(500, ack: 90), ["R90"]),
        Row("synSent", segment(500, ack: 90, reset: true)),
        Row("synSent", segment(0, ack: 101, reset: true), [], [.reset], "gone"),
        Row("synSent", segment(0, ack: nil, reset: true)),
        Row("synSent", segment(500, ack: nil, syn: true), ["R0 ack 501"]),
        Row("synSent", segment(500, ack: 101)),
        Row("synReceived", segment(501, ack: 101), [], [.arrived], "established"),
        Row("synReceived", segment(501, ack: 101, 5), ["101 ack 506 w5835"], [.arrived, .received], "established"),
        Row(
            "synReceived", segment(501, ack: 101, fin: true), ["101 ack 502 w5840"], [.arrived, .finished], "closeWait"),
        Row("synReceived", segment(501, ack: 99), ["R99"]),
        Row("synReceived", segment(500, ack: nil, syn: true), ["S100 ack 501 w5840"]),
        Row("synReceived", segment(900, ack: nil, syn: true), ["101 ack 501 w5840"]),
        Row("synReceived", segment(501, ack: nil, reset: true), [], [.reset], "gone"),
        Row("synReceived", segment(500, ack: nil, reset: true)),
        Row("synReceived", segment(501, ack: nil)),
    ]

    private static let open: [Row] = [
        Row("established", segment(501, ack: 101)),
        Row("established", segment(501, ack: 101, 10), ["101 ack 511 w5830"], [.received]),
        Row("established", segment(502, ack: 101, 10), ["101 ack 501 w5840"]),
        Row("established", segment(491, ack: 101, 10), ["101 ack 501 w5840"]),
        Row("established", segment(500, ack: 101), ["101 ack 501 w5840"]),
        Row("established", segment(501, ack: 102), ["101 ack 501 w5840"]),
        Row("established", segment(501, ack: nil, 10)),
        Row("established", segment(500, ack: 101, syn: true), ["101 ack 501 w5840"]),
        Row("established", segment(900, ack: nil, syn: true), ["101 ack 501 w5840"]),
        Row("established", segment(501, ack: 101, fin: true, 4), ["101 ack 506 w5836"], [.received], "closeWait"),
        Row("established", segment(501, ack: 101, fin: true), ["101 ack 502 w5840"], [.finished], "closeWait"),
        Row("established", segment(502, ack: 101, fin: true), ["101 ack 501 w5840"]),
        Row("established", segment(501, ack: nil, reset: true), [], [.reset], "gone"),
        Row("established", segment(501 + 5840, ack: nil, reset: true), [], [.reset], "gone"),
        Row("established", segment(500, ack: nil, reset: true)),
        Row("established", segment(501 + 5841, ack: nil, reset: true)),
        Row("established +3", segment(501, ack: 104), [], [.acknowledged], "established"),
        Row("established +3", segment(501, ack: 101)),
        Row("established +3", segment(501, ack: 105), ["104 ack 501 w5840"]),
        Row(
            "established +3", segment(501, ack: 104, 2), ["104 ack 503 w5838"], [.acknowledged, .received],
            "established"),
        Row("established +3", segment(502, ack: 104, 2), ["104 ack 501 w5840"], [.acknowledged], "established"),
    ]

    private static let closing: [Row] = [
        Row("finWait1", segment(501, ack: 101, 10), ["102 ack 511 w5840"]),
        Row("finWait1", segment(501, ack: 102), [], [.acknowledged], "finWait2"),
        Row("finWait1", segment(501, ack: 101, fin: true), ["102 ack 502 w5840"], [], "closing"),
        Row("finWait1", segment(501, ack: 102, fin: true), ["102 ack 502 w5840"], [.acknowledged, .ended], "gone"),
        Row("finWait1", segment(501, ack: nil, reset: true), [], [.reset], "gone"),
        Row("finWait2", segment(501, ack: 102, 10), ["102 ack 511 w5840"]),
        Row("finWait2", segment(501, ack: 102, fin: true, 10), ["102 ack 512 w5840"], [.ended], "gone"),
        Row("finWait2", segment(502, ack: 102, fin: true), ["102 ack 501 w5840"]),
        Row("finWait2", segment(501, ack: nil, reset: true), [], [.reset], "gone"),
        Row("closing", segment(502, ack: 102), [], [.acknowledged, .ended], "gone"),
        Row("closing", segment(501, ack: 101, fin: true), ["102 ack 502 w5840"]),
        Row("closeWait", segment(501, ack: 101, fin: true), ["101 ack 502 w5840"]),
        Row("closeWait", segment(502, ack: 101)),
        Row("closeWait", segment(502, ack: 101, 5), ["101 ack 502 w5840"]),
        Row("closeWait", segment(502, ack: nil, reset: true), [], [.reset], "gone"),
        Row("lastAck", segment(502, ack: 102), [], [.acknowledged, .ended], "gone"),
        Row("lastAck", segment(501, ack: 101, fin: true), ["102 ack 502 w5840"]),
        Row("lastAck", segment(502, ack: nil, reset: true), [], [.reset], "gone"),
    ]

    @Test("each segment has its answer", arguments: opening + open + closing)
    private func answers(_ row: Row) {
        var connection = connection(in: row.phase)
        #expect(connection.name == row.phase)
        var output = TCPOutput()
        connection.receive(row.segment, at: .zero, into: &output)
        #expect(output.segments.map(\.text) == row.answers)
        #expect(output.events == row.events)
        #expect(connection.name == row.after)
    }

    @Test("RST answers what nobody knows, but never an RST")
    func refusals() {
        #expect(segment(7, ack: nil, syn: true).refusal?.text == "R0 ack 8")
        #expect(segment(7, ack: nil, fin: true, 3).refusal?.text == "R0 ack 11")
        #expect(segment(7, ack: 42, 3).refusal?.text == "R42")
        #expect(segment(7, ack: nil, reset: true).refusal == nil)
    }
}
