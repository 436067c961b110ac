import ATPrimitives
import Testing

@testable import ATTranscript

@Suite("What is not in the format")
struct ParserErrorTests {
    /// A file, the line that is wrong, and words of the error.
    static let wrong: [(text: String, line: Int, words: String)] = [
        ("", 0, "nothing happens"),
        ("# only words\n", 0, "nothing happens"),
        ("> AT\n? what", 2, "cannot begin with ?"),
        ("> AT\n  < OK", 2, "cannot begin with"),
        (">AT", 1, "no space"),
        ("> AT\n<OK", 2, "no space"),
        ("> AT\r\n< OK", 1, "CR LF"),
        ("> A\u{1}T", 1, "control character"),
        ("> a\\q", 1, "unknown escape \\q"),
        ("> a\\x4", 1, "two hexadecimal digits"),
        ("> AT\n< {ipp}", 2, "unknown wildcard {ipp}"),
        ("> AT\n< {ip=1.2.3}", 2, "unknown wildcard"),
        ("> AT\n< {", 2, "unknown wildcard"),
        ("< OK", 1, "nothing has happened"),
        ("> AT\n== next\n~ scan", 3, "nothing has happened"),
        ("= next", 1, "single ="),
        ("==", 1, "without a name"),
        ("+5", 1, "5 is not a duration"),
        ("+5 ms", 1, "5 is not a duration"),
        ("+ 5ms", 1, "a space after +"),
        ("+5min", 1, "5min is not a duration"),
        ("+-5ms", 1, "not a duration"),
        ("+1.5s", 1, "not a duration"),
        ("+99999999999999999999s", 1, "not a duration"),
        ("+1000000h", 1, "not a duration"),
        ("+5ms ..", 1, ".. after the duration"),
        ("+5ms . x", 1, "x is too much"),
        ("+5ms .\n< OK", 2, "says there is none"),
        ("! explode", 1, "unknown event explode"),
        ("!", 1, "the event is missing"),
        ("! ap Home", 1, "the SSID is missing"),
        ("! ap \"\"", 1, "an SSID of 0 bytes"),
        ("! ap \"Home", 1, "not closed"),
        ("! ap \"Home\"gone", 1, "follows the closing quote"),
        ("! ap \"Home\" colour red", 1, "unknown property colour"),
        ("! ap \"Home\" channel 15", 1, "15 is not a channel"),
        ("! ap \"Home\" rssi -200", 1, "-200 is not an RSSI"),
        ("! ap \"Home\" security wpa3", 1, "wpa3 is not a security"),
        ("! ap \"Home\" bssid 02:00", 1, "02:00 is not a MAC address"),
        ("! ap \"Home\" dhcp all", 1, "all where none belongs"),
        ("! ap \"Home\" gone now", 1, "now is too much"),
        ("! station waves 02:00:00:00:00:01", 1, "a station does not waves"),
        ("! dns a.b maybe", 1, "maybe is not an answer"),
        ("! dns", 1, "the name is missing"),
        ("! peer 1.2.3.4 accepts", 1, "1.2.3.4 is not an endpoint"),
        ("! peer 1.2.3.4:80 acepts", 1, "acepts is not what a peer does"),
        ("! peer 6 closes", 1, "6 is not a link id"),
        ("! peer 0 close", 1, "a peer does not close"),
        ("! peer 0 closes now", 1, "now is too much"),
        ("! peer 0 sends pong", 1, "the payload is missing"),
        ("! client connects 1.2.3.4:5 on 80", 1, "on where to belongs"),
        ("! client connects 1.2.3.4:5 to 0", 1, "0 is not a port"),
        ("! datagram 0 from 1.2.3.4:5 \"\"", 1, "without bytes"),
        ("! power up", 1, "up is not a power event"),
        ("! flash gone", 1, "gone where erased belongs"),
        ("> AT\n~ fly", 2, "unknown effect fly"),
        ("> AT\n~ connect 0 sctp 1.2.3.4:5", 2, "sctp is not a transport"),
        ("> AT\n~ sleep long", 2, "long is not a duration"),
        ("> AT\n~ scan now", 2, "now is too much"),
        ("# spec:\n> AT", 1, "without a value"),
        ("# evidence: rumour\n> AT", 1, "unknown evidence"),
        ("# evidence: capture\n> AT", 1, "without its file"),
        ("# evidence: hardware ESP-01\n> AT", 1, "without its model"),
        ("# firmware:\n> AT", 1, "without a value"),
        ("# timing: real\n> AT", 1, "unknown timing"),
        ("> AT\n# timing: hardware", 2, "below the first line"),
    ]

