import ATEngine
import ATPrimitives
import Testing

@Suite("Ping")
struct PingTests {
    private static let line = #"AT+PING="10.0.0.1""#

    @Test("the reply is printed as it comes, OK follows a second after the request, and the parser is free")
    func reply() {
        var bench = Bench()
        expect(bench.host(Self.line), asks: ["ping 10.0.0.1"])
        expect(bench.host("AT"), says: ok)
        bench.wait(.milliseconds(400))
        expect(bench.handle(.pong(bench.ping, milliseconds: 400)), says: #"+400\r\n"#)
        expect(bench.handle(.pong(bench.ping, milliseconds: 401)))
        expect(bench.wait(.microseconds(599_999)))
        expect(bench.wait(.microseconds(1)), says: ok)
    }

    @Test("without a reply a second passes; the manual's answer is ERROR alone")
    func silence() {
        var bench = Bench()
        bench.host(Self.line)
        expect(bench.wait(.microseconds(999_999)))
        expect(bench.wait(.microseconds(1)), says: #"+timeout\r\n"# + error)
        expect(bench.handle(.pong(bench.ping, milliseconds: 1000)))
        var manual = Bench(.manual021)
        manual.host(Self.line)
        expect(manual.wait(.seconds(1)), says: error)
    }

    @Test("a name is looked up first, and one that is not found is ERROR")
    func name() {
        var bench = Bench()
        expect(bench.host(#"AT+PING="a.example""#), asks: ["resolve a.example"])
        expect(bench.handle(.resolved(bench.lookup, IPv4Address(10, 0, 0, 7))), asks: ["ping 10.0.0.7"])
        expect(bench.handle(.pong(bench.ping, milliseconds: 0)), says: #"+0\r\n"#)
        expect(bench.wait(.seconds(1)), says: ok)
        bench.host(#"AT+PING="b.example""#)
        expect(bench.handle(.resolved(bench.lookup, nil)), says: error)
        bench.host(#"AT+PING="c.example""#)
        expect(bench.wait(.milliseconds(6_499)))
        expect(bench.wait(.milliseconds(1)), says: error)
    }

    @Test("eight may be under way; a ninth is ERROR")
    func several() {
        var bench = Bench()
        for _ in 0..<8 { expect(bench.host(Self.line), asks: ["ping 10.0.0.1"]) }
        expect(bench.host(Self.line), says: error)
        expect(bench.handle(.pong(bench.ping, milliseconds: 3)), says: #"+3\r\n"#)
        let answers = bench.wait(.seconds(1)).output
        #expect(answers == String(repeating: #"+timeout\r\n"# + error, count: 7) + ok)
        expect(bench.host(Self.line), asks: ["ping 10.0.0.1"])
    }

    @Test("in fast timing a reply ends it, and silence still takes its second")
    func fast() {
        var bench = Bench(timing: .fast)
        bench.host(Self.line)
        expect(bench.handle(.pong(bench.ping, milliseconds: 3)), says: #"+3\r\n"# + ok)
        bench.host(Self.line)
        expect(bench.wait(.microseconds(999_999)))
        expect(bench.wait(.microseconds(1)), says: #"+timeout\r\n"# + error)
    }
}
