import ATPrimitives

/// What leads modules to one another: a few lines of one or two of them.
enum RandomScene {
    /// Something that a host sends, and how long it waits then.
    struct Line {
        let module: Int
        let bytes: [UInt8]
        let pause: Interval

        init(_ module: Int, _ text: String, pause: Interval = .milliseconds(300)) {
            self.module = module
            bytes = Array((text + "\r\n").utf8)
            self.pause = pause
        }

        init(_ module: Int, payload: [UInt8], pause: Interval) {
            self.module = module
            bytes = payload
            self.pause = pause
        }
    }

    /// What gives a module a softAP that the others know, in a network of its own.
    static func introduction(of module: Int) -> [Line] {
        [
            Line(module, "AT+CWMODE=3"), Line(module, "AT+CWSAP=\"net-\(module)\",\"secret12\",\(1 + 5 * module),3"),
            Line(module, "AT+CIPAP=\"\(address(of: module))\"", pause: .seconds(2)),
        ] + server(module)
    }

    static func scene(of moduleCount: Int, _ random: inout RandomSource) -> [Line] {
        let one = Int(random.number(below: UInt64(moduleCount)))
        let other = (one + random.number(in: 1...moduleCount - 1)) % moduleCount
        switch random.number(below: 8) {
        case 0: return join(one, ssid: "net-\(other)")
        case 1: return join(one, ssid: "home")
        case 2: return server(other)
        case 3: return introduction(of: other) + join(one, ssid: "net-\(other)") + call(one, other, &random)
        case 4: return broadcast(one, &random)
        case 5: return transparent(one, other, &random)
        default: return call(one, other, &random) + say(other, link: 0, &random)
        }
    }

    private static func address(of module: Int) -> String { "192.168.\(4 + module).1" }

    private static func join(_ module: Int, ssid: String) -> [Line] {
        [
            Line(module, "AT+CWMODE=3"), Line(module, "AT+CWJAP=\"\(ssid)\",\"secret12\"", pause: .seconds(6)),
        ]
    }

    private static func server(_ module: Int) -> [Line] {
        [Line(module, "AT+CIPMODE=0"), Line(module, "AT+CIPMUX=1"), Line(module, "AT+CIPSERVER=1,80")]
    }

    /// Opens a link to the server of the other one and says a few things on it.
    private static func call(_ one: Int, _ other: Int, _ random: inout RandomSource) -> [Line] {
        let link = Int(random.number(below: 5))
        var lines = [
            Line(one, "AT+CIPMUX=1"),
            Line(one, "AT+CIPSTART=\(link),\"TCP\",\"\(address(of: other))\",80", pause: .seconds(1)),
        ]
        for _ in 0..<random.number(in: 1...3) { lines += say(one, link: link, &random) }
        return lines
    }

    private static func say(_ module: Int, link: Int, _ random: inout RandomSource) -> [Line] {
        let payload = random.letters(random.pick([1, 20, 700, 2048]))
        let pause = random.pick([Interval.zero, .milliseconds(200), .seconds(2)])
        return [Line(module, "AT+CIPSEND=\(link),\(payload.count)"), Line(module, payload: payload, pause: pause)]
    }

    private static func broadcast(_ module: Int, _ random: inout RandomSource) -> [Line] {
        let start = Line(module, "AT+CIPSTART=4,\"UDP\",\"255.255.255.255\",5000,5000,2")
        return [Line(module, "AT+CIPMUX=1"), start] + say(module, link: 4, &random)
    }

    private static func transparent(_ one: Int, _ other: Int, _ random: inout RandomSource) -> [Line] {
        [
            Line(one, "AT+CIPSERVER=0"), Line(one, "AT+CIPMUX=0"), Line(one, "AT+CIPMODE=1"),
            Line(one, "AT+CIPSTART=\"TCP\",\"\(address(of: other))\",80", pause: .seconds(1)),
            Line(one, "AT+CIPSEND"), Line(one, payload: random.letters(5000), pause: .seconds(1)),
        ]
    }
}
