import ATEngine
import ATPrimitives
import Testing

@Suite("Fast timing")
struct FastTimingTests {
    // What only takes time takes none (contract, Timing).

    @Test("power-on, AT+RST and AT+RESTORE end in ready at once")
    func boot() {
        var bench = Bench(timing: .fast)
        #expect(bench.power(.cycle).output == #"\r\nready\r\n"#)
        bench.host("ATE0")
        #expect(bench.host("AT+RST").output == ok + #"\r\nready\r\n"#)
        bench.host("ATE0")
        #expect(bench.host("AT+RESTORE").output == ok + #"\r\nready\r\n"#)
        #expect(bench.engine.isQuiet)
    }

    @Test("the module sleeps at once")
    func sleep() {
        var bench = Bench(timing: .fast)
        expect(bench.host("AT+GSLP=1000"), says: ok, asks: ["softAP off", "sleep 1s", "radio off"])
    }

    @Test("settings and keys take no time, and the OK is there at once")
    func flash() {
        var bench = Bench(timing: .fast)
        #expect(bench.host(#"AT+CWSAP="mine","password",5,3"#).output == ok)
        #expect(bench.host("AT+IPR=300").output == ok)
        #expect(bench.host("AT+UART=300,8,1,0,0").output == ok)
        expect(bench.host("AT"), says: ok)
    }

    @Test("an error of a connection is reported at once")
    func errors() {
        var bench = Bench.online(timing: .fast)
        bench.host(#"AT+CIPSTART="TCP","10.0.0.1",80"#)
        expect(bench.handle(.reset(bench.socket(0))), says: error + #"CLOSED\r\n"#)
        bench.host(#"AT+CIPSTART="TCP","10.0.0.1",80"#)
        bench.handle(.connected(bench.socket(0)))
        expect(bench.handle(.reset(bench.socket(0))), says: #"0,CLOSED\r\n"#)
    }

    @Test("a close is seen at once, one link after the other")
    func close() {
        var bench = Bench.online(timing: .fast)
        bench.host("AT+CIPMUX=1")
        for link in 0...1 {
            bench.host("AT+CIPSTART=\(link),\"TCP\",\"10.0.0.1\",80")
            bench.handle(.connected(bench.socket(link)))
        }
        expect(bench.host("AT+CIPCLOSE=5"), asks: ["close 0"])
        expect(bench.handle(.closed(bench.socket(0))), says: #"0,CLOSED\r\n"#, asks: ["close 1"])
        expect(bench.handle(.closed(bench.socket(1))), says: #"1,CLOSED\r\n"# + ok)
    }

    @Test("a link that breaks while CIPCLOSE is typed is gone for it")
    func brokenWhileTyping() {
        var bench = Bench.connected(timing: .fast)
        bench.send("AT+CIPCLOSE")
        expect(bench.handle(.reset(bench.socket(0))), says: #"0,CLOSED\r\n"#)
        expect(bench.send("\r\n"), says: error)
    }

    // What is kept.

    @Test("the 20 ms of transparent mode")
    func transparent() {
        var bench = Bench.connected(timing: .fast)
        bench.host("AT+CIPMODE=1")
        bench.host("AT+CIPSEND")
        bench.send("hi")
        expect(bench.wait(.microseconds(19_999)))
        expect(bench.wait(.microseconds(1)), asks: ["send 0 hi to 10.0.0.1:80"])
        bench.handle(.acknowledged(bench.socket(0)))
        bench.send("+++")
        expect(bench.host("AT"))
        expect(bench.wait(.milliseconds(20)), asks: [#"send 0 +++AT\r\n to 10.0.0.1:80"#])
    }

    @Test("SYN, DNS, retransmission, FIN-WAIT-2 and CIPSTO")
    func network() {
        var bench = Bench.online(timing: .fast)
        bench.host(#"AT+CIPSTART="TCP","10.0.0.1",80"#)
        expect(bench.wait(.microseconds(3_249_999)))
        expect(bench.wait(.microseconds(1)), says: error + #"CLOSED\r\n"#, asks: ["abort 0"])
        bench.host(#"AT+CIPSTART="TCP","a.example",80"#)
        expect(bench.wait(.microseconds(6_499_999)))
        expect(bench.wait(.microseconds(1)), says: #"DNS Fail\r\n"# + error)
        bench = Bench.connected(timing: .fast)
        bench.host("AT+CIPSEND=1")
        bench.send("x")
        expect(bench.wait(.microseconds(7_249_999)))
        expect(bench.wait(.microseconds(1)), says: #"0,CLOSED\r\nSEND FAIL\r\n"#, asks: ["abort 0"])
        bench = Bench.connected(timing: .fast)
        bench.host("AT+CIPCLOSE")
        bench.handle(.acknowledged(bench.socket(0)))
        expect(bench.wait(.microseconds(19_999_999)))
        expect(bench.wait(.microseconds(1)), says: #"CLOSED\r\n"# + ok, asks: ["abort 0"])
        bench.host("AT+CIPMUX=1")
        bench.host("AT+CIPSERVER=1,80")
        bench.host("AT+CIPSTO=2")
        bench.client()
        expect(bench.wait(.microseconds(1_999_999)))
        expect(bench.wait(.microseconds(1)), asks: ["close 0"])
    }

    @Test("the delays of reconnecting, and the 500 ms look for an address")
    func reconnect() {
        var bench = Bench.connected(timing: .fast)
        bench.host("AT+CIPMODE=1")
        bench.host("AT+CIPSEND")
        bench.handle(.reset(bench.socket(0)))
        expect(bench.wait(.microseconds(9_999)))
        expect(bench.wait(.microseconds(1)), asks: ["connect 0 10.0.0.1:80"])
        bench.power(.cycle)
        bench.lease()
        expect(bench.wait(.microseconds(499_999)))
        expect(bench.wait(.microseconds(1)), asks: ["connect 0 10.0.0.1:80"])
    }
}
