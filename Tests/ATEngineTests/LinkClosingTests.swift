import ATEngine
import ATPrimitives
import Testing

@Suite("Closing links")
struct LinkClosingTests {
    /// Links 0 and 1 to hosts, and a UDP link 2, in multiple mode.
    private static func three() -> Bench {
        var bench = Bench.online()
        bench.host("AT+CIPMUX=1")
        for link in 0...1 {
            bench.host("AT+CIPSTART=\(link),\"TCP\",\"10.0.0.1\",80")
            bench.handle(.connected(bench.socket(link)))
        }
        bench.host(#"AT+CIPSTART=2,"UDP","10.0.0.2",1000"#)
        return bench
    }

    @Test("the far end's FIN is answered with FIN and CLOSED")
    func finished() {
        var bench = Bench.connected()
        expect(bench.handle(.finished(bench.socket(0))), says: #"CLOSED\r\n"#, asks: ["close 0"])
        expect(bench.host("AT+CIPSTATUS"), says: #"STATUS:4\r\n"# + ok)
    }

    @Test("an RST is reported after 10 ms, with the id in single mode too")
    func reset() {
        var bench = Bench.connected()
        expect(bench.handle(.reset(bench.socket(0))))
        expect(bench.wait(.microseconds(9_999)))
        expect(bench.wait(.microseconds(1)), says: #"0,CLOSED\r\n"#)
    }

    @Test("CIPCLOSE sends FIN and answers at the stack's next look, every 125 ms")
    func closing() {
        var bench = Bench.connected()
        expect(bench.host("AT+CIPCLOSE"), asks: ["close 0"])
        bench.wait(.milliseconds(130))
        bench.handle(.acknowledged(bench.socket(0)))
        expect(bench.handle(.closed(bench.socket(0))))
        expect(bench.wait(.microseconds(119_999)))
        expect(bench.wait(.microseconds(1)), says: #"CLOSED\r\n"# + ok)
    }

    @Test("a far end that does not answer the FIN is given up after 7.25 s")
    func noAnswer() {
        var bench = Bench.connected()
        bench.host("AT+CIPCLOSE")
        expect(bench.wait(.microseconds(7_249_999)))
        expect(bench.wait(.microseconds(1)), says: #"CLOSED\r\n"# + ok, asks: ["abort 0"])
    }

    @Test("a far end that keeps its side open is given up 20 s after its ACK")
    func halfOpen() {
        var bench = Bench.connected()
        bench.host("AT+CIPCLOSE")
        bench.handle(.acknowledged(bench.socket(0)))
        expect(bench.wait(.microseconds(19_999_999)))
        expect(bench.wait(.microseconds(1)), says: #"CLOSED\r\n"# + ok, asks: ["abort 0"])
    }

    @Test("a link that ends just before the stack gives it up is not given up besides")
    func endsInTime() {
        var bench = Bench.connected()
        bench.host("AT+CIPCLOSE")
        bench.wait(.milliseconds(7_200))
        bench.handle(.closed(bench.socket(0)))
        expect(bench.wait(.milliseconds(50)), says: #"CLOSED\r\n"# + ok)
    }

    @Test("CIPCLOSE of a link that has just broken asks nothing of a socket that is no more")
    func brokenAlready() {
        var bench = Bench.connected()
        bench.handle(.reset(bench.socket(0)))
        expect(bench.host("AT+CIPCLOSE"))
        expect(bench.wait(.milliseconds(125)), says: #"CLOSED\r\n"# + ok)
    }

    @Test("CIPCLOSE=5 closes UDP at once and TCP links one after the other, with one OK at the end")
    func all() {
        var bench = Self.three()
        expect(bench.host("AT+CIPCLOSE=5"), asks: ["close 0"])
        bench.handle(.closed(bench.socket(0)))
        expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\n"#, asks: ["close 1"])
        bench.handle(.closed(bench.socket(1)))
        expect(bench.wait(.milliseconds(125)), says: #"1,CLOSED\r\n2,CLOSED\r\n"# + ok, asks: ["close 2"])
        expect(bench.host("AT+CIPCLOSE=5"), says: ok)
    }

    @Test("a UDP link in front of a TCP link goes first")
    func datagramsFirst() {
        var bench = Bench.online()
        bench.host("AT+CIPMUX=1")
        bench.host(#"AT+CIPSTART=0,"UDP","10.0.0.2",1000"#)
        bench.host(#"AT+CIPSTART=1,"TCP","10.0.0.1",80"#)
        bench.handle(.connected(bench.socket(1)))
        expect(bench.host("AT+CIPCLOSE=5"), says: #"0,CLOSED\r\n"#, asks: ["close 0", "close 1"])
        bench.handle(.closed(bench.socket(1)))
        expect(bench.wait(.milliseconds(125)), says: #"1,CLOSED\r\n"# + ok)
    }

    @Test("the walk goes on when a far end resets or finishes in the middle of it")
    func interruptedWalk() {
        var bench = Self.three()
        bench.host("AT+CIPCLOSE=5")
        bench.handle(.reset(bench.socket(1)))
        expect(bench.wait(.milliseconds(10)), says: #"1,CLOSED\r\n"#)
        bench.handle(.reset(bench.socket(0)))
        expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\n2,CLOSED\r\n"# + ok, asks: ["close 2"])
        expect(bench.host("AT"), says: ok)
    }

    @Test("a client that comes during the walk does not keep it from its end")
    func clientDuringWalk() {
        var bench = Bench.online()
        bench.host("AT+CIPMUX=1")
        bench.host("AT+CIPSERVER=1,80")
        bench.client()
        expect(bench.host("AT+CIPCLOSE=5"), asks: ["close 0"])
        expect(bench.client())
        bench.handle(.closed(bench.socket(0)))
        expect(bench.wait(.milliseconds(125)), says: #"0,CLOSED\r\n"# + ok)
        expect(bench.client(), says: #"0,CONNECT\r\n"#)
    }

    @Test("a UDP link whose name is still looked up has no socket to close (bug event-forces-idle)")
    func resolvingDatagrams() {
        var bench = Bench.online(bugs: .eventForcesIdle)
        bench.host("AT+CIPMUX=1")
        bench.host(#"AT+CIPSTART=0,"TCP","10.0.0.1",80"#)
        expect(bench.host(#"AT+CIPSTART=1,"UDP","a.example",80"#), asks: ["resolve a.example"])
        bench.handle(.connected(bench.socket(0)))
        expect(bench.host("AT+CIPCLOSE=1"), says: #"1,CLOSED\r\n"# + ok)
    }

    @Test("without an id the link must be there and the mode single, with one the mode multiple")
    func refusals() {
        var single = Bench.online()
        expect(single.host("AT+CIPCLOSE"), says: error)
        expect(single.host("AT+CIPCLOSE=0"), says: #"MUX=0\r\n"# + error)
        var multiple = Self.three()
        expect(multiple.host("AT+CIPCLOSE"), says: #"MUX=1\r\n"# + error)
        expect(multiple.host("AT+CIPCLOSE=4"), says: #"link is not\r\n"# + error)
        expect(multiple.host("AT+CIPCLOSE=6"), says: error)
        expect(multiple.host("AT+CIPCLOSE=2"), says: #"2,CLOSED\r\n"# + ok, asks: ["close 2"])
    }
}
