import ATPrimitives
import Testing

@testable import ATTranscript

/// A module behind a port in a time of its own: it answers what it is told to, after a while.
private struct ScriptedPort: BytePort {
    var now = Instant.zero
    /// What is sent, what is said to it, and how much later.
    var answers: [(to: String, says: String, after: Interval)] = []
    var sent: [String] = []
    private var due: [(at: Instant, bytes: [UInt8])] = []

    init(_ answers: [(to: String, says: String, after: Interval)]) {
        self.answers = [("AT+RESTORE\r\n", "\r\nOK\r\nboot\r\nready\r\n", .milliseconds(500))] + answers
    }

    mutating func send(_ bytes: [UInt8]) throws(PortError) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text != "unplug\r\n" else { throw PortError("the port is gone") }
        sent.append(text)
        for answer in answers where answer.to == text { due.append((now + answer.after, [UInt8](answer.says.utf8))) }
        due.sort { $0.at < $1.at }
    }

    mutating func receive(until deadline: Instant) throws(PortError) -> [UInt8] {
        guard let next = due.first, next.at <= max(deadline, now) else {
            now = max(now, deadline)
            return []
        }
        now = max(now, next.at)
        due.removeFirst()
        return next.bytes
    }
}

@Suite("Running transcripts against a port")
struct PortRunnerTests {
    private func outcomes(
        _ text: String, _ answers: [(to: String, says: String, after: Interval)], offers: [String] = []
    ) throws -> [CaseResult.Outcome] {
        var runner = PortRunner(port: ScriptedPort(answers), offers: offers)
        return try runner.run(try transcript(text)).map(\.outcome)
    }

    @Test("each case begins with AT+RESTORE")
    func restores() throws {
        var runner = PortRunner(port: ScriptedPort([("AT\r\n", "\r\nOK\r\n", .milliseconds(30))]))
        let results = try runner.run(try transcript("> AT\n<\n< OK\n== one\n== two\n> AT\n<\n< OK"))
        #expect(results.map(\.outcome) == [.passed, .passed])
        #expect(runner.ports[0].sent == ["AT+RESTORE\r\n", "AT\r\n", "AT+RESTORE\r\n", "AT\r\n", "AT\r\n"])
    }

    @Test("a module that does not restore fails, after +++ and a second try")
    func doesNotRestore() throws {
        var port = ScriptedPort([])
        port.answers = []
        var runner = PortRunner(port: port)
        let results = try runner.run(try transcript("> AT\n<\n< OK"))
        guard case .failed(let difference) = results[0].outcome else {
            Issue.record("it passed")
            return
        }
        #expect(difference.problem.contains("AT+RESTORE"))
        #expect(runner.ports[0].sent == ["AT+RESTORE\r\n", "+++", "AT+RESTORE\r\n"])
    }

    @Test(
        "a wrong answer, a missing one and one too many are differences",
        arguments: ["\r\nERROR\r\n", "", "\r\nOK\r\nx"])
    func differences(_ says: String) throws {
        let answers = says.isEmpty ? [] : [("AT\r\n", says, Interval.milliseconds(1))]
        guard case .failed(let difference) = try outcomes("> AT\n<\n< OK", answers)[0] else {
            Issue.record("\(says) passed")
            return
        }
        #expect(difference.file == "test.txt")
    }

    @Test("an answer in two pieces is put together")
    func pieces() throws {
        let answers: [(String, String, Interval)] = [
            ("AT\r\n", "\r\nO", .milliseconds(5)), ("AT\r\n", "K\r\n", .milliseconds(15)),
        ]
        #expect(try outcomes("> AT\n<\n< OK", answers) == [.passed])
    }

    @Test(
        "a wait has 10 % or 250 ms of grace",
        arguments: [
            ("+1s", 1_200, true), ("+1s", 1_300, false), ("+10s", 10_900, true), ("+10s", 11_100, false),
            ("+1s", 10, true),
        ] as [(String, Int64, Bool)])
    func grace(_ wait: String, _ answersAfter: Int64, _ passes: Bool) throws {
        let outcome = try outcomes(
            "> GO\n\(wait)\n< late", [("GO\r\n", "late\r\n", .milliseconds(answersAfter))])[0]
        #expect((outcome == .passed) == passes)
    }

    @Test(
        "a silent wait may end early by its grace, and what comes then belongs to what follows",
        arguments: [(100, false), (2_800, true), (3_100, true), (3_600, false)] as [(Int64, Bool)])
    func silence(_ answersAfter: Int64, _ passes: Bool) throws {
        let outcome = try outcomes(
            "> GO\n+3s .\n+200ms\n< late", [("GO\r\n", "late\r\n", .milliseconds(answersAfter))])[0]
        #expect((outcome == .passed) == passes)
    }

    @Test("what comes early at the end of a case is a difference")
    func earlyAtTheEnd() throws {
        let outcome = try outcomes("> GO\n+3s .", [("GO\r\n", "x", .milliseconds(2_900))])[0]
        #expect(outcome != .passed)
    }

    @Test("waits take their time")
    func waitsTakeTime() throws {
        var runner = PortRunner(port: ScriptedPort([]))
        #expect(try runner.run(try transcript("+7s .")).map(\.outcome) == [.passed])
        #expect(runner.ports[0].now >= .zero + .milliseconds(7_500))
    }

