import ATEngine
import ATSimulation

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

    /// Runs all cases of a transcript, each from fresh modules on, whether or not the header names this edition.
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
            if let difference = observation.difference(in: transcript) { return difference }
        }
        return observed.failure.map { line, failure in
            Difference(file: transcript.file, line: line, problem: failure.description)
        }
    }

    /// Plays a case and writes down what its modules say and ask for in each block.
    /// - Returns: one observation for each block that could be played, and why it ended early if it did, with the line.
    func observe(
        _ transcriptCase: TranscriptCase, of transcript: Transcript
    ) -> (observations: [Observation], failure: (line: Int, SimulationFailure)?) {
        var observations: [Observation] = []
        var line = transcriptCase.line
        do throws(SimulationFailure) {
            var lab = try ScriptedLab(transcript.header, firmware: firmware)
            for block in transcript.blocks(of: transcriptCase) {
                line = block.line
                observations.append(Observation(block: block, modules: try lab.perform(block)))
            }
        } catch {
            return (observations, (line, error))
        }
        return (observations, nil)
    }
}
