import ATEngine
import ATPrimitives
import Testing

@testable import ATTranscript

@Suite("Transcripts with several modules")
struct SeveralModulesTests {
    private static let quiet = """
        # modules: sensor gateway
        sensor> ATE0
        sensor< ATE0\\r
        sensor<
        sensor< OK
        gateway> ATE0
        gateway< ATE0\\r
        gateway<
        gateway< OK

        """

    private func difference(_ text: String) throws -> Difference? {
        guard case .failed(let difference) = try Runner.run(try transcript(text))[0].outcome else { return nil }
        return difference
    }

    @Test("each line belongs to the module before its mark")
    func prefixes() throws {
        let blocks = try transcript(
            """
            # modules: a-1 b.2
            ! ap "Home"
            b.2> AT
            a-1< one
            b.2< two
            a-1~ scan
            b.2! power off
            +1s .
            """
        ).cases[0].blocks
        #expect(blocks.map(\.module) == [0, 1, 1, 0])
        #expect(blocks[1].expected.map(\.module) == [0, 1])
        #expect(blocks[1].requests.map(\.module) == [0])
    }

    @Test("one module may have a name, and then its lines need it")
    func oneNamedModule() throws {
        #expect(try difference("# modules: esp\nesp> AT\nesp< AT\\r\nesp<\nesp< OK\n") == nil)
    }

    @Test(
        "a name is as in a lab file",
        arguments: ["esp", "ESP-01", "a.b", "_a", "0", String(repeating: "n", count: 64)])
    func names(_ name: String) throws {
        let transcript = try transcript("# modules: x \(name)\n\(name)> AT\n")
        #expect(transcript.header.modules == ["x", name])
        #expect(transcript.cases[0].blocks[0].module == 1)
    }

    @Test("two runs of a transcript pass, since modules are made anew for each case")
    func freshModules() throws {
        let results = try Runner.run(
            try transcript(Self.quiet + "== one\ngateway> AT\ngateway<\ngateway< OK\n== two\n+1s .\n"))
        #expect(results.map(\.outcome) == [.passed, .passed])
    }

    @Test(
        "a difference says whose it is, and where",
        arguments: [
            ("gateway> AT\ngateway<\ngateway< KO\n", 12, "the output of gateway differs"),
            ("gateway> AT\ngateway<\n", 11, "gateway says more than expected"),
            ("gateway> AT\ngateway<\ngateway< OK\nsensor< x\n", 13, "sensor says less than expected"),
            ("gateway> AT\nsensor<\nsensor< OK\n", 11, "sensor says less than expected"),
            ("gateway> AT\n", 10, "gateway says more than expected"),
            ("gateway> AT+RST\ngateway<\ngateway< OK\n+1s .\n", 13, "gateway says more than expected"),
            ("gateway> AT\ngateway<\ngateway< OK\ngateway~ scan\n", 13, "gateway did not ask for this"),
        ] as [(String, Int, String)])
    func differences(_ text: String, _ line: Int, _ problem: String) throws {
        let difference = try #require(try difference(Self.quiet + text))
        #expect(difference.problem == problem)
        #expect(difference.line == line)
    }

    @Test("effects of one module may stand in any order with those of another")
    func effects() throws {
        let text = """
            gateway> AT+CIPMUX=1
            gateway<
            gateway< OK
            gateway> AT+CIPSERVER=1,80
            gateway~ listen 80
            gateway<
            gateway< OK
            """
        #expect(try difference(Self.quiet + text) == nil)
        #expect(try difference(Self.quiet + text.replacing("gateway~", with: "sensor~"))?.line == 14)
    }

    @Test("missing answers are written with the name in front, and the result passes")
    func recording() throws {
        let bare = "# modules: sensor gateway\nsensor> ATE0\ngateway> AT+CIPMUX=1\n"
        let recorded = Recorder(firmware: .shipped021).record(try transcript(bare))
        let expected = """
            # modules: sensor gateway
            sensor> ATE0
            sensor< ATE0\\r
            sensor<
            sensor< OK
            gateway> AT+CIPMUX=1
            gateway< AT+CIPMUX=1\\r
            gateway<
            gateway< OK

            """
        #expect(String(decoding: recorded, as: UTF8.self) == expected)
        #expect(try difference(expected) == nil)
    }

    @Test("a wrong line of one module is replaced, and those of the others stay")
    func recordingOne() throws {
        let text = Self.quiet + "gateway> AT\n# remark\ngateway< NO\n"
        let recorded = Recorder(firmware: .shipped021).record(try transcript(text))
        let expected = Self.quiet + "gateway> AT\n# remark\ngateway<\ngateway< OK\n"
        #expect(String(decoding: recorded, as: UTF8.self) == expected)
    }

    @Test("the properties of an access point are read")
    func accessPointProperties() throws {
        let line = """
            ! ap "Home" hidden subnet 192.168.1.0/24 uplink none capacity 2 latency 20ms jitter 5ms bandwidth 1Mbit \
            loss 0.5% fading 3
            """
        guard case .world(.accessPoint(_, let properties)) = try transcript(line).cases[0].blocks[0].action else {
            Issue.record("no access point")
            return
        }
        let subnet = try #require(Subnet("192.168.1.0/24"))
        #expect(
            properties == [
                .hidden, .subnet(subnet), .uplink(.none), .capacity(2), .latency(.milliseconds(20)),
                .jitter(.milliseconds(5)), .bandwidth(1_000_000), .loss(5_000), .fading(3),
            ])
    }
}
