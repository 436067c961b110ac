import ATEngine
import ATPrimitives
import Testing

@Test func smoke() {
    var engine = Engine(firmware: .shipped021, flash: FlashImage(), options: Options(mac: MACAddress(value: 0x18FE34000001), timing: .firmware, seed: 1))
    engine.handle(.power(.on), at: .zero)
    engine.advance(to: Instant(microseconds: 1_000_000))
    func out() -> String { var b: [UInt8] = []; var more = true; while more { more = false; while engine.nextEffect() != nil { more = true }; engine.withOutput(max: 4096) { s in for i in s.indices { b.append(s[i]) }; more = s.count > 0; return s.count } }; return String(decoding: b, as: UTF8.self).debugDescription }
    print(out())
    for (i, l) in ["AT\r\n", "ATE0\r\n", "AT+GMR\r\n", "AT+CWMODE=?\r\n", "AT+CIFSR\r\n", "AT+CWSAP?\r\n", "AT+CIPSTART=\"UDP\",\"1.2.3.4\",5\r\n", "AT+CIPSEND=3\r\nabc", "AT+CIPSTATUS\r\n"].enumerated() {
        engine.receive(Array(l.utf8).span, at: Instant(microseconds: 2_000_000 + Int64(i)))
        print(l.debugDescription, out())
    }
}
