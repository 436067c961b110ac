import ATEngine
import ATPrimitives
import Testing

/// A module whose line takes time, and when each of its bytes departed.
struct PacedModule {
    private(set) var engine: Engine
    private(set) var now = Instant.zero
    private(set) var departures: [(byte: UInt8, at: Int64)] = []

    init(_ lines: String...) {
        engine = Engine(
            firmware: .shipped021, flash: FlashImage(),
            options: Options(mac: Bench.mac, timing: .hardware, bugs: [], seed: 1))
        engine.handle(.power(.on), at: now)
        wait(.seconds(2))
        for line in lines {
            send(line)
            wait(.seconds(60))
        }
        departures = []
    }

    var text: String { escaped(departures.map(\.byte)) }

    /// A line from the host, whose first bit is on the line now.
    mutating func send(_ line: String) { offer(Array((line + "\r\n").utf8)) }

    @discardableResult
    mutating func offer(_ bytes: [UInt8]) -> Int {
        defer { take() }
        return engine.receive(bytes.span, at: now)
    }

    mutating func wait(_ interval: Interval) {
        let end = now + interval
        while let deadline = engine.nextDeadline, deadline <= end {
            now = max(now, deadline)
            engine.advance(to: now)
            take()
        }
        now = end
        engine.advance(to: now)
        take()
    }

    private mutating func take() {
        while engine.nextEffect() != nil {}
        let at = now.microseconds
        engine.withOutput(max: .max) { span in
            for index in span.indices { departures.append((span[index], at)) }
            return span.count
        }
        while engine.nextEffect() != nil {}
    }
}

@Suite("The serial line takes its time")
struct SerialTimingTests {
    /// When the `count`-th byte of a run that starts at `start` is out, at 10 bits a byte, rounded up.
    private static func end(of count: Int64, from start: Int64, baud: Int64) -> Int64 {
        start + (count * 10_000_000 + baud - 1) / baud
    }

    @Test("AT is answered two characters after its last byte, and each byte departs on its microsecond")
    func answer() {
        var module = PacedModule("ATE0")
        let start = module.now.microseconds
        module.send("AT")
        module.wait(.milliseconds(10))
        #expect(module.text == ok)
        // Four bytes come, then a gap of two characters; then six bytes go.
        let read = Self.end(of: 4, from: start, baud: 115_200) + Self.end(of: 2, from: 0, baud: 115_200)
        #expect(module.departures.map(\.at) == (1...6).map { Self.end(of: $0, from: read, baud: 115_200) })
    }

    @Test("the firmware reads at 100 bytes, or after a gap")
    func batches() {
        var module = PacedModule()
        let start = module.now.microseconds
        module.offer([UInt8](repeating: UInt8(ascii: "x"), count: 150))
        module.wait(.milliseconds(100))
        let hundred = Self.end(of: 100, from: start, baud: 115_200)
        #expect(module.departures.first?.at == Self.end(of: 1, from: hundred, baud: 115_200))
        // The echo of the first hundred runs on without a pause into that of the rest.
        #expect(module.departures.map(\.at) == (1...150).map { Self.end(of: $0, from: hundred, baud: 115_200) })
    }

