import ATEngine

/// Writes a transcript anew from what the engine says now. Only `<` and `~` lines change, and only in blocks that do
/// not hold; the diff is the review (transcript format, Time).
public struct Recorder: Sendable {
    private let runner: Runner

    /// - Parameter firmware: the edition whose answers are written down. A transcript that holds for several should
    ///   give the same with each, so run it with the others afterwards.
    public init(firmware: Firmware) {
        runner = Runner(firmware: firmware)
    }

    /// The transcript's file with `<` and `~` lines as the engine answers.
    ///
    /// What a line break or a reviewer decides stays: comments, blank lines, and `<` lines with wildcards that fit. A
    /// ` .` is no such line: it stays too, and the run goes on to fail there. The prelude is written from the first
    /// case.
    /// - Returns: the bytes of the new file; those of the old if all holds.
    public func record(_ transcript: Transcript) -> [UInt8] {
        var lines = transcript.sourceLines.map { Optional([$0]) }
        var recordedLines: [Int] = []
        for transcriptCase in transcript.cases {
            for observation in runner.observe(transcriptCase, of: transcript).observations {
                guard !recordedLines.contains(observation.block.line) else { continue }
                recordedLines.append(observation.block.line)
                Self.rewrite(observation, header: transcript.header, in: &lines)
            }
        }
        var bytes = [UInt8](lines.compactMap(\.self).flatMap(\.self).joined(separator: [0x0A]))
        if transcript.endsWithLineFeed { bytes.append(0x0A) }
        return bytes
    }

    /// Puts the new lines of a block where the first of the old ones stands, or after the block's own line. The module that
    /// the block is about comes first.
    /// - Parameter lines: what each line of the file becomes; nil for a line that is taken out.
    private static func rewrite(
        _ observation: Observation, header: TranscriptHeader, in lines: inout [[[UInt8]]?]
    ) {
        let block = observation.block
        let others = observation.modules.indices.filter { $0 != block.module }
        for module in [block.module] + others {
            let prefix = [UInt8]((header.name(of: module) ?? "").utf8)
            if !block.isSilent, observation.mismatch(of: module) != nil {
                replace(
                    block.expected(of: module).map(\.line), after: block.line,
                    with: answerLines(observation, of: module).map { prefix + $0 }, in: &lines)
            }
            if observation.unmetRequest(of: module) != nil {
                replace(
                    block.requests.filter { $0.module == module }.map(\.line), after: block.line,
                    with: observation.modules[module].requests.map { prefix + [UInt8]("~ \($0.text)".utf8) },
                    in: &lines)
            }
        }
    }

    private static func replace(
        _ old: [Int], after blockLine: Int, with new: [[UInt8]], in lines: inout [[[UInt8]]?]
    ) {
        for line in old { lines[line - 1] = nil }
        if let first = old.first {
            lines[first - 1] = new
        } else {
            lines[blockLine - 1]?.append(contentsOf: new)
        }
    }

    /// The answer as `<` lines. An old line with wildcards that fits a new one is kept, in order.
    private static func answerLines(_ observation: Observation, of module: Int) -> [[UInt8]] {
        var kept = observation.block.expected(of: module).filter(\.hasWildcards)[...]
        return split(observation.modules[module].answer).map { line in
            let fits = kept.firstIndex { BlockPattern(lines: [$0], addresses: .exact).mismatch(with: line) == nil }
            if let fits {
                let text = kept[fits].text
                kept = kept[(fits + 1)...]
                return [UInt8]("< \(text)".utf8)
            }
            return [UInt8](rendered(line).utf8)
        }
    }

    /// The answer in pieces that end in CR LF, the last maybe without.
    private static func split(_ answer: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        for byte in answer {
            line.append(byte)
            guard line.suffix(2) == [0x0D, 0x0A] else { continue }
            lines.append(line)
            line = []
        }
        return line.isEmpty ? lines : lines + [line]
    }

    private static func rendered(_ line: [UInt8]) -> String {
        guard line.suffix(2) == [0x0D, 0x0A] else { return "< \(EscapedText.render(line))\\" }
        let text = line.dropLast(2)
        guard !text.isEmpty else { return "<" }
        // A space at the end would not survive an editor.
        guard text.last == 0x20 else { return "< \(EscapedText.render(text))" }
        return "< \(EscapedText.render(text.dropLast()))\\x20"
    }
}
