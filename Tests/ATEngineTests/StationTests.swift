import ATEngine
import ATPrimitives
import Testing

@Suite("The station")
struct StationTests {
    private static let join = #"AT+CWJAP="home","secret12""#

    private static func idle(_ firmware: Firmware = .shipped021, timing: Timing = .firmware, bugs: Bugs = []) -> Bench {
        var bench = Bench(firmware, timing: timing, bugs: bugs)
        bench.host("AT+CWMODE=1")
        return bench
    }

    @Test("a join is looked at after 3, 5, … 15 s", arguments: [3, 5, 7, 9, 11, 13, 15] as [Int64])
    func looks(_ second: Int64) {
        var bench = Self.idle()
        #expect(bench.host(Self.join).effects.last == "join home leased")
        expect(bench.wait(.seconds(second) + .microseconds(-1)))
        bench.lease()
        expect(bench.wait(.microseconds(1)), says: ok)
        expect(bench.host("AT+CWJAP?"), says: #"+CWJAP:"home"\r\n"# + ok)
    }

    @Test(
        "a join that fails says why after 15 s",
        arguments: [
            (StationProgress.unleased, 1), (.associated, 1), (.lost, 1), (.wrongPassword, 2), (.notFound, 3),
            (.refused, 4),
        ])
    func failures(_ progress: StationProgress, _ code: Int) {
        var bench = Self.idle()
        bench.host(Self.join)
        bench.handle(.station(progress))
        expect(bench.wait(.microseconds(14_999_999)))
        expect(bench.host("AT"), says: #"\r\nbusy p...\r\n"#)
        expect(bench.wait(.microseconds(1)), says: "+CWJAP:\(code)\\r\\n\\r\\nFAIL\\r\\n", asks: ["leave"])
        expect(bench.host("AT"), says: ok)
    }

    @Test("a failed join of the manual is ERROR")
    func manual() {
        var bench = Self.idle(.manual021)
        bench.host(Self.join)
        expect(bench.wait(.seconds(15)), says: error, asks: ["leave"])
    }

    @Test("an address that was lost by the look is waited for again")
    func lostAddress() {
        var bench = Self.idle()
        bench.host(Self.join)
        bench.lease()
        bench.handle(.station(.lost))
        expect(bench.wait(.seconds(3)))
        bench.lease()
        expect(bench.wait(.seconds(2)), says: ok)
    }

    @Test("an address whose lease has ended is no longer the module's")
    func endedLease() {
        var bench = Self.idle()
        bench.host(Self.join)
        bench.lease()
        expect(bench.wait(.seconds(3)), says: ok)
        bench.handle(.station(.unleased))
        let without = bench.host("AT+CIPSTA?").output
        #expect(without.contains("0.0.0.0"))
        bench.lease()
        let with = bench.host("AT+CIPSTA?").output
        #expect(!with.contains("0.0.0.0"))
    }

    @Test("with a fixed address association is enough")
    func fixedAddress() {
        var bench = Self.idle()
        bench.host(#"AT+CIPSTA="10.0.0.50""#)
        #expect(bench.host(Self.join).effects.last == "join home 10.0.0.50")
        bench.handle(.station(.associated))
        expect(bench.wait(.seconds(3)), says: ok)
    }

    @Test("in fast timing the end of a join is its answer")
    func fast() {
        var bench = Self.idle(timing: .fast)
        bench.host(Self.join)
        expect(bench.lease(), says: ok)
        for (progress, code) in [(StationProgress.unleased, 1), (.wrongPassword, 2), (.notFound, 3), (.refused, 4)] {
            #expect(bench.host(Self.join).effects.contains("join home leased"))
            expect(
                bench.handle(.station(progress)), says: "+CWJAP:\(code)\\r\\n\\r\\nFAIL\\r\\n", asks: ["leave"])
        }
        // Nothing is left behind that would look.
        expect(bench.wait(.seconds(60)))
    }

    @Test("a join that nobody answers fails after 15 s in fast timing too")
    func fastSilence() {
        var bench = Self.idle(timing: .fast)
        bench.host(Self.join)
        expect(bench.wait(.microseconds(14_999_999)))
        expect(bench.wait(.microseconds(1)), says: #"+CWJAP:1\r\n\r\nFAIL\r\n"#, asks: ["leave"])
    }

    @Test("leaving drops a leased address and keeps a fixed one, and STATUS is 5")
    func leaving() {
        var bench = Bench.online()
        expect(bench.host("AT+CWQAP"), says: ok, asks: ["leave"])
        expect(bench.host("AT+CIPSTA?"), says: #"+CIPSTA:"0.0.0.0"\r\n"# + ok)
        expect(bench.host("AT+CIPSTATUS"), says: #"STATUS:5\r\n"# + ok)
        bench.host(#"AT+CIPSTA="10.0.0.50""#)
        bench.host("AT+CWQAP")
        expect(bench.host("AT+CIPSTA?"), says: #"+CIPSTA:"10.0.0.50"\r\n"# + ok)
    }

    @Test("what the radio says to a station that wants nothing is ignored")
    func idleStation() {
        var bench = Self.idle()
        expect(bench.lease())
        expect(bench.host("AT+CIPSTA?"), says: #"+CIPSTA:"0.0.0.0"\r\n"# + ok)
    }

    @Test("a boot joins the stored network by itself, unless it shall not")
    func autoConnect() {
        var bench = Bench.online()
        bench.power(.cycle)
        #expect(bench.wait(.seconds(1)).effects.contains("join home leased"))
        bench.host("AT+CWAUTOCONN=0")
        bench.power(.cycle)
        #expect(!bench.wait(.seconds(1)).effects.contains("join home leased"))
    }

    @Test("a new MAC leaves and joins again; the same one changes nothing")
    func newMAC() {
        var bench = Bench.online()
        #expect(
            bench.host(#"AT+CIPSTAMAC="18:fe:34:00:00:99""#).effects.suffix(2) == ["leave", "join home leased"])
        expect(bench.host(#"AT+CIPSTAMAC="18:fe:34:00:00:99""#), says: ok)
    }

    @Test("a scan prints what was found in its order, then OK")
    func scan() {
        var bench = Self.idle()
        expect(bench.host("AT+CWLAP"), asks: ["scan  any 0"])
        expect(bench.host("AT"), says: #"\r\nbusy p...\r\n"#)
        let found = ScannedAccessPoint(
            ssid: Array("home".utf8), bssid: MACAddress(value: 0x0200_0000_0001), channel: 6, rssi: -48, security: .wpa2
        )
        expect(
            bench.handle(.scanned([found])), says: #"+CWLAP:(3,"home",-48,"02:00:00:00:00:01",6)\r\n"# + ok)
        expect(
            bench.host(#"AT+CWLAP="home","02:00:00:00:00:01",6"#), asks: ["scan home 02:00:00:00:00:01 6"])
        expect(bench.handle(.scanned([])), says: ok)
        expect(bench.handle(.scanned([found])))
    }

    @Test("a refused scan is ERROR, with the bug never an answer")
    func refusedScan() {
        var bench = Self.idle()
        bench.host("AT+CWLAP")
        expect(bench.handle(.scanRefused), says: error)
        var stuck = Self.idle(bugs: .scanRefused)
        stuck.host("AT+CWLAP")
        expect(stuck.handle(.scanRefused))
        expect(stuck.host("AT"), says: #"\r\nbusy p...\r\n"#)
    }
}

@Suite("The softAP")
struct SoftAPTests {
    @Test("a mode with a softAP puts it on the air, one without takes it off")
    func modes() {
        var bench = Bench()
        #expect(bench.host("AT+CWMODE=1").effects.last == "softAP off")
        #expect(bench.host("AT+CWMODE=3").effects.last == "softAP ESP_000001 192.168.4.1")
        expect(bench.host("AT+CWMODE=3"), says: ok)
    }

    @Test("CWSAP changes it at once; in the manual's edition at the next start")
    func configured() {
        var bench = Bench()
        #expect(bench.host(#"AT+CWSAP="mine","password",5,3"#).effects.last == "softAP mine 192.168.4.1")
        var manual = Bench(.manual021)
        #expect(!manual.host(#"AT+CWSAP="mine","password",5,3"#).effects.contains("softAP mine 192.168.4.1"))
        expect(manual.host("AT+CWSAP?"), says: #"+CWSAP:"mine","password",5,3\r\n"# + ok)
        manual.power(.reset)
        #expect(manual.wait(.seconds(1)).effects.last == "softAP mine 192.168.4.1")
    }

    @Test("stations show in CWLIF until they leave, in the order of joining, four at most")
    func stations() {
        var bench = Bench()
        for number in 1...5 {
            bench.handle(
                .stationJoined(MACAddress(value: UInt64(number)), IPv4Address(192, 168, 4, UInt8(number + 1))))
        }
        bench.handle(.stationLeft(MACAddress(value: 2)))
        let lines = [(1, 2), (3, 4), (4, 5)].map { #"192.168.4.\#($1),00:00:00:00:00:0\#($0)\r\n"# }
        expect(bench.host("AT+CWLIF"), says: lines.joined() + ok)
        bench.host(#"AT+CWSAP="mine","",5,0"#)
        expect(bench.host("AT+CWLIF"), says: ok)
    }

    @Test("a softAP that was never configured follows its MAC, whatever else is stored")
    func defaultName() {
        var bench = Bench()
        bench.host(#"AT+CIPAPMAC="1a:fe:34:00:00:99""#)
        bench.host("AT+CWMODE=3")
        bench.power(.cycle)
        #expect(bench.wait(.seconds(1)).effects.last == "softAP ESP_000099 192.168.4.1")
    }

    @Test("its address is stored by CIPAP, and by CIFSR only until the next start")
    func addresses() {
        var bench = Bench()
        #expect(bench.host(#"AT+CIPAP="192.168.5.1""#).effects.last == "softAP ESP_000001 192.168.5.1")
        bench.host("AT+CWDHCP=0,0")
        expect(bench.host(#"AT+CIFSR="192.168.6.1""#), says: ok, asks: ["softAP ESP_000001 192.168.6.1"])
        bench.power(.cycle)
        #expect(bench.wait(.seconds(1)).effects.last == "softAP ESP_000001 192.168.5.1")
    }
}
