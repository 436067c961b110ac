import ATEngine
import ATPrimitives

/// One random life of a module, and what must hold in it.
///
/// A host is either orderly, sends one line at a time and counts the answers, or it does what it likes, when it likes. At
/// the end the module is brought to rest: it must answer AT, show the links that the world has, and have stored what it
/// said it had.
struct Simulation {
    /// How many lines an orderly host sends.
    private static let exchanges = 20
    /// How many things happen to a module with a host that is not.
    private static let steps = 70

    private var stage: Stage
    private var host: RandomHost
    private let isOrderly: Bool
    private let bugs: Bugs

    init(_ choices: Choices) {
        stage = Stage(choices: choices)
        host = RandomHost(firmware: stage.firmware)
        bugs = stage.options.bugs
        // A line that loses bytes loses lines.
        isOrderly = stage.choices.chance(40) && bugs.isEmpty && !stage.options.isStrictUART
    }

    /// - Returns: a number that stands for all output and effects.
    mutating func run() throws(Violation) -> UInt64 {
        try stage.power(.on)
        try stage.settle()
        if isOrderly {
            for _ in 0..<Self.exchanges where !stage.choices.isExhausted { try exchange() }
        } else {
            for _ in 0..<Self.steps where !stage.choices.isExhausted { try step() }
        }
        try recover()
        try stage.checkImages()
        guard bugs.isEmpty else { return stage.trace }
        try checkLinks()
        try checkSettings()
        return stage.trace
    }
}

// A host that does what it likes.
extension Simulation {
    private mutating func step() throws(Violation) {
        if !stage.engine.isRunning && stage.choices.chance(25) { try revive() }
        switch stage.choices.number(below: 100) {
        case ..<30: try sendLine(host.command(&stage.choices))
        case ..<38: try sendLine(host.spoiledCommand(&stage.choices))
        case ..<46: try offer(stage.choices.bytes(stage.choices.number(in: 1...40)))
        case ..<51: try offer(stage.choices.letters(stage.choices.pick([1, 5, 700, 2048, 5000])))
        case ..<55: try sendEscape()
        case ..<57: try offer([UInt8(ascii: "\n")])
        case ..<72: _ = try stage.answer()
        case ..<82: try stage.act()
        case ..<92: try stage.wait(stage.choices.pick(Self.pauses))
        case ..<96: stage.isReading.toggle()
        case ..<98: try cutFlashWork()
        case 98: try standStill()
        default: try stage.power(stage.choices.pick(PowerEvent.allCases))
        }
    }

    /// A module that is held, or waits for a download, does nothing by itself and takes what comes.
    private mutating func standStill() throws(Violation) {
        let isDownload = stage.choices.chance(50)
        try stage.power(isDownload ? .pullGPIO0 : .holdReset)
        if isDownload { try stage.power(.cycle) }
        try stage.wait(.seconds(1))
        guard !stage.engine.isRunning, stage.engine.nextDeadline == nil, !stage.engine.hasEffects
        else { throw Violation("a module that stands still has something to do") }
        if isDownload { try stage.power(.releaseGPIO0) }
    }

    /// A module that is off, held, asleep or waits for a download starts.
    private mutating func revive() throws(Violation) {
        try stage.power(.releaseGPIO0)
        try stage.power(.releaseReset)
        try stage.power(.on)
        try stage.power(.reset)
        try stage.wait(.seconds(2))
    }

    private static let pauses: [Interval] = [
        .zero, .microseconds(90), .milliseconds(1), .milliseconds(19), .milliseconds(20), .milliseconds(125),
        .seconds(1), .seconds(4), .seconds(25),
    ]

    /// The supply goes or sags, or the chip is reset, while the flash is being written.
    private mutating func cutFlashWork() throws(Violation) {
        try sendLine(host.storingCommand(&stage.choices))
        try stage.wait(.microseconds(Int64(stage.choices.number(below: 100_000))))
        try stage.power(stage.choices.pick(Self.cuts))
        let flash = stage.mirror
        try stage.wait(.milliseconds(290))
        guard stage.engine.isRunning || flash == stage.mirror
        else { throw Violation("the flash changes after a cut, before the firmware starts") }
    }

