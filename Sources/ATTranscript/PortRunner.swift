import ATPrimitives

/// Runs transcripts against modules at the other end of serial ports, virtual or real.
///
/// There the world cannot be scripted and effects cannot be seen, so cases with `!` or `~` lines are skipped; the rest
/// starts from AT+RESTORE, which stands for the fresh module (transcript format, Time).
public struct PortRunner<Port: BytePort> {
    /// How long AT+RESTORE may take until `ready`. Erasing and booting take well under a second; USB adapters and slow
    /// machines get the rest.
    public static var restoreLimit: Interval { .seconds(10) }
    /// How long a module may be silent in the middle of an answer, or before it. An answer that takes longer has a
    /// `+` line of its own.
    public static var answerLimit: Interval { .seconds(1) }
    /// How much later than a `+` line says an answer may come, at least.
    public static var leastGrace: Interval { .milliseconds(250) }
    /// How much a module may say in one block, in bytes.
    public static var outputLimit: Int { 1 << 20 }

    public private(set) var ports: [Port]
    /// What the modules at the ports are called, in the same order; empty if there is one without a name.
    private let names: [String]
    /// The edition that the modules have.
    public let firmware: String
    /// What the ports offer beyond bytes: `# needs:` words that are met there.
    public let offers: [String]

    /// - Parameters:
    ///   - port: where the module is.
    ///   - firmware: the identifier of its edition; transcripts that don't hold for it are skipped.
    ///   - offers: the `# needs:` words that are met there.
    public init(port: Port, firmware: String = "0.21", offers: [String] = []) {
        ports = [port]
        names = []
        self.firmware = firmware
        self.offers = offers
    }

    /// A runner for modules that can reach one another, as those of a running lab.
    /// - Parameters:
    ///   - ports: where they are, and what transcripts call them: at least one, and no name twice.
    ///   - firmware: the identifier of their edition; transcripts that don't hold for it are skipped.
    ///   - offers: the `# needs:` words that are met there.
    public init(ports: [(name: String, port: Port)], firmware: String = "0.21", offers: [String] = []) {
        self.ports = ports.map(\.port)
        names = ports.map(\.name)
        self.firmware = firmware
        self.offers = offers
    }

    /// Runs all cases of a transcript that can be run there.
    /// - Throws: `PortError` when a port is gone; the results so far are lost.
    public mutating func run(_ transcript: Transcript) throws(PortError) -> [CaseResult] {
        var results: [CaseResult] = []
        for transcriptCase in transcript.cases {
            let outcome: CaseResult.Outcome
            if let reason = reasonToSkip(transcriptCase, of: transcript) {
                outcome = .skipped(reason: reason)
            } else if let difference = try run(transcriptCase, of: transcript) {
                outcome = .failed(difference)
            } else {
                outcome = .passed
            }
            results.append(
                CaseResult(
                    file: transcript.file, line: transcriptCase.line, name: transcriptCase.name, firmware: firmware,
                    outcome: outcome))
        }
        return results
    }

    private func reasonToSkip(_ transcriptCase: TranscriptCase, of transcript: Transcript) -> String? {
        if !transcript.header.editions.contains(firmware) {
            return "it holds for \(transcript.header.editions.joined(separator: ", "))"
        }
        let modules = transcript.header.modules
        if names.isEmpty, modules.count > 1 { return "it has \(modules.count) modules, and the port is one" }
        if modules.isEmpty, ports.count > 1 { return "it has one module, and there are \(ports.count) ports" }
        if !names.isEmpty, let missing = modules.first(where: { !names.contains($0) }) {
            return "there is no port for \(missing)"
        }
        if let need = transcript.header.needs.first(where: { !offers.contains($0) }) {
            return "it needs \(need)"
        }
        for block in transcript.blocks(of: transcriptCase) {
            if case .world(let action) = block.action {
                return "a port cannot do the event \(action.need) in line \(block.line)"
            }
            if let request = block.requests.first {
                return "a port does not show the effect in line \(request.line)"
            }
        }
        return nil
    }

    /// The port of each module of a transcript, in the order of its header.
    private func places(in transcript: Transcript) -> [Int] {
        guard !names.isEmpty, !transcript.header.modules.isEmpty else { return [0] }
        return transcript.header.modules.compactMap { names.firstIndex(of: $0) }
    }

    // MARK: One case

    private mutating func run(
        _ transcriptCase: TranscriptCase, of transcript: Transcript
    ) throws(PortError) -> Difference? {
        let places = places(in: transcript)
        for (module, place) in places.enumerated() where try !restore(place) {
            return Difference(
                file: transcript.file, line: transcriptCase.line,
                problem: "\(transcript.header.name(of: module) ?? "the module") does not answer AT+RESTORE with ready "
                    + "within \(Self.restoreLimit)")
        }
        let blocks = transcript.blocks(of: transcriptCase)
        var early = [[UInt8]](repeating: [], count: places.count)
        for (index, block) in blocks.enumerated() {
            let answers = try perform(block, at: places, early: early)
            for (module, place) in places.enumerated() {
                let pattern = BlockPattern(lines: block.expected(of: module), addresses: .anyAddress)
                var said = answers[module].said
                if index == blocks.count - 1, pattern.mismatch(with: said) == nil {
                    said = try readRest(said + answers[module].early, at: place)
                }
                if let mismatch = pattern.mismatch(with: said) {
                    return Difference(
                        file: transcript.file, block: block, module: module, name: transcript.header.name(of: module),
                        answer: said, mismatch: mismatch)
                }
            }
            early = answers.map(\.early)
        }
        return nil
    }

