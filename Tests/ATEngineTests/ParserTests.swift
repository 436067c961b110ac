import ATEngine
import ATPrimitives
import Testing

@Suite("The line discipline")
struct ParserTests {
    @Test("each byte value outside a line is ignored but LF, which is ERROR", arguments: UInt8.min...UInt8.max)
    func idle(_ byte: UInt8) {
        var bench = Bench()
        expect(bench.send([byte]), says: byte == 0x0A ? error : "")
        expect(bench.host("AT"), says: ok)
    }

    @Test("each byte value in a line is taken, and all but LF are echoed", arguments: UInt8.min...UInt8.max)
    func receiving(_ byte: UInt8) {
        var bench = Bench(echoes: true)
        let isLineFeed = byte == 0x0A
        let line = Array("AT+".utf8) + [byte] + Array("\r\n".utf8)
        let echo = isLineFeed ? #"AT+\r\n"# + error + #"\r"# + error : "AT+" + escaped([byte]) + #"\r\r\n"# + error
        expect(bench.send(line), says: echo)
        expect(bench.host("AT"), says: #"AT\r\r\n"# + ok)
    }

    @Test(
        "a head is AT or at, wherever it stands, and only that opens a line",
        arguments: [
            ("AT\r\n", ok), ("at\r\n", ok), ("xxAT\r\n", ok), ("AAT\r\n", ok), ("aAT\r\n", ok), ("aaat\r\n", ok),
            ("At\r\n", error), ("aT\r\n", error), ("A\r\n", error), ("\r\n", error), ("A T\r\n", error),
            ("TAT\r\n", ok), ("ATAT\r\n", error), ("at+gmr\r\n", error), ("at+CIPMUX?\r\n", #"+CIPMUX:0\r\n"# + ok),
        ])
    func heads(_ line: String, _ answer: String) {
        var bench = Bench()
        expect(bench.send(line), says: answer)
    }

    @Test("the head may come in two pieces, and survives anything between lines but another byte")
    func splitHead() {
        var bench = Bench()
        expect(bench.send("A"))
        expect(bench.send("T\r\n"), says: ok)
        expect(bench.send("T\r\n"), says: error)
    }

    @Test("a line of 128 bytes after the head is the longest", arguments: [(125, ok), (126, error)])
    func longest(_ count: Int, _ answer: String) {
        var bench = Bench()
        // CR makes the command, the letters after it are not looked at, then CR and LF: 3 bytes beside the letters.
        expect(bench.host("AT\r" + String(repeating: "x", count: count)), says: answer)
        expect(bench.host("AT"), says: ok)
    }

    @Test("what follows an overflow is searched for a head")
    func overflow() {
        var bench = Bench()
        expect(bench.send("AT" + String(repeating: "x", count: 128) + "AT\r\n"), says: ok)
    }

    @Test(
        "the form follows from what stands behind the name",
        arguments: [
            ("AT", ok), ("AT\rXYZ", ok), ("AT+CIPMUX=?", error), ("AT+CIPMUX?x", error), ("AT+CIPMUX", error),
            ("AT+CIPMUX11", ok), ("AT+CIPMUX=1=", error), ("AT+CWQAP=?", ok), ("AT+CWQAP=?x", error), ("AT ", error),
            ("AT+CIPMUX =1", error), ("AT=", error), ("AT?", error), ("AT1", error), ("ATE", error), ("ATE=0", error),
            ("ATE2", error), ("ATE01", ok), ("ATE0x", error), ("AT+CIPMUX=1,", error), ("AT+NOTHING", error),
        ])
    func forms(_ line: String, _ answer: String) {
        var bench = Bench()
        #expect(bench.host(line).output.hasSuffix(answer))
        bench = Bench()
        bench.send(line + "\n")
        #expect(bench.host("AT").output.hasSuffix(ok))
    }

    @Test(
        "without a CR no form is found", arguments: ["AT", "AT+GMR", "AT+CIPMUX?", "AT+CWQAP=?", "AT+CIPMUX=1", "ATE0"])
    func noCarriageReturn(_ line: String) {
        var bench = Bench()
        expect(bench.send(line + "\n"), says: error)
    }

    @Test("a hundred commands in one write are a hundred answers")
    func hundred() {
        var bench = Bench()
        let lines = (0..<100).map { "AT+CIPMUX=\($0 % 2)\r\n" }.joined()
        #expect(bench.send(lines).output == String(repeating: ok, count: 100))
    }

    @Test("a host that does not read is not read either, and then nothing was lost")
    func unreadOutput() {
        var bench = Bench()
        bench.sendUnread(String(repeating: "AT\r\n", count: 200))
        var answers = bench.read(.max)
        // The CPU waits once more than 125 bytes are in the FIFO.
        #expect(answers.utf8.count / ok.utf8.count == 21)
        answers += bench.react().output
        #expect(answers == String(repeating: ok, count: 200))
    }

    @Test("AT+RST in one batch restarts a busy module; split, in small letters or after other bytes it does not")
    func forcedRestart() {
        let forced = #"\r\nWill force to restart!!!\r\n"# + ok
        for (pieces, isForced) in [
            (["AT+RST\r\n"], true), (["xxAT+RST\r\n"], true), (["AT+R", "ST\r\n"], false), (["at+RST\r\n"], false),
            (["AAT+RST\r\n"], false), (["AT+RST\r"], false),
        ] {
            var bench = Bench()
            bench.host("AT+CWMODE=1")
            bench.host("AT+CWLAP")
            let output = pieces.reduce("") { $0 + bench.send($1).output }
            #expect(output.hasPrefix(forced) == isForced, "\(pieces)")
            #expect(bench.wait(.milliseconds(100)).effects.first == (isForced ? "restart" : nil))
        }
    }
}
