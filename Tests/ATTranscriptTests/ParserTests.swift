import ATEngine
import ATPrimitives
import ATWorld
import Testing

@testable import ATTranscript

/// Parses text that stands for a file.
func transcript(_ text: String, file: String = "test.txt") throws(TranscriptError) -> Transcript {
    try Transcript(parsing: [UInt8](text.utf8), file: file)
}

@Suite("Reading a transcript")
struct ParserTests {
    private func onlyBlock(_ text: String) throws -> Block {
        let parsed = try transcript(text)
        return try #require(parsed.cases.first?.blocks.last)
    }

    @Test(
        "a line of the host is its text and CR LF, unless a backslash ends it",
        arguments: [
            ("> AT", "AT\r\n"), (">", "\r\n"), ("> ", "\r\n"), ("> AT\\", "AT"), ("> a\\\\", "a\\\r\n"),
            ("> a\\\\\\", "a\\"), ("> \\r\\n\\t\\\"\\{\\x41\\x0a\\", "\r\n\t\"{A\n"), ("> {ip}", "{ip}\r\n"),
            (">  two", " two\r\n"),
        ])
    func hostLines(_ line: String, _ bytes: String) throws {
        #expect(try onlyBlock(line).action == .host([UInt8](bytes.utf8)))
    }

    @Test("bytes beyond ASCII stay as they are, and \\xHH writes any byte")
    func anyByte() throws {
        #expect(try onlyBlock("> ä\\xFF\\x00\\").action == .host([0xC3, 0xA4, 0xFF, 0x00]))
    }