    /// Files with several modules, the line that is wrong, and words of the error.
    static let wrongModules: [(text: String, line: Int, words: String)] = [
        ("# modules:\n> AT", 1, "without a value"),
        ("# modules: a b a\na> AT", 1, "two modules called a"),
        ("# modules: a\n# modules: b\na> AT", 2, "a second time"),
        ("> AT\n# modules: a", 2, "below the first line"),
        ("# modules: sen/sor\n> AT", 1, "sen/sor is not a name"),
        ("# modules: sensor>\n> AT", 1, "sensor> is not a name"),
        ("# modules: -a\n> AT", 1, "-a is not a name"),
        ("# modules: .a\n> AT", 1, ".a is not a name"),
        ("# modules: a,b\n> AT", 1, "a,b is not a name"),
        ("# modules: f\u{FC}hler\n> AT", 1, "is not a name"),
        ("# modules: \(String(repeating: "n", count: 65))\n> AT", 1, "is not a name"),
        ("# modules: \((0...100).map(String.init).joined(separator: " "))\n> AT", 1, "101 modules"),
        ("sensor> AT", 1, "a name before the >, and no modules"),
        ("> AT\nsensor< OK", 2, "a name before the <, and no modules"),
        ("# modules: a b\nc> AT", 2, "no module c"),
        ("# modules: a b\nA> AT", 2, "no module A"),
        ("# modules: a b\n> AT", 2, "does not say whose"),
        ("# modules: a\n> AT", 2, "does not say whose"),
        ("# modules: a b\na> AT\n< OK", 3, "does not say whose"),
        ("# modules: a b\na> AT\n~ scan", 3, "does not say whose"),
        ("# modules: a b\n! power off", 2, "does not say whose"),
        ("# modules: a b\n! peer 0 closes", 2, "does not say whose"),
        ("# modules: a b\na! ap \"Home\"", 2, "everybody's"),
        ("# modules: a b\na! dns x.example fails", 2, "everybody's"),
        ("# modules: a b\na! peer 1.2.3.4:80 accepts", 2, "everybody's"),
        ("# modules: a b\na >AT", 2, "cannot begin with a"),
        ("# modules: a b\na/b> AT", 2, "cannot begin with a"),
        ("# modules: a b\na+1s", 2, "cannot begin with a"),
        ("# modules: a b\na== x", 2, "cannot begin with a"),
        ("# modules: a b\na>AT", 2, "no space"),
        ("# modules: a b\na< OK", 2, "nothing has happened"),
        ("# modules: a b\n+1s .\nb< OK", 3, "says there is none"),
        ("! ap \"Home\" latency 61s", 1, "61s is not a delay"),
        ("! ap \"Home\" jitter 5", 1, "5 is not a delay"),
        ("! ap \"Home\" bandwidth 1MB", 1, "1MB is not a bandwidth"),
        ("! ap \"Home\" bandwidth 0bit", 1, "0bit is not a bandwidth"),
        ("! ap \"Home\" loss 101%", 1, "101% is not a loss"),
        ("! ap \"Home\" loss 100.0001%", 1, "is not a loss"),
        ("! ap \"Home\" loss 10", 1, "10 is not a loss"),
        ("! ap \"Home\" fading 61", 1, "61 is not a fading"),
        ("! ap \"Home\" subnet 192.168.1.0", 1, "is not a subnet"),
        ("! ap \"Home\" uplink dsl", 1, "dsl is not an uplink"),
        ("! ap \"Home\" capacity 0", 1, "0 is not a number of stations"),
    ]

    @Test("each mistake is refused with its line and a remedy", arguments: wrong + wrongModules)
    func mistakes(_ text: String, _ line: Int, _ words: String) throws {
        let error = try #require(throws: TranscriptError.self) { try transcript(text) }
        #expect(error.file == "test.txt")
        #expect(error.line == line)
        #expect(error.problem.contains(words), "\(error)")
        #expect(!error.remedy.isEmpty)
    }

    @Test("an error reads as one line with place and remedy")
    func oneLine() throws {
        let error = try #require(throws: TranscriptError.self) { try transcript("> AT\n? x") }
        #expect(
            error.description
                == "test.txt:2: a line cannot begin with ?; begin it with # for a comment, or with one of == > < ! ~ +")
    }

    @Test("with several modules the remedy says where their names stand")
    func remedyWithModules() throws {
        let error = try #require(throws: TranscriptError.self) { try transcript("# modules: a b\na/b> AT") }
        #expect(error.remedy.contains("a>"))
    }

    @Test("a file that is not there is an error of the whole file")
    func missingFile() throws {
        let error = try #require(throws: TranscriptError.self) {
            try TranscriptFile(path: "/nonexistent/a.txt").load()
        }
        #expect(error.line == 0)
        #expect(error.description.hasPrefix("/nonexistent/a.txt: the file cannot be read"))
    }

    @Test("whatever a file holds, it is read or refused with a line", arguments: UInt64(0)..<20)
    func anything(_ seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        let pieces = [
            ">", "<", "!", "~", "+", "#", "=", " ", "\\", "\"", "{", "}", "\n", "\r", ".", "5ms", "ap", "peer 0",
            "sends",
            "{any}", "{ip=", "\\x", "1.2.3.4:80", "spec:", "\u{0}", "ä", "# modules: ", "a", "-",
        ]
        for _ in 0..<200 {
            let text = (0..<12).map { _ in pieces[Int(random.number(below: UInt64(pieces.count)))] }.joined()
            do throws(TranscriptError) {
                #expect(!(try transcript(text).cases.isEmpty))
            } catch {
                #expect((0...13).contains(error.line), "\(text)")
            }
        }
    }
}
