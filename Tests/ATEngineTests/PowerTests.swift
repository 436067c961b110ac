import ATEngine
import ATPrimitives
import Testing

/// What a module is in the middle of.
enum Situation: String, CaseIterable, Sendable {
    case idle, halfLine, joining, scanning, resolving, connecting, connected, collecting, sending, closing, closingAll
    case transparent, deaf, reconnecting, serving, stopping, pinging, lineChange, restarting, asleep, booting

    func module(_ timing: Timing) -> Bench {
        switch self {
        case .idle: return Bench(timing: timing)
        case .halfLine: return Bench(timing: timing).after { $0.send("AT+CIP") }
        case .joining: return Bench(timing: timing).after("AT+CWMODE=1", #"AT+CWJAP="home","secret12""#)
        case .scanning: return Bench(timing: timing).after("AT+CWMODE=1", "AT+CWLAP")
        case .resolving: return Bench(timing: timing).after(#"AT+CIPSTART="TCP","a.example",80"#)
        case .connecting: return Bench(timing: timing).after(#"AT+CIPSTART="TCP","10.0.0.1",80"#)
        case .connected: return Bench.connected(timing: timing)
        case .collecting: return Bench.connected(timing: timing).after("AT+CIPSEND=100", "x")
        case .sending: return Bench.connected(timing: timing).after("AT+CIPSEND=3", "x")
        case .closing: return Bench.connected(timing: timing).after("AT+CIPCLOSE")
        case .closingAll:
            return Situation.serving.module(timing).after("AT+CIPCLOSE=5")
        case .transparent: return Bench.connected(timing: timing).after("AT+CIPMODE=1", "AT+CIPSEND", "x")
        case .deaf: return Situation.transparent.module(timing).after { $0.wait(.milliseconds(20)) }
        case .reconnecting:
            return Situation.transparent.module(timing).after {
                $0.handle(.reset($0.socket(0)))
                $0.wait(.milliseconds(10))
            }
        case .serving:
            return Bench.online(timing: timing).after("AT+CIPMUX=1", "AT+CIPSERVER=1,80").after { $0.client() }
        case .stopping: return Situation.serving.module(timing).after("AT+CIPSERVER=0")
        case .pinging: return Bench(timing: timing).after(#"AT+PING="10.0.0.1""#)
        case .lineChange: return Bench(timing: timing).after { $0.sendUnread("AT+IPR=9600\r\n") }
        case .restarting: return Bench(timing: timing).after("AT+RST")
        case .asleep: return Bench(timing: timing).after("AT+GSLP=0").after { $0.wait(.milliseconds(100)) }
        case .booting: return Bench(timing: timing).after { $0.power(.cycle) }
        }
    }
}

extension Bench {
    /// This module after lines from the host.
    fileprivate func after(_ lines: String...) -> Bench {
        var bench = self
        for line in lines {
            bench.host(line)
            // A paced line takes its time before the firmware has read it.
            if bench.engine.options.timing == .hardware { bench.wait(.milliseconds(90)) }
        }
        return bench
    }

    fileprivate func after(_ body: (inout Bench) -> Void) -> Bench {
        var bench = self
        body(&bench)
        return bench
    }
}

@Suite("Power and reset")
struct PowerTests {
    @Test(
        "in every state ends everything and starts a module that answers", arguments: Situation.allCases,
        Timing.allCases)
    func everywhere(_ situation: Situation, _ timing: Timing) {
        for event in [.off, .cycle, .reset, .watchdog, .brownout] as [PowerEvent] {
            var bench = situation.module(timing)
            let open = bench.sockets.values.filter { bench.engine.link(of: $0) != nil }
            let end = bench.power(event)
            if event == .off {
                expect(bench.wait(.seconds(30)))
                #expect(bench.engine.receiveCapacity == 4096)
                expect(bench.host("AT"))
                bench.power(.on)
            }
            bench.wait(.seconds(2))
            // A stored transparent link starts there.
            bench.send("+++")
            bench.wait(.seconds(1))
            bench.send("\n")
            bench.wait(.seconds(1))
            let answer = bench.host("AT") + bench.wait(.seconds(1))
            #expect(answer.output.hasSuffix(ok), "\(situation) \(event)")
            #expect(open.allSatisfy { bench.engine.link(of: $0) == nil })
            // Sockets that had not ended are released, once the radio is silent: no far end behind it hears of that.
            let released = end.effects.drop { $0 != "radio off" }.filter { $0.hasPrefix("release") }.count
            #expect(released == open.count, "\(situation) \(event)")
        }
    }

    @Test("a reset takes the softAP, the station and the server out of the world, and brings back what is stored")
    func world() {
        var bench = Bench.online(mode: 3)
        bench.host("AT+CIPMUX=1")
        bench.host("AT+CIPSERVER=1,80")
        bench.client()
        expect(bench.power(.reset), asks: ["radio off", "release 0", "unlisten 80"])
        let start = bench.wait(.milliseconds(300))
        expect(
            start, says: #"\r\nready\r\n"#,
            asks: ["line 115200", "softAP ESP_000001 192.168.4.1", "join home leased"])
    }

    @Test("AT+RST restarts after 100 ms in which input is worked off, and boots for 300 ms")
    func restart() {
        var bench = Bench()
        expect(bench.host("AT+RST"), says: ok, asks: ["softAP off"])
        bench.wait(.microseconds(99_999))
        expect(bench.host("AT"), says: ok)
        expect(bench.wait(.microseconds(1)), asks: ["restart", "radio off"])
        #expect(bench.engine.receiveCapacity == 0)
        expect(bench.wait(.microseconds(299_999)))
        expect(
            bench.wait(.microseconds(1)), says: #"\r\nready\r\n"#,
            asks: ["line 115200", "softAP ESP_000001 192.168.4.1"])
    }

    @Test("asleep, the module loses what it is sent, and a reset wakes it")
    func sleep() {
        var bench = Bench()
        bench.host("AT+GSLP=5000")
        expect(bench.wait(.milliseconds(100)), asks: ["sleep 5s", "radio off"])
        expect(bench.host("AT"))
        expect(bench.wait(.seconds(4)))
        bench.power(.reset)
        #expect(bench.wait(.seconds(1)).output == #"\r\nready\r\n"#)
    }

    @Test("a sleep of zero ends by a reset alone")
    func endlessSleep() {
        var bench = Bench()
        bench.host("AT+GSLP=0")
        expect(bench.wait(.milliseconds(100)), asks: ["sleep 0s", "radio off"])
        expect(bench.power(.on))
        expect(bench.wait(.seconds(100_000)))
        bench.power(.reset)
        #expect(bench.wait(.seconds(1)).output == #"\r\nready\r\n"#)
    }

    @Test("without power nothing is heard, and no event does anything")
    func off() {
        var bench = Bench.connected()
        bench.power(.off)
        expect(bench.handle(.reset(bench.socket(0))))
        expect(bench.handle(.scanned([])))
        #expect(bench.offer([1, 2, 3], on: 0) == 3)
        expect(bench.power(.reset))
        #expect(!bench.engine.isRunning)
        #expect(bench.engine.nextDeadline == nil)
    }

    @Test("what is sent during the boot waits, and is worked off after it")
    func bootInput() {
        var bench = Bench()
        bench.host("AT+RST")
        bench.wait(.milliseconds(100))
        #expect(bench.send("AT\r\n").output.isEmpty)
        #expect(bench.engine.receiveCapacity == 0)
        bench.wait(.milliseconds(300))
        expect(bench.host("AT"), says: #"AT\r\r\n"# + ok)
    }

    @Test("RAM settings are forgotten: echo, CIPMUX, CIPSTO, STATUS")
    func forgotten() {
        var bench = Bench.online()
        for line in ["AT+CIFSR", "AT+CIPMUX=1", "AT+CIPSERVER=1", "AT+CIPSTO=9"] { bench.host(line) }
        bench.power(.watchdog)
        bench.wait(.seconds(1))
        expect(bench.host("AT+CIPMUX?"), says: #"AT+CIPMUX?\r\r\n+CIPMUX:0\r\n"# + ok)
        bench.host("ATE0")
        expect(bench.host("AT+CIPSTATUS"), says: #"STATUS:4\r\n"# + ok)
        expect(bench.host("AT+CIPSTO?"), says: #"+CIPSTO:180\r\n"# + ok)
    }
}