    @Test("an expected line is its text and CR LF, with wildcards")
    func expectedLines() throws {
        let block = try onlyBlock("> AT\n<\n< OK\n< +{int}\n< {ip} {ip=192.168.4.2} {mac}{any}\\\n< > \\\n< \\{ip}\n")
        let crlf: [UInt8] = [0x0D, 0x0A]
        #expect(
            block.expected.map(\.elements) == [
                [.literal(crlf)], [.literal([UInt8]("OK\r\n".utf8))],
                [.literal([UInt8]("+".utf8)), .integer, .literal(crlf)],
                [
                    .address, .literal([0x20]), .thisAddress(IPv4Address(192, 168, 4, 2)), .literal([0x20]), .mac,
                    .any,
                ],
                [.literal([UInt8]("> ".utf8))], [.literal([UInt8]("{ip}\r\n".utf8))],
            ])
        #expect(block.expected.map(\.line) == [2, 3, 4, 5, 6, 7])
    }

    @Test(
        "waits have units, and may be silent",
        arguments: [
            ("+7us", 7, false), ("+150ms", 150_000, false), ("+3s .", 3_000_000, true), ("+2m", 120_000_000, false),
            ("+1h .", 3_600_000_000, true), ("+0s", 0, false),
        ] as [(String, Int64, Bool)])
    func waits(_ line: String, _ microseconds: Int64, _ isSilent: Bool) throws {
        let block = try onlyBlock(line)
        #expect(block.action == .wait(.microseconds(microseconds)))
        #expect(block.isSilent == isSilent)
    }

    static let events: [(String, WorldAction)] = [
        (
            "! ap \"Home\" password \"secret12\" security wpa2 channel 6 rssi -48 bssid 02:00:00:00:00:01",
            .accessPoint(
                ssid: [UInt8]("Home".utf8),
                [
                    .password([UInt8]("secret12".utf8)), .security(.wpa2), .channel(6), .rssi(-48),
                    .bssid(MACAddress(value: 0x0200_0000_0001)),
                ])
        ),
        ("! ap \"Home\" gone", .accessPointGone(ssid: [UInt8]("Home".utf8))),
        ("! ap \"a \\\"b\\\"\" dhcp none", .accessPoint(ssid: [UInt8]("a \"b\"".utf8), [.noLeases])),
        ("! station joins 5e:cf:7f:00:00:01", .stationJoins(MACAddress(value: 0x5ECF_7F00_0001))),
        ("! station leaves 5e:cf:7f:00:00:01", .stationLeaves(MACAddress(value: 0x5ECF_7F00_0001))),
        (
            "! dns example.com 93.184.216.34",
            .name([UInt8]("example.com".utf8), .address(IPv4Address(93, 184, 216, 34)))
        ),
        ("! dns a.b fails", .name([UInt8]("a.b".utf8), .fails)),
        ("! dns a.b silent", .name([UInt8]("a.b".utf8), .silent)),
        ("! peer 1.2.3.4:80 accepts", .peer(Endpoint(address: IPv4Address(1, 2, 3, 4), port: 80), .accepts)),
        ("! peer 1.2.3.4:80 refuses", .peer(Endpoint(address: IPv4Address(1, 2, 3, 4), port: 80), .refuses)),
        ("! peer 1.2.3.4:80 silent", .peer(Endpoint(address: IPv4Address(1, 2, 3, 4), port: 80), .silent)),
        ("! peer 0 sends \"po\\r\\nng\"", .link(0, .sends([UInt8]("po\r\nng".utf8)))),
        ("! peer 1 closes", .link(1, .closes)),
        ("! peer 2 resets", .link(2, .resets)),
        ("! peer 3 stops-reading", .link(3, .stopsReading)),
        ("! peer 4 stops-acking", .link(4, .stopsAcknowledging)),
        ("! peer 4 resumes", .link(4, .resumes)),
        (
            "! client connects 192.168.1.20:4000 to 333",
            .client(from: Endpoint(address: IPv4Address(192, 168, 1, 20), port: 4000), toPort: 333)
        ),
        (
            "! datagram 0 from 10.0.0.9:5000 \"hi\"",
            .datagram(0, from: Endpoint(address: IPv4Address(10, 0, 0, 9), port: 5000), [UInt8]("hi".utf8))
        ),
        ("! power on", .power(.on)), ("! power off", .power(.off)), ("! power cycle", .power(.cycle)),
        ("! power reset", .power(.reset)), ("! power watchdog", .power(.watchdog)),
        ("! power brownout", .power(.brownout)), ("! flash erased", .flashErased),
    ]

    @Test("every event of the format is read", arguments: events)
    func everyEvent(_ line: String, _ action: WorldAction) throws {
        #expect(try onlyBlock(line).action == .world(action))
    }

    static let effects: [String] = [
        "resolve \"name\"", "connect 0 tcp 1.2.3.4:80", "connect 0 udp 1.2.3.4:80", "send 0 \"by\\r\\n\\\"\\\\tes\"",
        "close 0", "listen 80", "unlisten 80", "ping 1.2.3.4", "scan", "join \"ssid\"", "leave", "restart",
        "sleep 5s", "baud 9600",
    ]

    @Test("every effect of the format is read, and written as it was", arguments: effects)
    func everyEffect(_ text: String) throws {
        let block = try onlyBlock("> AT\n~ \(text)")
        #expect(block.requests.map(\.request.text) == [text])
        #expect(block.requests.map(\.line) == [2])
    }

    @Test("durations in effects are values: 5000ms is 5s")
    func sleepIsAValue() throws {
        #expect(try onlyBlock("> AT\n~ sleep 5000ms").requests.first?.request == .sleep(.seconds(5)))
    }

    @Test("the lines before the first case belong to every case")
    func prelude() throws {
        let parsed = try transcript("# words\n> ATE0\n< OK\n\n== one\n> AT\n== two  words\n+1s\n")
        #expect(parsed.prelude.count == 1)
        #expect(parsed.cases.map(\.name) == ["one", "two words"])
        #expect(parsed.cases.map(\.line) == [5, 7])
        #expect(parsed.blocks(of: parsed.cases[1]).map(\.line) == [2, 8])
    }

    @Test("a file without cases has one, of all its lines")
    func oneCase() throws {
        let parsed = try transcript("\n> AT\n< OK")
        #expect(parsed.prelude.isEmpty)
        #expect(parsed.cases.count == 1)
        #expect(parsed.cases[0].name.isEmpty)
        #expect(parsed.cases[0].blocks.count == 1)
    }

    @Test("the header's keys are read, and anything else is a comment")
    func header() throws {
        let parsed = try transcript(
            """
            # One link: opened and closed.
            # spec: 6.2.2 6.2.3
            # spce: 1
            # evidence: hardware ESP-01 0.21
            # firmware: 0.21 0.21-manual
            # timing: hardware
            # needs: power
            > AT
            # evidence: no key down here
            """)
        #expect(parsed.header.sections == ["6.2.2", "6.2.3"])
        #expect(parsed.header.evidence == .hardware)
        #expect(parsed.header.editions == ["0.21", "0.21-manual"])
        #expect(parsed.header.usesHardwareTiming)
        #expect(parsed.header.needs == ["power"])
    }

    @Test("without a header a transcript holds for 0.21, in firmware time")
    func defaultHeader() throws {
        let header = try transcript("> AT").header
        #expect(header == TranscriptHeader())
        #expect(header.editions == ["0.21"])
        #expect(!header.usesHardwareTiming)
    }
}