    private static let cuts: [PowerEvent] = [.brownout, .brownout, .off, .cycle, .reset, .watchdog, .holdReset]

    /// In one piece, or in two with a pause between.
    private mutating func sendLine(_ line: [UInt8]) throws(Violation) {
        let bytes = line + Array("\r\n".utf8)
        guard stage.choices.chance(20) else { return try offer(bytes) }
        let half = stage.choices.number(below: bytes.count)
        try offer(Array(bytes[..<half]))
        try stage.wait(stage.choices.pick(Self.pauses))
        try offer(Array(bytes[half...]))
    }

    private mutating func sendEscape() throws(Violation) {
        try stage.wait(.milliseconds(25))
        try offer(Array("+++".utf8))
        try stage.wait(.milliseconds(25))
    }

    /// What the module cannot take is lost.
    private mutating func offer(_ bytes: [UInt8]) throws(Violation) {
        let capacity = stage.engine.receiveCapacity
        let count = try stage.offer(bytes)
        guard count <= max(capacity, 4096) else {
            throw Violation("\(count) bytes were taken, \(capacity) is the capacity")
        }
    }
}

// A host that sends one line at a time.
extension Simulation {
    private mutating func exchange() throws(Violation) {
        if stage.choices.chance(40) {
            try stage.act()
            try stage.settle()
        }
        if stage.choices.chance(3) { try storeAndCut() }
        if stage.choices.chance(3) {
            try stage.power(stage.choices.pick([.cycle, .reset, .watchdog, .brownout]))
            try stage.settle()
            try leaveTransparentMode()
        }
        let isSpoiled = stage.choices.chance(25)
        let line = isSpoiled ? host.spoiledCommand(&stage.choices) : host.command(&stage.choices)
        // The line buffer takes 128 bytes after the head, CR and LF included.
        guard line.count <= 128 else { return }
        _ = stage.takeHeard()
        try stage.send(line + Array("\r\n".utf8))
        try stage.settle()
        var answer = Answer(stage.takeHeard(), to: line, of: stage.firmware)
        // A reset loses what a slow line has not carried away.
        let isCutShort = stage.options.timing == .hardware && answer.endsInBoot
        if !isCutShort { try answer.check() }
        if answer.isPromptForPayload { try sendPayload() }
        if !stage.engine.isRunning {
            try stage.power(.reset)
            try stage.settle()
            answer.append(stage.takeHeard())
        }
        if answer.leavesTransparentMode { try leaveTransparentMode() }
    }

    /// A setting of which a cut while it is being stored leaves the old value or the new one.
    private mutating func storeAndCut() throws(Violation) {
        let old = try ask("AT+CWMODE?").filter(\.isNumber)
        let new = String(stage.choices.number(in: 1...3))
        try stage.send(Array("AT+CWMODE=\(new)\r\n".utf8))
        try stage.wait(.microseconds(Int64(stage.choices.number(below: 100_000))))
        try stage.power(stage.choices.pick([.brownout, .cycle, .reset, .watchdog]))
        try stage.settle()
        try leaveTransparentMode()
        let found = try ask("AT+CWMODE?").filter(\.isNumber)
        guard found == old || found == new else { throw Violation("mode \(old), then \(new), is \(found)") }
    }

    /// What is too much for the payload is thrown away by the module.
    private mutating func sendPayload() throws(Violation) {
        try stage.send([UInt8](repeating: UInt8(ascii: "x"), count: 2048))
        try stage.settle()
        let heard = stage.takeHeard()
        let ends =
            Answer.count("SEND OK\r\n", in: heard) + Answer.count("SEND FAIL\r\n", in: heard)
            + Answer.count("\r\nERROR\r\n", in: heard)
        guard ends == 1 else { throw Violation("a payload has \(ends) answers: \(escaped(heard))") }
    }