    @Test("a minute of bytes and of their echo takes a minute", arguments: [1_111, 2_400] as [Int64])
    func noDrift(_ baud: Int64) {
        var module = PacedModule("ATE1", "AT+UART=\(baud),8,1,0,0")
        let start = module.now.microseconds
        let total = baud * 6
        var sent: Int64 = 0
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 512)
        while sent < total {
            let count = module.offer(Array(chunk.prefix(Int(min(512, total - sent)))))
            sent += Int64(count)
            module.wait(.milliseconds(20))
        }
        module.wait(.seconds(60))
        #expect(module.departures.count == Int(total))
        let last = module.departures.last?.at ?? 0
        let first = Self.end(of: 100, from: start, baud: baud)
        #expect((0...2).contains(last - Self.end(of: total, from: first, baud: baud)))
    }

    @Test("a frame has start, data, parity and stop bits", arguments: [(5, 1, 0, 14), (8, 2, 0, 21), (8, 3, 2, 24)])
    func frames(_ databits: Int, _ stopbits: Int, _ parity: Int, _ halfBits: Int64) {
        var module = PacedModule("ATE0", "AT+UART=1000,\(databits),\(stopbits),\(parity),0")
        let start = module.now.microseconds
        module.send("AT")
        module.wait(.seconds(2))
        #expect(module.departures.map(\.at) == (1...6).map { start + (4 + 2 + $0) * halfBits * 500 })
    }

    @Test("AT+UART answers at the old rate, and the next answer is at the new one")
    func uart() {
        var module = PacedModule("ATE0")
        module.send("AT+UART=300,8,1,0,0")
        module.wait(.seconds(1))
        #expect(module.text == ok)
        let gaps = zip(module.departures, module.departures.dropFirst()).map { $1.at - $0.at }
        #expect(gaps.allSatisfy { (86...87).contains($0) })
        let read = Self.end(of: 4, from: module.now.microseconds, baud: 300) + Self.end(of: 2, from: 0, baud: 300)
        module.send("AT")
        module.wait(.seconds(1))
        let times = module.departures.dropFirst(6).map(\.at)
        #expect(times == (1...6).map { Self.end(of: $0, from: read, baud: 300) })
    }

    @Test("AT+UART writes the flash first, and its OK waits for that")
    func uartStores() {
        var module = PacedModule("ATE0")
        let start = module.now.microseconds
        module.send("AT+UART=300,8,1,0,0")
        module.wait(.seconds(1))
        let read = Self.end(of: 21, from: start, baud: 115_200) + Self.end(of: 2, from: 0, baud: 115_200)
        // Two sectors erased and two records written.
        #expect(module.departures.first?.at == Self.end(of: 1, from: read + 82_000, baud: 115_200))
    }

    @Test("AT+IPR waits 10 ms, stores, and answers at the new rate")
    func ipr() {
        var module = PacedModule("ATE0")
        let start = module.now.microseconds
        module.send("AT+IPR=1200")
        module.wait(.seconds(1))
        #expect(module.engine.line.baud == 1200)
        let read = Self.end(of: 13, from: start, baud: 115_200) + Self.end(of: 2, from: 0, baud: 115_200)
        let written = read + 10_000 + 82_000
        #expect(module.departures.map(\.at) == (1...6).map { Self.end(of: $0, from: written, baud: 1200) })
    }

    @Test("a line that comes while the flash is written is worked off afterwards, and lost is nothing")
    func busyFlash() {
        var module = PacedModule("ATE0")
        module.send("AT+CIPMODE=1\r\nAT+CIPMODE?")
        module.wait(.seconds(1))
        #expect(module.text == ok + #"+CIPMODE:1\r\n"# + ok)
        let times = module.departures.map(\.at)
        #expect(times[0] - module.now.microseconds < -900_000 + 82_000 + 20_000)
        // No byte left while the flash was busy.
        #expect(times[0] >= module.now.microseconds - 1_000_000 + 82_000)
    }

    @Test("a FIFO of 128 bytes holds the host back while the CPU waits for the line, and nothing is lost")
    func fullFIFO() {
        var module = PacedModule()
        var text = ""
        for number in 0..<40 { text += "AT+CIPMUX=\(number % 2)\r\n" }
        #expect(module.offer(Array(text.utf8)) == text.utf8.count)
        module.wait(.seconds(2))
        let answers = module.text.components(separatedBy: ok).count - 1
        #expect(answers == 40)
    }

    @Test("no more than 4096 bytes are taken from a host that is faster than the line")
    func capacity() {
        var module = PacedModule()
        #expect(module.offer([UInt8](repeating: 120, count: 10_000)) == 4096)
        #expect(module.engine.receiveCapacity == 0)
        #expect(module.offer([1]) == 0)
        module.wait(.milliseconds(100))
        #expect(module.engine.receiveCapacity > 0)
    }

    @Test("a byte that waits for weeks at the highest rate does no harm")
    func longWait() {
        var module = PacedModule("AT+UART=5000000,8,1,0,0")
        module.offer(Array("A".utf8))
        var engine = module.engine
        engine.receive([UInt8(ascii: "T")].span, at: module.now + .seconds(60 * 86_400))
        engine.advance(to: module.now + .seconds(90 * 86_400))
        #expect(engine.isRunning)
    }
}

extension String {
    /// The pieces between the occurrences of `separator`; Foundation is not needed for that.
    fileprivate func components(separatedBy separator: String) -> [String] {
        var pieces: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            pieces.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return pieces + [String(rest)]
    }
}
