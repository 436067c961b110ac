import ATEngine
import ATPrimitives
import Testing

@Suite("What a host that does not read, or writes without end, cannot do")
struct BoundsTests {
    @Test("clients that come and go do not fill the memory")
    func clients() {
        var bench = Bench.online(timing: .fast)
        bench.host("AT+CIPMUX=1")
        bench.host("AT+CIPSERVER=1,80")
        let remote = Endpoint(address: IPv4Address(10, 0, 0, 9), port: 4000)
        var engine = bench.engine
        var admitted = 0
        for _ in 0..<10_000 {
            guard let socket = engine.accept(from: remote, onPort: 80, at: bench.now) else { continue }
            admitted += 1
            engine.handle(.finished(socket), at: bench.now)
            while engine.nextEffect() != nil {}
        }
        // Each says 0,CONNECT and 0,CLOSED: 21 bytes, as long as less than 4096 wait.
        #expect(admitted == 196)
    }

    @Test("payload stops at one segment")
    func payload() {
        let bench = Bench.connected()
        var engine = bench.engine
        let segment = [UInt8](repeating: 120, count: 1460)
        var taken = 0
        for _ in 0..<100 {
            taken += engine.deliver(
                segment.span, on: bench.socket(0), from: Endpoint(address: .any, port: 80), at: bench.now)
        }
        #expect(taken == 1460)
    }

    @Test("lines stop when 125 bytes wait, and input at 4096")
    func lines() {
        let bench = Bench()
        var engine = bench.engine
        let lines = Array(String(repeating: "AT+GMR\r\n", count: 1_000).utf8)
        var taken = 0
        for _ in 0..<10 {
            let rest = Array(lines[taken...])
            taken += engine.receive(rest.span, at: bench.now)
        }
        // Three lines are worked off, since two answers of 50 bytes are fewer than 125; the others fill the 4096.
        #expect(taken == 3 * 8 + 4096)
        #expect(engine.receiveCapacity == 0)
        var waiting = 0
        engine.withOutput(max: .max) { span in
            waiting = span.count
            return 0
        }
        #expect((126...300).contains(waiting))
    }

    @Test("the effects of one call are those of the lines that fit before the CPU waits")
    func effects() {
        var bench = Bench()
        bench.sendUnread((0..<200).map { "AT+CWMODE=\(1 + $0 % 2)\r\n" }.joined())
        // 21 OKs are more than 125 bytes; each change has two erases, two writes, and the softAP, and every second one
        // leaves the station's network.
        #expect(bench.takeEffects().count == 21 * 5 + 10)
        #expect(bench.takeEffects().isEmpty)
    }

    @Test("an echoed payload of 2048 bytes is the most that one read brings")
    func echo() {
        var bench = Bench.connected()
        bench.host("ATE1")
        bench.host("AT+CIPSEND=2048")
        bench.sendUnread(String(repeating: "x", count: 2048))
        #expect(bench.takeEffects().count == 1)
        #expect(bench.read(.max).utf8.count == 2048)
    }

    @Test("a body that takes nothing changes nothing, and no more is given than was asked for")
    func partialReads() {
        var bench = Bench()
        bench.sendUnread("AT\r\n")
        #expect(bench.read(0).isEmpty)
        #expect(bench.read(4) == #"\r\nOK"#)
        #expect(bench.read(100) == #"\r\n"#)
        #expect(bench.read(100).isEmpty)
    }

    @Test("time that goes back is the time that was")
    func time() {
        let bench = Bench()
        var engine = bench.engine
        engine.advance(to: bench.now + .seconds(10))
        let line = Array("AT+RST\r\n".utf8)
        engine.receive(line.span, at: bench.now)
        #expect(engine.nextDeadline == bench.now + .seconds(10) + .milliseconds(100))
    }
}
