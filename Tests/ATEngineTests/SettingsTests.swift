import ATEngine
import ATPrimitives
import Testing

/// A command that stores something, the query that shows it, and what the query says then.
struct StoredSetting: Sendable, CustomTestStringConvertible {
    /// Lines before it, for example a mode.
    var before: [String] = []
    let command: String
    let query: String
    let shown: String

    var testDescription: String { command }

    static let all = [
        StoredSetting(command: "AT+CWMODE=3", query: "AT+CWMODE?", shown: #"+CWMODE:3\r\n"#),
        StoredSetting(
            command: #"AT+CWSAP="m\"y","pass,word",11,4"#, query: "AT+CWSAP?",
            shown: #"+CWSAP:"m"y","pass,word",11,4\r\n"#),
        StoredSetting(command: "AT+CWDHCP=0,0", query: "AT+CWDHCP?", shown: "+CWDHCP:2"),
        StoredSetting(
            before: ["AT+CWMODE=3"], command: "AT+CWDHCP=2,0", query: "AT+CWDHCP?", shown: "+CWDHCP:0"),
        StoredSetting(
            before: ["AT+CWMODE=1"], command: "AT+CWAUTOCONN=0", query: "AT+CWAUTOCONN?", shown: "+CWAUTOCONN:0"),
        StoredSetting(
            before: ["AT+CWMODE=1"], command: #"AT+CIPSTAMAC="18:fe:34:aa:bb:cc""#, query: "AT+CIPSTAMAC?",
            shown: #"+CIPSTAMAC:"18:fe:34:aa:bb:cc"\r\n"#),
        StoredSetting(
            command: #"AT+CIPAPMAC="1a:fe:34:aa:bb:cc""#, query: "AT+CIPAPMAC?",
            shown: #"+CIPAPMAC:"1a:fe:34:aa:bb:cc"\r\n"#),
        StoredSetting(command: #"AT+CIPSTA="10.1.2.3""#, query: "AT+CIPSTA?", shown: #"+CIPSTA:"10.1.2.3"\r\n"#),
        StoredSetting(command: #"AT+CIPSTA="10.1.2.3""#, query: "AT+CWDHCP?", shown: "+CWDHCP:1"),
        StoredSetting(command: #"AT+CIPAP="192.168.9.1""#, query: "AT+CIPAP?", shown: #"+CIPAP:"192.168.9.1"\r\n"#),
        StoredSetting(
            before: ["AT+CWDHCP=0,0"], command: #"AT+CIPAP="192.168.9.1""#, query: "AT+CWDHCP?", shown: "+CWDHCP:3"),
        StoredSetting(command: "AT+CIPMODE=1", query: "AT+CIPMODE?", shown: #"+CIPMODE:1\r\n"#),
    ]

    /// A booted module after what comes before, and after the command.
    func changed(_ firmware: Firmware) -> (before: Bench, after: Bench) {
        var bench = Bench(firmware)
        for line in before { bench.host(line) }
        let before = bench
        bench.host(command)
        return (before, bench)
    }
}

@Suite("Settings in the flash")
struct SettingsTests {
    @Test("each is there after a power cycle", arguments: StoredSetting.all)
    func stored(_ setting: StoredSetting) {
        var (_, bench) = setting.changed(.shipped021)
        #expect(bench.host(setting.query).output == setting.shown + ok)
        #expect(bench.flash == bench.engine.flash)
        var restarted = Bench(flash: bench.flash)
        #expect(restarted.host(setting.query).output == setting.shown + ok)
    }

    @Test("a change erases and writes the other copy, then the flag, before the OK is seen")
    func order() {
        var bench = Bench()
        bench.sendUnread("AT+CIPMODE=1\r\n")
        #expect(bench.takeEffects() == ["erase 3d", "write 3d000 56", "erase 3f", "write 3f000 1"])
        #expect(bench.read(.max) == ok)
        #expect(bench.host("AT+CIPMODE=0").effects == ["erase 3e", "write 3e000 56", "erase 3f", "write 3f000 1"])
        #expect(
            bench.host("AT+CWMODE=3").effects.prefix(4) == ["erase 7d", "write 7d000 880", "erase 7f", "write 7f000 1"])
    }

    @Test("what is set to what it is already is not written", arguments: StoredSetting.all)
    func unchanged(_ setting: StoredSetting) {
        var (_, bench) = setting.changed(.shipped021)
        let again = bench.host(setting.command)
        #expect(again.output == ok)
        #expect(!again.effects.contains { $0.hasPrefix("erase") || $0.hasPrefix("write") })
    }

    @Test("a power cut after any byte leaves the old setting or the new one", arguments: StoredSetting.all)
    func cut(_ setting: StoredSetting) {
        let (before, after) = setting.changed(.shipped021)
        let old = Self.settings(before.flash)
        let new = Self.settings(after.flash)
        #expect(old != new)
        var seen = Set<[String]>()
        for flash in FlashImage.cuts(of: after.flashWork, from: before.flash) {
            let found = Self.settings(flash)
            #expect(found == old || found == new)
            seen.insert(found)
        }
        #expect(seen == [old, new])
    }

    @Test("a power cut in the middle of RESTORE leaves each record as it was or blank")
    func cutRestore() {
        var bench = Bench()
        let blank = Self.settings(bench.flash)
        for line in ["AT+CWMODE=3", "AT+CIPMODE=1", #"AT+CIPAP="192.168.9.1""#] { bench.host(line) }
        let old = Self.settings(bench.flash)
        let start = bench.flash
        bench.host("AT+RESTORE")
        for flash in FlashImage.cuts(of: bench.flashWork, from: start) {
            for (found, values) in zip(Self.settings(flash), zip(old, blank)) {
                #expect(found == values.0 || found == values.1)
            }
        }
        #expect(Self.settings(bench.flash) == blank)
    }

    @Test("RESTORE makes the module what it was in the factory, whichever copies counted", arguments: 0...3)
    func restore(_ changes: Int) {
        var bench = Bench()
        let blank = Self.settings(bench.flash)
        for change in 0..<changes {
            bench.host("AT+CIPMODE=\(1 - change % 2)")
            bench.host("AT+CWMODE=\(1 + 2 * (change % 2))")
        }
        bench.host("AT+RESTORE")
        #expect(Self.settings(bench.flash) == blank)
    }

    @Test("settings of the radio are kept when a join fails, and used at the next boot")
    func failedJoin() {
        var bench = Bench()
        bench.host("AT+CWMODE=1")
        bench.host(#"AT+CWJAP="elsewhere","secret12""#)
        bench.wait(.seconds(15))
        bench.power(.cycle)
        #expect(bench.wait(.seconds(1)).effects.contains("join elsewhere leased"))
    }

    @Test("the UART's settings of all kinds come back at the next boot")
    func line() {
        var values: [LineSettings] = []
        for (databits, stopbits, parity, flow) in [(5, 1, 0, 0), (6, 2, 1, 1), (7, 3, 2, 2), (8, 1, 0, 3)] {
            var bench = Bench()
            bench.host("AT+UART=9600,\(databits),\(stopbits),\(parity),\(flow)")
            bench.wait(.seconds(1))
            values.append(bench.engine.line)
            #expect(Bench(flash: bench.flash).engine.line == bench.engine.line)
        }
        let flags = values.map { [$0.requestToSend, $0.clearToSend] }
        #expect(values.map(\.dataBits) == [5, 6, 7, 8])
        #expect(values.map(\.stopBits) == [.one, .oneAndAHalf, .two, .one])
        #expect(values.map(\.parity) == [.none, .odd, .even, .none])
        #expect(flags == [[false, false], [true, false], [false, true], [true, true]])
    }

    @Test("AT+IPR on blank flash leaves the other UART bytes blank, with what that means at the next boot")
    func rateAlone() {
        var bench = Bench()
        bench.host("AT+IPR=9600")
        let line = Bench(flash: bench.flash).engine.line
        #expect(line.baud == 9600)
        #expect(line.dataBits == 8)
        #expect(line.stopBits == .two)
        #expect(line.parity == .odd)
    }

    @Test("foreign, torn and random records read as the defaults or as they stand, and never trap", arguments: 0..<200)
    func foreign(_ seed: Int) {
        var choices = Choices(seed: UInt64(seed))
        let flash = FlashImage.foreign(&choices)
        var bench = Bench(flash: flash)
        bench.send("+++")
        bench.wait(.milliseconds(20))
        bench.host("ATE0")
        #expect(bench.host("AT").output == ok)
        let mode = bench.host("AT+CWMODE?").output
        #expect((1...3).contains { mode == "+CWMODE:\($0)\\r\\n" + ok })
        #expect((1...5_000_000).contains(bench.engine.line.baud))
        #expect((5...8).contains(bench.engine.line.dataBits))
    }

    // MARK: Helpers

    /// What a new module with `flash` has, one string for each record.
    private static func settings(_ flash: FlashImage) -> [String] {
        var bench = Bench(flash: flash)
        let user = ["AT+CIPSTAMAC?", "AT+CIPAPMAC?", "AT+CIPSTA?", "AT+CIPAP?", "AT+CWDHCP?", "AT+CIPMODE?"]
        let system = ["AT+CWMODE?", "AT+CWSAP?", "AT+CWAUTOCONN?"]
        return [user, system].map { queries in queries.map { bench.host($0).output }.joined() }
    }
}
