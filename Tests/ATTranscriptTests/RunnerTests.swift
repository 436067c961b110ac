import ATEngine
import Testing

@testable import ATTranscript

@Suite("Running transcripts on the engine")
struct RunnerTests {
    /// The first difference of each case; nil for one that passes.
    private func differences(_ text: String) throws -> [Difference?] {
        try Runner.run(try transcript(text)).map { result in
            if case .failed(let difference) = result.outcome { difference } else { nil }
        }
    }

    static let joined = """
        ! ap "Home" password "secret12"
        ! peer 192.168.1.10:8080 accepts
        > ATE0
        < ATE0\\r
        <
        < OK
        > AT+CWMODE=1
        <
        < OK
        > AT+CWJAP="Home","secret12"
        +3s
        <
        < OK

        """

    @Test("each case has a fresh module and the prelude")
    func freshModule() throws {
        let text = "> ATE0\n< ATE0\\r\n<\n< OK\n== one\n> AT\n<\n< OK\n== two\n> AT\n<\n< OK\n"
        #expect(try differences(text) == [nil, nil])
    }

    @Test("a transcript runs with each edition it names, and no other exists")
    func editions() throws {
        let both = try Runner.run(try transcript("# firmware: 0.21 0.21-manual\n> AT\n< AT\\r\n<\n< OK\n"))
        #expect(both.map(\.firmware) == ["0.21", "0.21-manual"])
        #expect(both.map(\.outcome) == [.passed, .passed])
        let error = try #require(throws: TranscriptError.self) {
            try Runner.run(try transcript("# spec: 1\n# firmware: 0.22\n> AT\n"))
        }
        #expect(error.line == 2)
        #expect(error.remedy.contains("0.21-manual"))
    }

    @Test(
        "a difference is found where it is",
        arguments: [
            ("> AT\n< AT\\r\n<\n< KO\n", 4, "the output differs"),
            ("> AT\n< AT\\r\n<\n", 3, "the module says more than expected"),
            ("> AT\n< AT\\r\n<\n< OK\n<\n", 5, "the module says less than expected"),
            ("> AT\n> AT\n", 1, "the module says more than expected"),
            ("> AT+RST\n< AT+RST\\r\n<\n< OK\n+1h .\n", 5, "the module says more than expected"),
            ("+1s\n< ready\n", 2, "the module says less than expected"),
            ("> AT\n~ scan\n< AT\\r\n<\n< OK\n", 2, "the module did not ask for this"),
            ("! peer 0 closes\n", 1, "link 0 of the module has no connection"),
            ("! ap \"Home\" gone\n", 1, "the air refuses this access point: unknownAccessPoint"),
            ("! station leaves 5e:cf:7f:00:00:01\n", 1, "this station has not joined the module's softAP"),
        ])
    func differences(_ text: String, _ line: Int, _ problem: String) throws {
        let difference = try #require(try differences(text)[0])
        #expect(difference.line == line)
        #expect(difference.problem == problem)
    }

    @Test("a deadline that falls on the end of a wait is inside it, and one microsecond less is not")
    func deadlines() throws {
        let join = Self.joined.replacing("+3s\n", with: "+2999999us .\n+1us\n")
        #expect(try differences(join) == [nil])
    }

    @Test("effects must come in order; others may stand between")
    func effectOrder() throws {
        let start = Self.joined + "> AT+CIPSTART=\"TCP\",\"example.com\",8080\n< CONNECT\n<\n< OK\n"
        let name = "! dns example.com 192.168.1.10\n"
        let resolve = "~ resolve \"example.com\"\n"
        let connect = "~ connect 0 tcp 192.168.1.10:8080\n"
        #expect(try differences(name + start + resolve + connect) == [nil])
        #expect(try differences(name + start + connect) == [nil])
        let difference = try #require(try differences(name + start + connect + resolve)[0])
        #expect(difference.expected == "resolve \"example.com\"")
        #expect(difference.came == "resolve \"example.com\"; connect 0 tcp 192.168.1.10:8080")
    }

    @Test("a peer that stops acknowledging holds SEND OK back until it resumes")
    func acknowledgement() throws {
        let text =
            Self.joined + """
                > AT+CIPSTART="TCP","192.168.1.10",8080
                < CONNECT
                <
                < OK
                ! peer 0 stops-acking
                > AT+CIPSEND=2
                <
                < OK
                < > \\
                > hi\\
                +1s .
                ! peer 0 resumes
                <
                < SEND OK
                """
        #expect(try differences(text) == [nil])
    }

    @Test("flash survives a power cycle, unless it is erased")
    func flash() throws {
        let text = """
            > AT+CWMODE=3
            < AT+CWMODE=3\\r
            <
            < OK

            == kept
            ! power cycle
            +2s
            < {any}
            < ready
            > AT+CWMODE?
            < AT+CWMODE?\\r
            < +CWMODE:3
            <
            < OK
            == erased at the next power-on
            ! flash erased
            > AT+CWMODE?
            < AT+CWMODE?\\r
            < +CWMODE:3
            <
            < OK
            ! power off
            +1s .
            ! power on
            +2s
            < {any}
            < ready
            > AT+CWMODE?
            < AT+CWMODE?\\r
            < +CWMODE:2
            <
            < OK
            """
        #expect(try differences(text) == [nil, nil])
    }

    @Test("what the host sends while the module boots waits until it can be taken")
    func heldInput() throws {
        let text = "! power reset\n> AT\n+2s\n< {any}\n< ready\n< AT\\r\n<\n< OK\n"
        #expect(try differences(text) == [nil])
    }

    @Test("with hardware timing bytes take their time")
    func hardwareTiming() throws {
        let conversation = "> ATE0\n+100ms\n< ATE0\\r\n<\n< OK\n> AT\n+100us .\n+50ms\n<\n< OK\n"
        #expect(try differences("# timing: hardware\n" + conversation) == [nil])
        #expect(try differences(conversation) != [nil])
    }

    @Test("two runs of a transcript give the same")
    func repeatable() throws {
        let parsed = try transcript(Self.joined)
        #expect(try Runner.run(parsed) == Runner.run(parsed))
    }
}
