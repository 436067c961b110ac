import ATEngine
import ATPrimitives

/// Runs transcripts on the engine, in simulated time. It never sleeps: it jumps from deadline to deadline.
public struct Runner: Sendable {
    public let firmware: Firmware

    public init(firmware: Firmware) {
        self.firmware = firmware
    }

    /// The editions for which a transcript holds.
    /// - Throws: `TranscriptError` at the header line that names one that does not exist.
    public static func editions(of transcript: Transcript) throws(TranscriptError) -> [Firmware] {
        var editions: [Firmware] = []
        for name in transcript.header.editions {
            guard let firmware = Firmware.all.first(where: { "\($0.identifier)" == name }) else {
                let known = Firmware.all.map { "\($0.identifier)" }.joined(separator: ", ")
                throw TranscriptError(
                    file: transcript.file, line: transcript.header.firmware?.line ?? 0,
                    problem: "there is no firmware \(name)", remedy: "write one of \(known)")
            }
            editions.append(firmware)
        }
        return editions
    }

    /// Runs a transcript with each edition for which it holds.
    /// - Throws: `TranscriptError` if it names an edition that does not exist.
    public static func run(_ transcript: Transcript) throws(TranscriptError) -> [CaseResult] {
        try editions(of: transcript).flatMap { Runner(firmware: $0).run(transcript) }
    }

    /// Runs all cases of a transcript, each from a fresh module on, whether or not the header names this edition.
    public func run(_ transcript: Transcript) -> [CaseResult] {
        transcript.cases.map { transcriptCase in
            let difference = difference(in: transcriptCase, of: transcript)
            return CaseResult(
                file: transcript.file, line: transcriptCase.line, name: transcriptCase.name,
                firmware: "\(firmware.identifier)", outcome: difference.map { .failed($0) } ?? .passed)
        }
    }

    /// The first difference of a case.
    private func difference(in transcriptCase: TranscriptCase, of transcript: Transcript) -> Difference? {
        let observed = observe(transcriptCase, of: transcript)
        for observation in observed.observations {
            if let difference = observation.difference(in: transcript.file) { return difference }
        }
        return observed.failure.map { line, failure in
            Difference(file: transcript.file, line: line, problem: failure.problem)
        }
    }

    /// Plays a case and writes down what the module says and asks for in each block.
    /// - Returns: one observation for each block that could be played, and why it ended early if it did, with the line.
    func observe(
        _ transcriptCase: TranscriptCase, of transcript: Transcript
    ) -> (observations: [Observation], failure: (line: Int, ScriptFailure)?) {
        var observations: [Observation] = []
        var line = transcriptCase.line
        do throws(ScriptFailure) {
            var module = try SimulatedModule(
                firmware: firmware, timing: transcript.header.usesHardwareTiming ? .hardware : .firmware)
            for block in transcript.blocks(of: transcriptCase) {
                line = block.line
                try module.perform(block.action)
                observations.append(
                    Observation(block: block, answer: module.takeOutput(), requests: module.takeRequests()))
            }
        } catch {
            return (observations, (line, error))
        }
        return (observations, nil)
    }
}

extension SimulatedModule {
    fileprivate mutating func perform(_ action: Block.Action) throws(ScriptFailure) {
        switch action {
        case .host(let bytes): try send(bytes)
        case .world(let action): try perform(action)
        case .wait(let length): try wait(length)
        }
    }
}

/// What a module said and asked for in one block.
struct Observation {
    let block: Block
    let answer: [UInt8]
    let requests: [ModuleRequest]

    /// The first thing that is not as the block says; the answer counts before the requests.
    func difference(in file: String) -> Difference? {
        let pattern = BlockPattern(lines: block.expected, addresses: .exact)
        if let mismatch = pattern.mismatch(with: answer) {
            return Difference(file: file, block: block, answer: answer, mismatch: mismatch)
        }
        return unmetRequest.map { Difference(file: file, expected: $0, came: requests) }
    }

    /// The first `~` line that did not come true. They must come in order; others may stand between.
    var unmetRequest: ExpectedRequest? {
        var rest = requests[...]
        for expected in block.requests {
            guard let index = rest.firstIndex(of: expected.request) else { return expected }
            rest = rest[(index + 1)...]
        }
        return nil
    }
}