    @Test(
        "cases that a port can't do are skipped with the reason",
        arguments: [
            ("! power reset", "the event power in line 1"), ("> AT\n~ scan", "the effect in line 2"),
            ("# needs: wires\n> AT", "needs wires"), ("# firmware: 0.21-manual\n> AT", "holds for 0.21-manual"),
        ])
    func skips(_ text: String, _ words: String) throws {
        guard case .skipped(let reason) = try outcomes(text, [])[0] else {
            Issue.record("it ran")
            return
        }
        #expect(reason.contains(words))
    }

    @Test("a need that is met does not skip")
    func needIsMet() throws {
        #expect(try outcomes("# needs: wires\n+1s .", [], offers: ["wires"]) == [.passed])
    }

    // MARK: Several modules

    private func labOutcome(
        _ text: String, sensor: [(to: String, says: String, after: Interval)],
        gateway: [(to: String, says: String, after: Interval)]
    ) throws -> CaseResult.Outcome {
        var runner = PortRunner(ports: [("gateway", ScriptedPort(gateway)), ("sensor", ScriptedPort(sensor))])
        return try runner.run(try transcript("# modules: sensor gateway\n" + text))[0].outcome
    }

    @Test("each module is restored, hears its own lines and is heard")
    func severalModules() throws {
        var runner = PortRunner(ports: [
            ("gateway", ScriptedPort([("B\r\n", "b\r\n", .milliseconds(20))])), ("other", ScriptedPort([])),
            ("sensor", ScriptedPort([("A\r\n", "a\r\n", .milliseconds(10))])),
        ])
        let results = try runner.run(
            try transcript("# modules: sensor gateway\nsensor> A\nsensor< a\ngateway> B\ngateway< b\n+1s ."))
        #expect(results.map(\.outcome) == [.passed])
        #expect(runner.ports.map(\.sent) == [["AT+RESTORE\r\n", "B\r\n"], [], ["AT+RESTORE\r\n", "A\r\n"]])
    }

    @Test("what the other one should not have said, or should have, is a difference with its name")
    func differencesOfTheOther() throws {
        let chatter: [(String, String, Interval)] = [("A\r\n", "a\r\n", .zero)]
        for (text, problem) in [
            ("sensor> A\ngateway< a", "sensor says more than expected"),
            ("sensor> A\nsensor< a\ngateway< b", "gateway says less than expected"),
        ] {
            guard case .failed(let difference) = try labOutcome(text, sensor: chatter, gateway: []) else {
                Issue.record("\(text) passed")
                continue
            }
            #expect(difference.problem == problem)
        }
    }

    @Test(
        "who is silent in a wait is so while another one speaks",
        arguments: [(500, false), (2_900, true)] as [(Int64, Bool)])
    func silenceOfTheOther(_ answersAfter: Int64, _ passes: Bool) throws {
        let outcome = try labOutcome(
            "sensor> A\ngateway> B\n+3s\nsensor< a\n+1s\ngateway< b", sensor: [("A\r\n", "a\r\n", .seconds(2))],
            gateway: [("B\r\n", "b\r\n", .milliseconds(answersAfter))])
        #expect((outcome == .passed) == passes)
    }

    @Test(
        "a transcript whose modules are not those of the ports is skipped",
        arguments: [
            ("# modules: sensor lamp\nlamp> AT", "no port for lamp"), ("> AT", "it has one module"),
        ])
    func otherModules(_ text: String, _ words: String) throws {
        var runner = PortRunner(ports: [("sensor", ScriptedPort([])), ("gateway", ScriptedPort([]))])
        guard case .skipped(let reason) = try runner.run(try transcript(text))[0].outcome else {
            Issue.record("it ran")
            return
        }
        #expect(reason.contains(words))
    }

    @Test("several modules are too many for one port without a name")
    func onePort() throws {
        let outcome = try outcomes("# modules: a b\na> AT", [])[0]
        #expect(outcome == .skipped(reason: "it has 2 modules, and the port is one"))
    }

    @Test("a given address is any address there")
    func looseAddress() throws {
        #expect(try outcomes("> GO\n< {ip=1.2.3.4}", [("GO\r\n", "9.9.9.9\r\n", .zero)]) == [.passed])
    }

    @Test("a port that goes away ends the run")
    func portGone() throws {
        #expect(throws: PortError.self) { try outcomes("> unplug", []) }
    }

    @Test("a summary counts, and its lines name file, line and case")
    func summary() throws {
        var runner = PortRunner(port: ScriptedPort([("AT\r\n", "\r\nOK\r\n", .zero)]))
        var summary = Summary()
        summary.add(
            try runner.run(try transcript("== fine\n> AT\n<\n< OK\n== bad\n> AT\n< NO\n== not here\n! power off")))
        #expect(summary.runCount == 2)
        #expect(summary.passedCount == 1)
        #expect(summary.failedCount == 1)
        #expect(summary.skippedCount == 1)
        #expect(
            summary.lines == [
                "test.txt:7: the output differs (0.21, case \"bad\")",
                "    expected: NO\\r\\n",
                "    came:     \\r\\nOK\\r\\n",
                "              ^",
                "test.txt:8: skipped: a port cannot do the event power in line 9 (0.21, case \"not here\")",
                "3 cases: 1 passed, 1 failed, 1 skipped",
            ])
    }
}