    /// Brings a module into its factory state. One that an earlier case left in transparent mode hears the command only
    /// after `+++`, so that is tried when the first attempt stays without an answer.
    private mutating func restore(_ place: Int) throws(PortError) -> Bool {
        if try tryRestore(place) { return true }
        try ports[place].send([UInt8]("+++".utf8))
        _ = try read(at: place, until: ports[place].now + Self.answerLimit) { _ in false }
        return try tryRestore(place)
    }

    private mutating func tryRestore(_ place: Int) throws(PortError) -> Bool {
        // A module that is still talking would mix that with its answer.
        _ = try read(at: place, until: ports[place].now) { _ in false }
        try ports[place].send([UInt8]("AT+RESTORE\r\n".utf8))
        // The word of an earlier boot, which a port keeps for its first client, is not the answer: that has an OK first.
        let accepted = [UInt8]("\r\nOK\r\n".utf8)
        let ready = [UInt8]("ready\r\n".utf8)
        let isRestored = { (bytes: [UInt8]) in
            bytes.suffix(ready.count) == ready && bytes.firstRange(of: accepted) != nil
        }
        return isRestored(try read(at: place, until: ports[place].now + Self.restoreLimit, isRestored))
    }

    /// Does what a block says and collects what the modules say to it: first the one that it is done to, since the
    /// others may answer to that.
    /// - Parameter early: what came in the grace of a silent wait before, and belongs here.
    /// - Returns: for each module what belongs to this block, and what belongs to the next.
    private mutating func perform(
        _ block: Block, at places: [Int], early: [[UInt8]]
    ) throws(PortError) -> [(said: [UInt8], early: [UInt8])] {
        var answers = early.map { (said: $0, early: [UInt8]()) }
        switch block.action {
        case .host(let bytes):
            try ports[places[block.module]].send(bytes)
            for module in [block.module] + places.indices.filter({ $0 != block.module }) {
                let deadline = ports[places[module]].now + Self.answerLimit
                answers[module].said = try read(
                    answers[module].said, at: places[module], until: deadline, Self.isComplete(block, module))
            }
        case .wait(let length): try wait(length, block, at: places, &answers)
        case .world: break
        }
        return answers
    }

    /// What is said within the grace before the end of a silence belongs to what follows.
    private mutating func wait(
        _ length: Interval, _ block: Block, at places: [Int], _ answers: inout [(said: [UInt8], early: [UInt8])]
    ) throws(PortError) {
        let starts = places.map { ports[$0].now }
        let grace = Self.grace(for: length)
        let quiet = Interval(microseconds: max(0, length.microseconds - grace.microseconds))
        let silent = places.indices.filter { block.expected(of: $0).isEmpty }
        for module in silent {
            answers[module].said = try read(
                answers[module].said, at: places[module], until: starts[module] + quiet
            ) { _ in false }
        }
        for module in places.indices where !silent.contains(module) {
            let end = starts[module] + length
            let said = try read(answers[module].said, at: places[module], until: end) { _ in false }
            answers[module].said = try read(
                said, at: places[module], until: end + grace, Self.isComplete(block, module))
        }
        for module in silent where answers[module].said.isEmpty {
            answers[module].early = try read(at: places[module], until: starts[module] + length) { _ in false }
        }
    }

    private static func isComplete(_ block: Block, _ module: Int) -> ([UInt8]) -> Bool {
        let pattern = BlockPattern(lines: block.expected(of: module), addresses: .anyAddress)
        return { pattern.mismatch(with: $0) == nil }
    }

    /// What still comes after the last block; it must be nothing.
    private mutating func readRest(_ answer: [UInt8], at place: Int) throws(PortError) -> [UInt8] {
        try read(answer, at: place, until: ports[place].now + Self.leastGrace) { _ in false }
    }

    private mutating func read(
        _ beginning: [UInt8] = [], at place: Int, until deadline: Instant, _ isComplete: ([UInt8]) -> Bool
    ) throws(PortError) -> [UInt8] {
        var bytes = beginning
        while !isComplete(bytes), bytes.count < Self.outputLimit {
            let more = try ports[place].receive(until: deadline)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// 10 % of a wait, or 250 ms if that is more (transcript format, Time).
    private static func grace(for length: Interval) -> Interval {
        max(leastGrace, Interval(microseconds: length.microseconds / 10))
    }
}
