import ATEngine
import ATPrimitives
import Testing

@Suite("Opening links")
struct LinkOpeningTests {
    private static let dial = #"AT+CIPSTART="TCP","10.0.0.1",80"#

    @Test("a literal address leaves the parser free, and the answer follows the handshake")
    func literal() {
        var bench = Bench.online()
        expect(bench.host(Self.dial), asks: ["connect 0 10.0.0.1:80"])
        expect(bench.host("AT"), says: ok)
        expect(bench.host("AT+CIPSTATUS"), says: #"STATUS:5\r\n"# + ok)
        expect(bench.handle(.connected(bench.socket(0))), says: #"CONNECT\r\n"# + ok)
        expect(bench.host("AT+CIPSTATUS"), says: #"STATUS:3\r\n+CIPSTATUS:0,"TCP","10.0.0.1",80,0\r\n"# + ok)
    }

    @Test("a second handshake on the same id is refused, and the first goes on")
    func secondDial() {
        var bench = Bench.online()
        bench.host(Self.dial)
        expect(bench.host(Self.dial), says: #"ALREADY CONNECTED\r\n"# + error)
        expect(bench.handle(.connected(bench.socket(0))), says: #"CONNECT\r\n"# + ok)
        var manual = Bench.connected(.manual021)
        expect(manual.host(Self.dial), says: #"ALREADY CONNECT\r\n"#)
    }

    @Test("a name holds the parser until the link is open")
    func name() {
        var bench = Bench.online()
        expect(bench.host(#"AT+CIPSTART="TCP","a.example",80"#), asks: ["resolve a.example"])
        expect(bench.host("AT"), says: #"\r\nbusy p...\r\n"#)
        expect(bench.handle(.resolved(bench.lookup, IPv4Address(10, 0, 0, 7))), asks: ["connect 0 10.0.0.7:80"])
        expect(bench.host("AT"), says: #"\r\nbusy p...\r\n"#)
        expect(bench.handle(.connected(bench.socket(0))), says: #"CONNECT\r\n"# + ok)
        expect(bench.host("AT"), says: ok)
    }

    @Test("a name that nobody knows, or that takes 6.5 s, is DNS Fail")
    func unknownName() {
        var bench = Bench.online()
        bench.host(#"AT+CIPSTART="TCP","a.example",80"#)
        expect(bench.handle(.resolved(bench.lookup, nil)), says: #"DNS Fail\r\n"# + error)
        bench.host(#"AT+CIPSTART="UDP","a.example",80"#)
        expect(bench.wait(.milliseconds(6499)))
        expect(bench.wait(.milliseconds(1)), says: #"DNS Fail\r\n"# + error)
        // The answer that comes too late finds nobody.
        expect(bench.handle(.resolved(bench.lookup, .loopback)))
        expect(bench.host("AT+CIPSTATUS"), says: #"STATUS:5\r\n"# + ok)
    }

    @Test("a refused handshake is ERROR and CLOSED after 10 ms")
    func refused() {
        var bench = Bench.online()
        bench.host(Self.dial)
        expect(bench.handle(.reset(bench.socket(0))))
        expect(bench.wait(.microseconds(9_999)))
        expect(bench.wait(.microseconds(1)), says: error + #"CLOSED\r\n"#)
        // The id is free for the next.
        expect(bench.host(Self.dial), asks: ["connect 0 10.0.0.1:80"])
    }

    @Test("a handshake without an answer is given up after 3.25 s, and its socket with it")
    func silence() {
        var bench = Bench.online()
        bench.host(Self.dial)
        expect(bench.wait(.microseconds(3_249_999)))
        expect(bench.wait(.microseconds(1)), asks: ["abort 0"])
        expect(bench.wait(.milliseconds(10)), says: error + #"CLOSED\r\n"#)
        expect(bench.handle(.connected(bench.socket(0))))
    }

    @Test("what the world cannot reach is CONNECT Failed with the id, in single mode too")
    func unreachable() {
        var bench = Bench.online()
        bench.host(Self.dial)
        expect(bench.handle(.unreachable(bench.socket(0))), says: #"0,CONNECT Failed\r\n"# + error)
        bench.host(#"AT+CIPSTART="TCP","a.example",80"#)
        bench.handle(.resolved(bench.lookup, .loopback))
        expect(bench.handle(.unreachable(bench.socket(0))), says: #"0,CONNECT Failed\r\n"# + error)
        expect(bench.host("AT"), says: ok)
    }

    @Test(
        "which interface leads where depends on the mode and the address",
        arguments: [
            (1, "10.0.0.1", #"no ip\r\n\r\nERROR\r\n"#), (2, "10.0.0.1", ""), (3, "192.168.4.9", ""),
            (3, "10.0.0.1", #"0,CONNECT Failed\r\n\r\nERROR\r\n"#),
        ])
    func routes(_ mode: Int, _ address: String, _ answer: String) {
        var bench = Bench()
        bench.host("AT+CWMODE=\(mode)")
        let reaction = bench.host("AT+CIPSTART=\"TCP\",\"\(address)\",80")
        expect(reaction, says: answer, asks: answer.isEmpty ? ["connect 0 \(address):80"] : [])
    }

    @Test("a UDP link is open at once, with its id in single mode too, and leaves STATUS alone")
    func datagrams() {
        var bench = Bench.online()
        expect(
            bench.host(#"AT+CIPSTART="UDP","10.0.0.2",1000,2000"#), says: #"0,CONNECT\r\n"# + ok,
            asks: ["open 0 10.0.0.2:1000"])
        #expect(bench.localPorts[0] == 2000)
        expect(
            bench.host("AT+CIPSTATUS"), says: #"STATUS:5\r\n+CIPSTATUS:0,"UDP","10.0.0.2",1000,2000,0\r\n"# + ok)
    }

    @Test("two UDP links cannot have one local port")
    func samePort() {
        var bench = Bench.online()
        bench.host("AT+CIPMUX=1")
        bench.host(#"AT+CIPSTART=0,"UDP","10.0.0.2",1000,2000"#)
        expect(
            bench.host(#"AT+CIPSTART=1,"UDP","10.0.0.2",1000,2000"#), says: #"1,CONNECT Failed\r\n"# + error)
    }

    @Test("ports that the module picks lie between 1024 and 49999 and differ between its links")
    func randomPorts() {
        var bench = Bench.online()
        bench.host("AT+CIPMUX=1")
        for link in 0..<5 { bench.host("AT+CIPSTART=\(link),\"TCP\",\"10.0.0.1\",80") }
        let ports = bench.localPorts.values
        #expect(Set(ports).count == 5)
        #expect(ports.allSatisfy { (1024...49999).contains($0) })
    }

    @Test("events of sockets that the module no longer has change nothing")
    func strangers() {
        var bench = Bench.connected()
        let old = bench.socket(0)
        bench.handle(.finished(old))
        bench.host(Self.dial)
        #expect(bench.socket(0) != old)
        let late: [Event] = [
            .connected(old), .unreachable(old), .acknowledged(old), .finished(old), .reset(old), .closed(old),
        ]
        for event in late { expect(bench.handle(event)) }
        expect(bench.wait(.seconds(1)))
        expect(bench.handle(.connected(bench.socket(0))), says: #"CONNECT\r\n"# + ok)
    }

    @Test("a name that leads where no interface does is CONNECT Failed, and with its bug the parser hangs")
    func nameWithoutRoute() {
        for bugs in [[], Bugs.lookupRefused] as [Bugs] {
            var bench = Bench(bugs: bugs)
            bench.host("AT+CWMODE=3")
            bench.host(#"AT+CIPSTART="TCP","a.example",80"#)
            let answer = bench.handle(.resolved(bench.lookup, IPv4Address(10, 0, 0, 1)))
            expect(answer, says: #"0,CONNECT Failed\r\n"# + error)
            expect(bench.host("AT"), says: bugs.isEmpty ? ok : #"\r\nbusy p...\r\n"#)
        }
    }

    @Test("the bugs of the shipped firmware are there when they are asked for")
    func bugs() {
        var silent = Bench(bugs: .connectSilent)
        silent.host("AT+CWMODE=3")
        expect(silent.host(Self.dial))
        expect(silent.wait(.seconds(30)))
        var stuck = Bench.online(mode: 1, bugs: .lookupRefused)
        stuck.host(#"AT+CIPSTART="TCP","a.example",80"#)
        stuck.handle(.resolved(stuck.lookup, .loopback))
        expect(stuck.handle(.unreachable(stuck.socket(0))), says: #"0,CONNECT Failed\r\n"# + error)
        expect(stuck.host("AT"), says: #"\r\nbusy p...\r\n"#)
    }
}
