import ATEngine
import ATPrimitives
import Testing

@Suite("The server")
struct ServerTests {
    private static func serving(_ firmware: Firmware = .shipped021, clients: Int = 0, bugs: Bugs = []) -> Bench {
        var bench = Bench.online(firmware, bugs: bugs)
        bench.host("AT+CIPMUX=1")
        bench.host("AT+CIPSERVER=1,80")
        for _ in 0..<clients { bench.client() }
        return bench
    }

    @Test("it listens, says no change the second time, and stops")
    func life() {
        var bench = Bench.online()
        expect(bench.host("AT+CIPSERVER=1"), says: error)
        bench.host("AT+CIPMUX=1")
        expect(bench.host("AT+CIPSERVER=1"), says: ok, asks: ["listen 333"])
        expect(bench.host("AT+CIPSERVER=1,80"), says: #"no change\r\n"# + ok)
        expect(bench.host("AT+CIPSERVER=0"), says: ok, asks: ["unlisten 333"])
        expect(bench.host("AT+CIPSERVER=0"), says: #"no change\r\n"# + ok)
    }

    @Test("clients get the lowest free ids, and a sixth is turned away without a word")
    func clients() {
        var bench = Self.serving()
        for link in 0..<5 { expect(bench.client(), says: "\(link),CONNECT\\r\\n") }
        expect(bench.client())
        bench.handle(.finished(bench.socket(2)))
        expect(bench.client(), says: #"2,CONNECT\r\n"#)
    }

    @Test("nobody is let in on another port or after the end")
    func turnedAway() {
        var bench = Self.serving()
        expect(bench.client(port: 81))
        bench.host("AT+CIPSERVER=0")
        expect(bench.client())
    }

    @Test("stopping answers at once, then each client's end is a line, then the listener goes")
    func stopping() {
        var bench = Self.serving(clients: 2)
        expect(bench.host("AT+CIPSERVER=0"), says: ok, asks: ["close 0", "close 1"])
        expect(bench.client())
        bench.handle(.closed(bench.socket(0)))
        expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\n"#)
        bench.handle(.closed(bench.socket(1)))
        expect(bench.wait(.milliseconds(125)), says: #"1,CLOSED\r\n"#, asks: ["unlisten 80"])
    }

    @Test("a server that is started anew before the last client has gone listens on the new port alone")
    func startedAnew() {
        var bench = Self.serving(clients: 1)
        bench.host("AT+CIPSERVER=0")
        expect(bench.host("AT+CIPSERVER=1,81"), says: ok, asks: ["unlisten 80", "listen 81"])
        bench.handle(.closed(bench.socket(0)))
        expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\n"#)
    }

    @Test("the end of a client's connection is CLOSED, its break CONNECT FAIL")
    func ends() {
        var bench = Self.serving(clients: 2)
        expect(bench.handle(.finished(bench.socket(0))), says: #"0,CLOSED\r\n"#, asks: ["close 0"])
        bench.handle(.reset(bench.socket(1)))
        expect(bench.wait(.milliseconds(10)), says: #"1,CONNECT FAIL\r\n"#)
    }

    @Test("an idle client is closed after CIPSTO seconds, counted from its last byte or ACK")
    func idle() {
        var bench = Self.serving(clients: 1)
        bench.host("AT+CIPSTO=10")
        bench.wait(.seconds(6))
        bench.deliver("a", on: 0, from: "10.0.0.9:4000")
        expect(bench.wait(.microseconds(9_999_999)))
        expect(bench.wait(.microseconds(1)), asks: ["close 0"])
        bench.handle(.closed(bench.socket(0)))
        expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\n"#)
    }

    @Test("an acknowledged payload starts the idle time anew")
    func idleAfterSending() {
        var bench = Self.serving(clients: 1)
        bench.host("AT+CIPSTO=10")
        bench.wait(.seconds(6))
        bench.host("AT+CIPSEND=0,1")
        bench.send("x")
        bench.wait(.seconds(2))
        bench.handle(.acknowledged(bench.socket(0)))
        expect(bench.wait(.microseconds(9_999_999)))
        expect(bench.wait(.microseconds(1)), asks: ["close 0"])
    }

    @Test("a payload that waits for its ACK when the client's time is over has SEND OK or SEND FAIL all the same")
    func idleWhileSending() {
        for isAcknowledged in [true, false] {
            var bench = Self.serving(clients: 1)
            bench.host("AT+CIPSTO=1")
            bench.host("AT+CIPSEND=0,1")
            bench.send("x")
            expect(bench.wait(.seconds(1)), asks: ["close 0"])
            if isAcknowledged {
                expect(bench.handle(.acknowledged(bench.socket(0))), says: #"\r\nSEND OK\r\n"#)
                expect(bench.host("AT"), says: ok)
                bench.handle(.closed(bench.socket(0)))
                expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\n"#)
            } else {
                bench.handle(.closed(bench.socket(0)))
                expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\nSEND FAIL\r\n"#)
                expect(bench.host("AT"), says: ok)
            }
        }
    }

    @Test("a CIPSTO that is over for a client closes it at once; 0 closes nobody")
    func changedTimeout() {
        var bench = Self.serving(clients: 1)
        bench.host("AT+CIPSTO=0")
        expect(bench.wait(.seconds(8_000)))
        expect(bench.host("AT+CIPSTO=5"), says: ok, asks: ["close 0"])
    }

    @Test("a link that the module opened has no idle time")
    func clientLink() {
        var bench = Self.serving()
        bench.host(#"AT+CIPSTART=0,"TCP","10.0.0.1",80"#)
        bench.handle(.connected(bench.socket(0)))
        bench.host("AT+CIPSTO=1")
        expect(bench.wait(.seconds(600)))
    }

    @Test("the manual's server goes on after CIPSERVER=0, and CIPMUX=0 needs a restart")
    func manual() {
        var bench = Self.serving(.manual021)
        expect(bench.host("AT+CIPSERVER=0"), says: ok)
        expect(bench.client(), says: #"0,CONNECT\r\n"#)
        expect(bench.host("AT+CIPSERVER=1,80"), says: #"no change\r\n"# + ok)
        expect(bench.host("AT+CIPMUX=0"), says: #"Link is builded\r\n"#)
        bench.handle(.finished(bench.socket(0)))
        expect(bench.host("AT+CIPMUX=0"), says: error)
    }

    @Test("the bug close-server-link leaves the parser busy")
    func bug() {
        var bench = Self.serving(clients: 1, bugs: .closeServerLink)
        bench.host("AT+CIPCLOSE=0")
        bench.handle(.closed(bench.socket(0)))
        expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\n"# + ok)
        expect(bench.host("AT"), says: #"\r\nbusy p...\r\n"#)
        expect(bench.host("AT+RST"), says: #"\r\nWill force to restart!!!\r\n"# + ok, asks: ["leave"])
    }
}
