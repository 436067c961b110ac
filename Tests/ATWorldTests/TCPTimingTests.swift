import ATPrimitives
import Testing

@testable import ATWorld

@Suite("When a TCP connection sends")
struct TCPTimingTests {
    /// Advances to each deadline until `end` and tells when what was sent.
    private func sent(_ connection: inout TCPConnection, until end: Instant) -> [String] {
        var sent: [String] = []
        var output = TCPOutput()
        while let deadline = connection.deadline, deadline <= end {
            connection.advance(to: deadline, into: &output)
            sent += output.segments.map { "\(deadline) \($0.text)" } + output.events.map { "\(deadline) \($0)" }
            output.removeAll()
        }
        return sent
    }

    private let minute = Instant(microseconds: 60_000_000)

    @Test("SYN is sent again after 1, 2 and 3 s, and then no more")
    func synchronizeAgain() {
        var connection = connection(in: "synSent")
        #expect(sent(&connection, until: minute) == ["1s S100 w5840", "2s S100 w5840", "3s S100 w5840"])
    }

    @Test("the answer to a SYN is sent again after 1, 3 and 7 s, and given up after 15")
    func answerAgain() {
        var connection = connection(in: "synReceived")
        #expect(
            sent(&connection, until: minute) == [
                "1s S100 ack 501 w5840", "3s S100 ack 501 w5840", "7s S100 ack 501 w5840", "15s ended",
            ])
    }

    @Test("data is sent again after 1, 3, 7 s and so on, for ever while the module has not given up")
    func dataAgain() {
        var connection = connection(in: "established +3")
        let times = ["1s", "3s", "7s", "15s", "31s"]
        #expect(sent(&connection, until: minute) == times.map { "\($0) 101 +3 ack 501 w5840" })
    }

    @Test("FIN is sent again after 1, 3 and 7 s, and given up after 15", arguments: ["finWait1", "closing", "lastAck"])
    func finishAgain(phase: String) {
        var connection = connection(in: phase)
        let next = phase == "finWait1" ? 501 : 502
        let again = "F101 ack \(next) w5840"
        #expect(sent(&connection, until: minute) == ["1s \(again)", "3s \(again)", "7s \(again)", "15s ended"])
    }

    @Test("a far end that keeps its side open is given up after 20 s")
    func finWait2() {
        var connection = connection(in: "finWait2")
        #expect(sent(&connection, until: minute) == ["20s ended"])
    }

    @Test("after a loss everything from there on is sent again, and an ACK starts the wait anew")
    func goBack() {
        var connection = connection(in: "established")
        var output = TCPOutput()
        #expect(connection.send([UInt8](repeating: 1, count: 4000).span, at: .zero, into: &output))
        let all = ["101 +1460 ack 501 w5840", "1561 +1460 ack 501 w5840", "3021 +1080 ack 501 w5840"]
        #expect(output.segments.map(\.text) == all)
        output.removeAll()
        connection.receive(segment(501, ack: 1561), at: Instant(microseconds: 500_000), into: &output)
        #expect(output.segments.isEmpty && output.events.isEmpty)
        #expect(
            sent(&connection, until: Instant(microseconds: 2_000_000)) == all.dropFirst().map { "1500ms \($0)" })
        connection.receive(segment(501, ack: 4101), at: Instant(microseconds: 2_000_000), into: &output)
        #expect(output.events == [.acknowledged])
        #expect(connection.deadline == nil)
    }

    @Test("a shut window is asked for after 1, 3, 7 s, and what it lets through goes at once")
    func probes() {
        var connection = connection(in: "established")
        var output = TCPOutput()
        connection.receive(segment(501, ack: 101, window: 1460), at: .zero, into: &output)
        #expect(connection.send([UInt8](repeating: 1, count: 2000).span, at: .zero, into: &output))
        #expect(output.segments.count == 1)
        connection.receive(segment(501, ack: 1561, window: 0), at: .zero, into: &output)
        let probe = "1560 ack 501 w5840"
        #expect(
            sent(&connection, until: Instant(microseconds: 7_000_000)) == ["1s \(probe)", "3s \(probe)", "7s \(probe)"])
        output.removeAll()
        let later = Instant(microseconds: 8_000_000)
        connection.receive(segment(501, ack: 1561, window: 539), at: later, into: &output)
        #expect(output.segments.isEmpty)
        connection.receive(segment(501, ack: 1561, window: 540), at: later, into: &output)
        #expect(output.segments.map(\.text) == ["1561 +540 ack 501 w5840"])
        #expect(output.events.isEmpty)
    }

    @Test("the window is told anew when two segments were taken, and not before")
    func windowUpdates() {
        var connection = connection(in: "established")
        var output = TCPOutput()
        for index in 0..<4 {
            connection.receive(segment(501 + UInt32(index) * 1460, ack: 101, 1460), at: .zero, into: &output)
        }
        #expect(output.segments.last?.window == 0)
        output.removeAll()
        var told: [Int] = []
        for _ in 0..<8 {
            #expect(connection.offer(into: &output) { min($0.count, 730) } == 730)
            told += output.segments.map(\.window)
            output.removeAll()
        }
        #expect(told == [2920, 5840])
        #expect(connection.offer(into: &output) { $0.count } == 0)
    }

    @Test("a segment for which there is no room is not taken, but answered")
    func noRoom() {
        var connection = connection(in: "established")
        var output = TCPOutput()
        for index in 0..<4 {
            connection.receive(segment(501 + UInt32(index) * 1460, ack: 101, 1460), at: .zero, into: &output)
        }
        output.removeAll()
        connection.receive(segment(501 + 5840, ack: 101, 1), at: .zero, into: &output)
        #expect(output.segments.map(\.text) == ["101 ack 6341 w0"])
        #expect(output.events.isEmpty)
    }

    @Test("more than the chip could hold is refused whole")
    func tooMuch() {
        var connection = connection(in: "established")
        var output = TCPOutput()
        let bytes = [UInt8](repeating: 1, count: SendingStream.capacity)
        #expect(connection.send(bytes.span, at: .zero, into: &output))
        #expect(!connection.send(bytes.span.extracting(..<1), at: .zero, into: &output))
        #expect(connection.sending.heldCount == SendingStream.capacity)
    }

    @Test("sequence numbers go round")
    func wrapping() {
        var output = TCPOutput()
        var connection = TCPConnection(
            connecting: .ours, to: .theirs, initialSequence: SequenceNumber(value: .max), at: .zero, into: &output)
        connection.receive(segment(.max, ack: 0, syn: true), at: .zero, into: &output)
        #expect(output.events == [.connected])
        output.removeAll()
        #expect(connection.send([1].span, at: .zero, into: &output))
        #expect(output.segments.map(\.text) == ["0 +1 ack 0 w5840"])
        connection.receive(segment(0, ack: 1, 3), at: .zero, into: &output)
        #expect(output.events == [.acknowledged, .received])
    }

    @Test("an older segment does not tell the window")
    func olderWindow() {
        var connection = connection(in: "established")
        var output = TCPOutput()
        connection.receive(segment(501, ack: 101, 10), at: .zero, into: &output)
        connection.receive(segment(511, ack: 101, window: 1000), at: .zero, into: &output)
        connection.receive(segment(501, ack: 101, 10), at: .zero, into: &output)
        output.removeAll()
        #expect(connection.send([UInt8](repeating: 1, count: 1460).span, at: .zero, into: &output))
        #expect(output.segments.isEmpty)
        connection.receive(segment(511, ack: 101, window: 1460), at: .zero, into: &output)
        #expect(output.segments.count == 1)
    }
}
