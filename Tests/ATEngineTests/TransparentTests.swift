import ATEngine
import ATPrimitives
import Testing

@Suite("Transparent mode")
struct TransparentTests {
    private static func entered(_ firmware: Firmware = .shipped021) -> Bench {
        var bench = Bench.online(firmware)
        bench.host("AT+CIPMODE=1")
        bench.host(#"AT+CIPSTART="TCP","10.0.0.1",80"#)
        bench.handle(.connected(bench.socket(0)))
        expect(bench.host("AT+CIPSEND"), says: firmware.identifier.utf8CodeUnitCount == 4 ? ok + #"\r\n>"# : #"\r\n>"#)
        return bench
    }

    @Test("bytes go out 20 ms after the last of them")
    func pause() {
        var bench = Self.entered()
        expect(bench.send("he"))
        expect(bench.wait(.milliseconds(19)))
        expect(bench.send("llo\r\n"))
        expect(bench.wait(.microseconds(19_999)))
        expect(bench.wait(.microseconds(1)), asks: [#"send 0 hello\r\n to 10.0.0.1:80"#])
    }

    @Test("2048 bytes go out at once")
    func full() {
        var bench = Self.entered()
        let packet = [UInt8](repeating: 120, count: 2048)
        expect(bench.send(packet), asks: ["send 0 \(escaped(packet)) to 10.0.0.1:80"])
    }

    @Test("the UART is deaf until the ACK, and what came meanwhile is the next packet")
    func deaf() {
        var bench = Self.entered()
        bench.send("one")
        bench.wait(.milliseconds(20))
        expect(bench.send("two"))
        expect(bench.wait(.seconds(1)))
        expect(bench.handle(.acknowledged(bench.socket(0))))
        expect(bench.wait(.milliseconds(20)), asks: ["send 0 two to 10.0.0.1:80"])
    }

    @Test("+++ alone leaves, and the link stays")
    func escape() {
        var bench = Self.entered()
        bench.send("+++")
        expect(bench.wait(.milliseconds(20)))
        expect(bench.host("AT+CIPMODE?"), says: #"+CIPMODE:1\r\n"# + ok)
        expect(bench.host("AT+CIPSEND"), says: ok + #"\r\n>"#)
    }

    @Test("+++ with anything else within 20 ms is data", arguments: ["+++\r\n", "++++", "x+++", "++"])
    func noEscape(_ text: String) {
        var bench = Self.entered()
        bench.send(text)
        let bytes = escaped(Array(text.utf8))
        expect(bench.wait(.milliseconds(20)), asks: ["send 0 \(bytes) to 10.0.0.1:80"])
    }

    @Test("data from the network is raw, also after +++")
    func raw() {
        var bench = Self.entered()
        expect(bench.deliver("hi", on: 0), says: "hi")
        bench.send("+++")
        bench.wait(.milliseconds(20))
        expect(bench.deliver("hi", on: 0), says: "hi")
        bench.host("AT+CIPMODE=0")
        expect(bench.deliver("hi", on: 0), says: #"\r\n+IPD,2:hi"#)
    }

    @Test("the ring holds the far end at 6144 free bytes and releases it above 7999")
    func ring() {
        var bench = Self.entered()
        let segment = [UInt8](repeating: 120, count: 1024)
        #expect(bench.offer(segment, on: 0) == 1024)
        #expect(bench.offer(segment, on: 0) == 1024)
        #expect(bench.offer(segment, on: 0) == 0)
        _ = bench.read(2048 - 193)
        #expect(bench.offer(segment, on: 0) == 0)
        _ = bench.read(1)
        #expect(bench.offer(segment, on: 0) == 1024)
    }

    @Test("a link that breaks is dialled again after 10, 20, … 60, then 4.464 ms and more")
    func reconnect() {
        var bench = Self.entered()
        bench.handle(.reset(bench.socket(0)))
        bench.wait(.milliseconds(10))
        let delays: [Int64] = [10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 4_464, 14_464, 24_464, 34_464, 34_464]
        for delay in delays {
            expect(bench.wait(.microseconds(delay - 1)))
            expect(bench.wait(.microseconds(1)), asks: ["connect 0 10.0.0.1:80"])
            bench.handle(.reset(bench.socket(0)))
            bench.wait(.milliseconds(10))
        }
    }

    @Test("a dial that fails after +++ is silent, and goes on as long as the mode is transparent")
    func lostAfterEscape() {
        var bench = Self.entered()
        bench.handle(.reset(bench.socket(0)))
        bench.wait(.milliseconds(10))
        bench.send("+++")
        expect(bench.wait(.milliseconds(20)), asks: ["connect 0 10.0.0.1:80"])
        bench.handle(.reset(bench.socket(0)))
        expect(bench.wait(.seconds(1)), asks: ["connect 0 10.0.0.1:80"])
        bench.host("AT+CIPMODE=0")
        bench.handle(.reset(bench.socket(0)))
        expect(bench.wait(.seconds(10)))
        expect(bench.host("AT"), says: ok)
    }

    @Test("a new connection comes without a word and takes its own local port")
    func reconnected() {
        var bench = Self.entered()
        let port = bench.localPorts[0]
        bench.handle(.reset(bench.socket(0)))
        bench.wait(.milliseconds(20))
        #expect(bench.localPorts[0] != port)
        expect(bench.send("lost"))
        expect(bench.wait(.milliseconds(20)))
        expect(bench.handle(.connected(bench.socket(0))))
        bench.send("hi")
        expect(bench.wait(.milliseconds(20)), asks: ["send 0 hi to 10.0.0.1:80"])
    }

    @Test("a connection that breaks while a packet waits for its ACK lets the host speak again")
    func brokenWhileDeaf() {
        var bench = Self.entered()
        bench.send("one")
        bench.wait(.milliseconds(20))
        expect(bench.wait(.milliseconds(7_250)), asks: ["abort 0"])
        expect(bench.wait(.milliseconds(20)), asks: ["connect 0 10.0.0.1:80"])
        bench.handle(.connected(bench.socket(0)))
        bench.send("two")
        expect(bench.wait(.milliseconds(20)), asks: ["send 0 two to 10.0.0.1:80"])
    }

    @Test("an orderly close is CLOSED in the stream; the manual's module dials again")
    func closed() {
        var bench = Self.entered()
        expect(bench.handle(.finished(bench.socket(0))), says: #"CLOSED\r\n"#, asks: ["close 0"])
        expect(bench.wait(.seconds(1)))
        var manual = Self.entered(.manual021)
        expect(manual.handle(.finished(manual.socket(0))), asks: ["close 0"])
        expect(manual.wait(.milliseconds(10)), asks: ["connect 0 10.0.0.1:80"])
    }

    @Test("the end of another link that came late does not touch the transparent one")
    func otherLink() {
        var bench = Bench.online(.manual021)
        bench.host("AT+CIPMUX=1")
        bench.host(#"AT+CIPSTART=1,"TCP","10.0.0.9",80"#)
        bench.host("AT+CIPMUX=0")
        bench.host("AT+CIPMODE=1")
        bench.host(#"AT+CIPSTART="TCP","10.0.0.1",80"#)
        bench.handle(.connected(bench.socket(0)))
        bench.handle(.connected(bench.socket(1)))
        bench.host("AT+CIPSEND")
        bench.send("one")
        bench.wait(.milliseconds(20))
        expect(bench.handle(.finished(bench.socket(1))), says: #"CLOSED\r\n"#, asks: ["close 1"])
        // Still deaf, and nothing is dialled.
        bench.send("two")
        expect(bench.wait(.seconds(1)))
    }

    @Test("a stored link is dialled once the station has an address, and +++ works at once")
    func restored() {
        var bench = Self.entered()
        bench.send("+++")
        bench.wait(.milliseconds(20))
        bench.host("AT+CIPMODE=1")
        bench.power(.cycle)
        let start = bench.wait(.milliseconds(300))
        #expect(start.output == #"\r\n>\r\nready\r\n"#)
        expect(bench.wait(.milliseconds(400)))
        bench.lease()
        expect(bench.wait(.milliseconds(100)), asks: ["connect 0 10.0.0.1:80"])
        bench.handle(.connected(bench.socket(0)))
        bench.send("hi")
        expect(bench.wait(.milliseconds(20)), asks: ["send 0 hi to 10.0.0.1:80"])
        bench.handle(.acknowledged(bench.socket(0)))
        bench.send("+++")
        bench.wait(.milliseconds(20))
        bench.host("ATE0")
        expect(
            bench.host("AT+CIPSTATUS"), says: #"STATUS:3\r\n+CIPSTATUS:0,"TCP","10.0.0.1",80,0\r\n"# + ok)
    }

    @Test("UDP needs no ACK")
    func datagrams() {
        var bench = Bench.online()
        bench.host("AT+CIPMODE=1")
        bench.host(#"AT+CIPSTART="UDP","10.0.0.2",1000"#)
        bench.host("AT+CIPSEND")
        for text in ["one", "two"] {
            bench.send(text)
            expect(bench.wait(.milliseconds(20)), asks: ["send 0 \(text) to 10.0.0.2:1000"])
        }
        expect(bench.deliver("hi", on: 0, from: "10.0.0.2:1000"), says: "hi")
    }
}
