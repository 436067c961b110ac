import ATPrimitives

/// Runs transcripts against a module at the other end of a serial port, virtual or real.
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

    public private(set) var port: Port
    /// The edition that the module at the port has.
    public let firmware: String
    /// What the port offers beyond bytes: `# needs:` words that are met there.
    public let offers: [String]

    /// - Parameters:
    ///   - port: where the module is.
    ///   - firmware: the identifier of its edition; transcripts that don't hold for it are skipped.
    ///   - offers: the `# needs:` words that are met there.
    public init(port: Port, firmware: String = "0.21", offers: [String] = []) {
        self.port = port
        self.firmware = firmware
        self.offers = offers
    }

    /// Runs all cases of a transcript that can be run there.
    /// - Throws: `PortError` when the port is gone; the results so far are lost.
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
        if transcript.header.modules.count > 1 {
            return "it has \(transcript.header.modules.count) modules, and the port is one"
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

    // MARK: One case

    private mutating func run(
        _ transcriptCase: TranscriptCase, of transcript: Transcript
    ) throws(PortError) -> Difference? {
        guard try restore() else {
            return Difference(
                file: transcript.file, line: transcriptCase.line,
                problem: "the module does not answer AT+RESTORE with ready within \(Self.restoreLimit)")
        }
        let blocks = transcript.blocks(of: transcriptCase)
        var early: [UInt8] = []
        for (index, block) in blocks.enumerated() {
            let isLast = index == blocks.count - 1
            let answer = try perform(block, early: early, isLast: isLast)
            let pattern = BlockPattern(lines: block.expected, addresses: .anyAddress)
            if let mismatch = pattern.mismatch(with: answer.bytes) {
                return Difference(file: transcript.file, block: block, answer: answer.bytes, mismatch: mismatch)
            }
            early = answer.early
        }
        guard !early.isEmpty, let last = blocks.last else { return nil }
        return Difference(
            file: transcript.file, block: last, answer: early, mismatch: Mismatch(offset: 0, lineIndex: nil))
    }

    /// Brings the module into its factory state. A module that an earlier case left in transparent mode hears the
    /// command only after `+++`, so that is tried when the first attempt stays without an answer.
    private mutating func restore() throws(PortError) -> Bool {
        if try tryRestore() { return true }
        try port.send([UInt8]("+++".utf8))
        _ = try read(until: port.now + Self.answerLimit) { _ in false }
        return try tryRestore()
    }

    private mutating func tryRestore() throws(PortError) -> Bool {
        // A module that is still talking would mix that with its answer.
        _ = try read(until: port.now) { _ in false }
        try port.send([UInt8]("AT+RESTORE\r\n".utf8))
        // The word of an earlier boot, which a port keeps for its first client, is not the answer: that has an OK first.
        let accepted = [UInt8]("\r\nOK\r\n".utf8)
        let ready = [UInt8]("ready\r\n".utf8)
        let isRestored = { (bytes: [UInt8]) in
            bytes.suffix(ready.count) == ready && bytes.firstRange(of: accepted) != nil
        }
        return isRestored(try read(until: port.now + Self.restoreLimit, isRestored))
    }

    /// Does what a block says and collects what the module says to it.
    /// - Parameter early: what came in the grace of a silent wait before, and belongs here.
    /// - Returns: what belongs to this block, and what belongs to the next.
    private mutating func perform(
        _ block: Block, early: [UInt8], isLast: Bool
    ) throws(PortError) -> (bytes: [UInt8], early: [UInt8]) {
        let pattern = BlockPattern(lines: block.expected, addresses: .anyAddress)
        let isComplete = { (bytes: [UInt8]) in pattern.mismatch(with: bytes) == nil }
        let start = port.now
        switch block.action {
        case .wait(let length) where block.expected.isEmpty:
            return try stayedSilent(for: length, early: early)
        case .wait(let length):
            var answer = try read(early, until: start + length) { _ in false }
            answer = try read(answer, until: start + length + Self.grace(for: length), isComplete)
            return (isLast && isComplete(answer) ? try readRest(answer) : answer, [])
        case .host(let bytes):
            try port.send(bytes)
            let answer = try read(early, until: port.now + Self.answerLimit, isComplete)
            return (isLast && isComplete(answer) ? try readRest(answer) : answer, [])
        case .world: return (early, [])
        }
    }

    /// A wait in which nothing is said. What comes within the grace before its end belongs to what follows.
    private mutating func stayedSilent(
        for length: Interval, early: [UInt8]
    ) throws(PortError) -> (bytes: [UInt8], early: [UInt8]) {
        let end = port.now + length
        let quiet = Interval(microseconds: max(0, length.microseconds - Self.grace(for: length).microseconds))
        let said = try read(early, until: port.now + quiet) { _ in false }
        guard said.isEmpty else { return (said, []) }
        return ([], try read(until: end) { _ in false })
    }

    /// What still comes after the last block; it must be nothing.
    private mutating func readRest(_ answer: [UInt8]) throws(PortError) -> [UInt8] {
        try read(answer, until: port.now + Self.leastGrace) { _ in false }
    }

    private mutating func read(
        _ beginning: [UInt8] = [], until deadline: Instant, _ isComplete: ([UInt8]) -> Bool
    ) throws(PortError) -> [UInt8] {
        var bytes = beginning
        while !isComplete(bytes), bytes.count < Self.outputLimit {
            let more = try port.receive(until: deadline)
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