    /// Harmless outside transparent mode, where it holds no head.
    private mutating func leaveTransparentMode() throws(Violation) {
        try stage.wait(.milliseconds(100))
        try stage.send(Array("xxxx".utf8))
        try stage.wait(.milliseconds(100))
        try stage.settle()
        try stage.send(Array("+++".utf8))
        try stage.wait(.milliseconds(100))
        try stage.settle()
    }
}

// What must hold at the end.
extension Simulation {
    /// Whatever the module is in the middle of comes to its end: payload is completed, transparent mode left, a line
    /// ended.
    private mutating func recover() throws(Violation) {
        stage.isReading = true
        try stage.pump()
        try stage.power(.releaseGPIO0)
        if !stage.engine.isRunning { try revive() }
        try stage.wait(.seconds(200))
        guard bugs.isEmpty else { return }
        // A payload has at most 2048 bytes, so three pieces complete any; a FIFO that overflows loses most of a piece.
        for _ in 0..<(stage.options.isStrictUART ? 30 : 4) {
            try stage.settle()
            if !stage.engine.isRunning {
                try stage.power(.reset)
                try stage.settle()
            }
            try leaveTransparentMode()
            try stage.send([UInt8(ascii: "\n")])
            try stage.settle()
            if try ask("AT").hasSuffix("\r\nOK\r\n") {
                _ = try ask("ATE0")
                return
            }
            try stage.send([UInt8](repeating: UInt8(ascii: "x"), count: 700))
        }
        throw Violation("AT is not answered any more")
    }

    private mutating func checkLinks() throws(Violation) {
        let heard = try ask("AT+CIPSTATUS")
        let shown = heard.unicodeScalars.split(separator: "\n").compactMap { line -> Int? in
            let text = String(String.UnicodeScalarView(line))
            guard text.hasPrefix("+CIPSTATUS:") else { return nil }
            return Int(String(text.unicodeScalars.dropFirst(11).prefix(1)))
        }
        let open = stage.world.openLinks
        guard shown == open.map(\.link).sorted() else {
            throw Violation("CIPSTATUS shows \(shown), the world has \(open)")
        }
        for connection in open where stage.engine.link(of: connection.socket) != connection.link {
            throw Violation("the module has forgotten socket \(connection.socket.number)")
        }
    }

    /// What was set and stored is there after a power cycle, and what the flash effects have written is enough for it.
    private mutating func checkSettings() throws(Violation) {
        guard stage.mirror == stage.engine.flash else { throw Violation("the flash is not what was written") }
        let before = try askAll(["AT+CWMODE?", "AT+CIPMODE?", "AT+CWAUTOCONN?"])
        try restart()
        let after = try askAll(["AT+CWMODE?", "AT+CIPMODE?", "AT+CWAUTOCONN?"])
        guard before == after else { throw Violation("stored \(before), after a power cycle \(after)") }
        let here = try askAll(Self.queries)
        stage = stage.restarted()
        try restart()
        let there = try askAll(Self.queries)
        guard here == there else { throw Violation("the module says \(here), another with its flash \(there)") }
    }

    private static let queries = [
        "AT+CWMODE?", "AT+CWSAP?", "AT+CWDHCP?", "AT+CWAUTOCONN?", "AT+CIPSTAMAC?", "AT+CIPAPMAC?", "AT+CIPAP?",
        "AT+CIPMODE?",
    ]

    private mutating func restart() throws(Violation) {
        try stage.power(.cycle)
        try stage.wait(.seconds(1))
        try leaveTransparentMode()
        _ = try ask("ATE0")
    }

    private mutating func askAll(_ lines: [String]) throws(Violation) -> [String] {
        var answers: [String] = []
        for line in lines { answers.append(try ask(line)) }
        return answers
    }

    private mutating func ask(_ line: String) throws(Violation) -> String {
        _ = stage.takeHeard()
        try stage.send(Array((line + "\r\n").utf8))
        try stage.settle()
        return String(decoding: stage.takeHeard(), as: UTF8.self)
    }
}
