import ATEngine
import ATPrimitives
import Testing

@Suite("Sending")
struct SendingTests {
    private static let prompt = #"\r\nOK\r\n> "#

    @Test("the payload goes out with its last byte, and SEND OK comes with the ACK")
    func counted() {
        var bench = Bench.connected()
        expect(bench.host("AT+CIPSEND=5"), says: Self.prompt)
        expect(bench.send("hel"))
        expect(bench.send("lo"), asks: ["send 0 hello to 10.0.0.1:80"])
        expect(bench.host("AT"), says: #"busy s...\r\n"#)
        expect(bench.handle(.acknowledged(bench.socket(0))), says: #"\r\nSEND OK\r\n"#)
        expect(bench.host("AT"), says: ok)
    }

    @Test("what follows the last byte belongs to the wait for the ACK")
    func excess() {
        var bench = Bench.connected()
        bench.host("AT+CIPSEND=2")
        expect(bench.send("hi\r\nAT\r\n"), says: #"busy s...\r\nbusy s...\r\n"#, asks: ["send 0 hi to 10.0.0.1:80"])
        expect(bench.handle(.acknowledged(bench.socket(0))), says: #"\r\nSEND OK\r\n"#)
    }

    @Test("a payload of 2048 bytes is taken whole, with every byte value in it")
    func largest() {
        var bench = Bench.connected()
        bench.host("AT+CIPSEND=2048")
        let payload = (0..<2048).map { UInt8(truncatingIfNeeded: $0) }
        expect(bench.send(payload), asks: ["send 0 \(escaped(payload)) to 10.0.0.1:80"])
        expect(bench.handle(.acknowledged(bench.socket(0))), says: #"\r\nSEND OK\r\n"#)
    }

    @Test("UDP is sent at once, to where the link points now")
    func datagrams() {
        var bench = Bench.online()
        bench.host(#"AT+CIPSTART="UDP","10.0.0.2",1000,2000,2"#)
        bench.deliver("x", on: 0, from: "10.0.0.3:7")
        bench.host("AT+CIPSEND=2")
        expect(bench.send("hi"), says: #"\r\nSEND OK\r\n"#, asks: ["send 0 hi to 10.0.0.3:7"])
    }

    @Test(
        "in UDP mode 0 the far end stays, in 1 it changes once, in 2 it changes",
        arguments: [
            (0, "10.0.0.2:1000", "10.0.0.2:1000"), (1, "10.0.0.3:7", "10.0.0.3:7"), (2, "10.0.0.3:7", "10.0.0.4:8"),
        ])
    func udpModes(_ mode: Int, _ first: String, _ second: String) {
        var bench = Bench.online()
        bench.host("AT+CIPSTART=\"UDP\",\"10.0.0.2\",1000,2000,\(mode)")
        for (sender, target) in [("10.0.0.3:7", first), ("10.0.0.4:8", second)] {
            bench.deliver("x", on: 0, from: sender)
            bench.host("AT+CIPSEND=1")
            expect(bench.send("y"), says: #"\r\nSEND OK\r\n"#, asks: ["send 0 y to \(target)"])
        }
    }

    @Test("a link that ends while the payload is typed fails the send after its last byte")
    func endsWhileCollecting() {
        var bench = Bench.connected()
        bench.host("AT+CIPSEND=5")
        bench.send("he")
        expect(bench.handle(.finished(bench.socket(0))), says: #"CLOSED\r\n"#, asks: ["close 0"])
        expect(bench.send("ll"))
        expect(bench.send("o"), says: #"SEND FAIL\r\n"#)
        expect(bench.host("AT"), says: ok)
    }

    @Test("a payload is not sent on a new link that got the id meanwhile")
    func idUsedAgain() {
        var bench = Bench.online()
        bench.host("AT+CIPMUX=1")
        bench.host("AT+CIPSERVER=1,80")
        bench.client()
        bench.host("AT+CIPSEND=0,2")
        bench.handle(.finished(bench.socket(0)))
        bench.client()
        expect(bench.send("hi"), says: #"SEND FAIL\r\n"#)
    }

    @Test("FIN or RST before the ACK is CLOSED and SEND FAIL")
    func endsWhileSending() {
        var bench = Bench.connected()
        bench.host("AT+CIPSEND=1")
        bench.send("x")
        expect(bench.handle(.finished(bench.socket(0))), says: #"CLOSED\r\nSEND FAIL\r\n"#, asks: ["close 0"])
        bench = Bench.connected()
        bench.host("AT+CIPSEND=1")
        bench.send("x")
        bench.handle(.reset(bench.socket(0)))
        expect(bench.wait(.milliseconds(10)), says: #"0,CLOSED\r\nSEND FAIL\r\n"#)
    }

    @Test("without an ACK the send fails after 7.25 s and the socket is given up")
    func noAcknowledgement() {
        var bench = Bench.connected()
        bench.host("AT+CIPSEND=1")
        bench.send("x")
        expect(bench.wait(.microseconds(7_249_999)))
        expect(bench.wait(.microseconds(1)), asks: ["abort 0"])
        expect(bench.wait(.milliseconds(10)), says: #"0,CLOSED\r\nSEND FAIL\r\n"#)
        expect(bench.host("AT"), says: ok)
    }

    @Test("a break of another link while sending fails nothing")
    func otherLink() {
        var bench = Bench.online()
        bench.host("AT+CIPMUX=1")
        for link in 0...1 {
            bench.host("AT+CIPSTART=\(link),\"TCP\",\"10.0.0.1\",80")
            bench.handle(.connected(bench.socket(link)))
        }
        bench.host("AT+CIPSEND=0,1")
        bench.send("x")
        bench.handle(.reset(bench.socket(1)))
        expect(bench.wait(.milliseconds(10)), says: #"1,CLOSED\r\n"#)
        expect(bench.handle(.acknowledged(bench.socket(0))), says: #"\r\nSEND OK\r\n"#)
    }

    @Test("the manual's prompt and failure are other")
    func manual() {
        var bench = Bench.connected(.manual021)
        expect(bench.host("AT+CIPSEND=1"), says: #"\r\n>"#)
        bench.handle(.finished(bench.socket(0)))
        expect(bench.send("x"), says: error)
    }

    @Test("the bugs of the shipped firmware are there when they are asked for")
    func bugs() {
        var zero = Bench.connected(bugs: .sendZero)
        expect(zero.host("AT+CIPSEND=0"), says: Self.prompt)
        expect(zero.host("AT"), says: #"busy s...\r\n"#)
        var crash = Bench.connected(bugs: .closeWhileCollecting)
        crash.host("AT+CIPSEND=1")
        crash.handle(.finished(crash.socket(0)))
        #expect(crash.send("x").effects.first == "restart")
        var stuck = Bench.connected(bugs: .finBeforeAck)
        stuck.host("AT+CIPSEND=1")
        stuck.send("x")
        expect(stuck.handle(.finished(stuck.socket(0))), says: #"CLOSED\r\n"#, asks: ["close 0"])
        expect(stuck.host("AT"), says: #"busy s...\r\n"#)
        var forgetful = Bench.online(bugs: .eventForcesIdle)
        forgetful.host(#"AT+CIPSTART="TCP","10.0.0.1",80"#)
        forgetful.send("AT+CIP")
        forgetful.handle(.connected(forgetful.socket(0)))
        expect(forgetful.host("MUX?"), says: error)
    }
}

@Suite("Receiving")
struct ReceivingTests {
    @Test("a segment is at most 1460 bytes, and the rest is for the next call")
    func segments() {
        var bench = Bench.connected()
        let stream = [UInt8](repeating: UInt8(ascii: "s"), count: 2000)
        #expect(bench.offer(stream, on: 0) == 1460)
        #expect(bench.react().output.hasPrefix(#"\r\n+IPD,1460:sss"#))
        #expect(bench.offer(Array(stream[1460...]), on: 0) == 540)
        #expect(bench.react().output.hasPrefix(#"\r\n+IPD,540:sss"#))
    }

    @Test("a datagram is taken whole up to 1472 bytes, and thrown away beyond")
    func datagrams() {
        var bench = Bench.online()
        bench.host(#"AT+CIPSTART="UDP","10.0.0.2",1000"#)
        #expect(bench.offer([UInt8](repeating: 120, count: 1472), on: 0) == 1472)
        let output = bench.react().output
        #expect(output.hasPrefix(#"\r\n+IPD,1472:xxx"#) && output.hasSuffix(#"x\r\nOK\r\n"#))
        #expect(bench.offer([UInt8](repeating: 120, count: 1473), on: 0) == 1473)
        expect(bench.react())
    }

    @Test("an empty datagram is no event")
    func empty() {
        var bench = Bench.online()
        bench.host(#"AT+CIPSTART="UDP","10.0.0.2",1000"#)
        expect(bench.deliver("", on: 0))
    }

    @Test("the header has the id in multiple mode, and UDP data ends in OK but not in the manual's edition")
    func headers() {
        var bench = Bench.connected()
        expect(bench.deliver("hi", on: 0), says: #"\r\n+IPD,2:hi"#)
        bench.host("AT+CIFSR")
        bench.host("AT+CIPMUX=1")
        expect(bench.deliver("hi", on: 0), says: #"\r\n+IPD,0,2:hi"#)
        var manual = Bench.online(.manual021)
        manual.host(#"AT+CIPSTART="UDP","10.0.0.2",1000"#)
        expect(manual.deliver("hi", on: 0), says: #"\r\n+IPD,2:hi"#)
    }

    @Test("a host that does not read holds the payload back, and loses none of it")
    func backPressure() {
        var bench = Bench.connected()
        let segment = [UInt8](repeating: 120, count: 1460)
        #expect(bench.offer(segment, on: 0) == 1460)
        #expect(!bench.engine.takesPayload(on: bench.socket(0)))
        #expect(bench.offer(segment, on: 0) == 0)
        // The CPU waits as long as more than 125 bytes are in the FIFO.
        _ = bench.read(1346)
        #expect(bench.offer(segment, on: 0) == 0)
        _ = bench.read(1)
        #expect(bench.offer(segment, on: 0) == 1460)
    }

    @Test("payload of a socket that is no more is thrown away")
    func stranger() {
        var bench = Bench.connected()
        let socket = bench.socket(0)
        bench.handle(.finished(socket))
        #expect(bench.offer([1, 2, 3], on: 0) == 3)
        expect(bench.react())
        #expect(bench.engine.link(of: socket) == nil)
    }
}
