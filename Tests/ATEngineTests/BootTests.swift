import ATEngine
import ATPrimitives
import Testing

@Suite("A start, as it looks on the serial line")
struct BootTests {
    /// What a module says after `event`, with the boot text on the line.
    private func text(after event: PowerEvent, timing: Timing = .firmware) -> Bench.Reaction {
        var bench = Bench(timing: timing) { $0.printsBootText = true }
        bench.wait(.seconds(1))
        let first = bench.power(event)
        let rest = bench.wait(.seconds(2))
        return Bench.Reaction(output: first.output + rest.output, effects: first.effects + rest.effects)
    }

    @Test(
        "each start names its cause",
        arguments: [
            (PowerEvent.cycle, "rst cause:1"), (.brownout, "rst cause:1"), (.reset, "rst cause:2"),
            (.watchdog, #"rst cause:4, boot mode:(3,7)\r\n\r\nwdt reset\r\n"#),
        ], Timing.allCases)
    func cause(of start: (event: PowerEvent, text: String), timing: Timing) {
        let output = text(after: start.event, timing: timing).output
        #expect(output.contains(start.text))
        #expect(output.contains(#"jump to run user1\r\n"#))
        #expect(output.contains("SDK ver: 0.9.5"))
        #expect(output.hasSuffix(#"\r\nready\r\n"#))
        #expect(output.contains("wdt reset") == (start.event == .watchdog))
    }

    @Test("AT+RST restarts by the watchdog")
    func restart() {
        var bench = Bench { $0.printsBootText = true }
        #expect(bench.host("AT+RST").output == #"\r\nOK\r\n"#)
        #expect(bench.wait(.seconds(1)).output.contains("rst cause:4"))
    }

    @Test("the boot text runs at 74880 baud, and the firmware at the stored rate")
    func rates() {
        var bench = Bench()
        bench.host("AT+UART=9600,8,1,0,0")
        var again = Bench(flash: bench.flash) { $0.printsBootText = true }
        let effects = again.power(.reset).effects + again.wait(.seconds(1)).effects
        #expect(effects.filter { $0.hasPrefix("line") } == ["line 74880", "line 9600"])
    }

    @Test("without the text there is only ready")
    func none() {
        var bench = Bench()
        #expect(bench.power(.reset).output == "")
        #expect(bench.wait(.seconds(1)).output == #"\r\nready\r\n"#)
    }

    @Test("a held reset is silent and deaf until it is let go")
    func held() {
        var bench = Bench()
        #expect(bench.power(.holdReset).output == "")
        #expect(bench.host("AT").output == "")
        #expect(bench.wait(.seconds(10)).output == "")
        bench.power(.releaseReset)
        #expect(bench.wait(.seconds(1)).output == #"\r\nready\r\n"#)
        #expect(bench.host("ATE0").output.hasSuffix(#"OK\r\n"#))
    }

    @Test("with GPIO0 low the ROM waits for a download and says nothing more, until a reset without it")
    func download() {
        var bench = Bench { $0.printsBootText = true }
        bench.power(.pullGPIO0)
        bench.power(.holdReset)
        let output = bench.power(.releaseReset).output + bench.wait(.seconds(5)).output
        #expect(output == #"\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,7)\r\n\r\n"#)
        #expect(bench.host("AT").output == "")
        bench.power(.releaseGPIO0)
        bench.power(.reset)
        #expect(bench.wait(.seconds(1)).output.hasSuffix(#"ready\r\n"#))
    }
}

@Suite("Deep sleep")
struct DeepSleepTests {
    @Test("ends after its time where the pins are wired, as by the reset pin")
    func wakes() {
        var bench = Bench { $0.printsBootText = true }
        bench.host("AT+GSLP=1000")
        #expect(bench.wait(.milliseconds(1099)).output == "")
        #expect(bench.wait(.seconds(1)).output.contains("rst cause:2"))
    }

    @Test("lasts until a reset where they are not, and with a time of 0")
    func staysAsleep() {
        var unwired = Bench { $0.isWakeWired = false }
        unwired.host("AT+GSLP=1000")
        #expect(unwired.wait(.seconds(7200)).output == "")
        var endless = Bench()
        endless.host("AT+GSLP=0")
        #expect(endless.wait(.seconds(7200)).output == "")
        endless.power(.reset)
        #expect(endless.wait(.seconds(1)).output == #"\r\nready\r\n"#)
    }

    @Test("counts microseconds in 32 bits, which wrap")
    func wraps() {
        // 4294968 ms are 2^32 us and 704 more.
        var bench = Bench()
        bench.host("AT+GSLP=4294968")
        #expect(bench.wait(.milliseconds(500)).output == #"\r\nready\r\n"#)
    }
}

@Suite("A strict UART")
struct StrictUARTTests {
    /// How many bytes of `count` a module that boots nothing but is busy printing still reads.
    private func payloadRead(of count: Int, strict: Bool) -> Int {
        var bench = Bench(timing: .hardware) { $0.isStrictUART = strict }
        bench.host(#"AT+CIPSTART="UDP","10.0.0.1",9"#)
        bench.wait(.seconds(1))
        bench.host("AT+CIPSEND=\(count)")
        bench.wait(.seconds(1))
        // While 1000 bytes are printed the CPU reads nothing; the host goes on at the same rate.
        bench.deliver(String(repeating: "x", count: 1000), on: 0)
        bench.send(String(repeating: "y", count: count))
        let output = bench.wait(.seconds(3)).output
        return output.contains("SEND OK") ? count : -1
    }

    @Test("loses what finds the FIFO full, and a lossless one nothing")
    func overflow() {
        #expect(payloadRead(of: 500, strict: false) == 500)
        #expect(payloadRead(of: 500, strict: true) == -1)
        #expect(payloadRead(of: 100, strict: true) == 100)
    }

    @Test("loses nothing while the module keeps up")
    func keepsUp() {
        var bench = Bench(timing: .hardware) { $0.isStrictUART = true }
        bench.wait(.seconds(1))
        var output = ""
        for _ in 0..<50 {
            bench.host("AT")
            output += bench.wait(.milliseconds(20)).output
        }
        #expect(output == String(repeating: #"\r\nOK\r\n"#, count: 50))
    }

    @Test("loses what comes during the boot")
    func boot() {
        var bench = Bench { $0.isStrictUART = true }
        bench.power(.reset)
        bench.host("AT+GMR")
        #expect(bench.wait(.seconds(1)).output == #"\r\nready\r\n"#)
    }
}
