import ATPrimitives

/// A serial conversation that a person can read and a program can run (Documentation: the transcript format).
public struct Transcript: Sendable, Hashable {
    /// The file as the caller named it; differences name it so.
    public let file: String
    public let header: TranscriptHeader
    /// The lines before the first case; they run at the start of every case.
    public let prelude: [Block]
    /// A file without `==` has one case without a name.
    public let cases: [TranscriptCase]
    /// The file's lines without their line feeds, for rewriting.
    let sourceLines: [[UInt8]]
    /// Whether a line feed ends the last line.
    let endsWithLineFeed: Bool

    /// Everything that happens in a case, from a fresh module on.
    public func blocks(of transcriptCase: TranscriptCase) -> [Block] { prelude + transcriptCase.blocks }
}

/// One case of a transcript.
public struct TranscriptCase: Sendable, Hashable {
    /// What stands after `==`; empty in a file without cases.
    public let name: String
    /// The line of `==`, counted from 1.
    public let line: Int
    public let blocks: [Block]
}

/// One thing done to the module, and what it is expected to say and to ask for until the next.
public struct Block: Sendable, Hashable {
    /// What is done to the module.
    public enum Action: Sendable, Hashable {
        /// The host sends these bytes, as one batch.
        case host([UInt8])
        case world(WorldAction)
        /// Time passes.
        case wait(Interval)
    }

    /// The line of the action, counted from 1.
    public let line: Int
    public let action: Action
    /// Whether a ` .` says that the module is silent.
    public let isSilent: Bool
    public internal(set) var expected: [ExpectedLine] = []
    public internal(set) var requests: [ExpectedRequest] = []
}

/// A `~` line.
public struct ExpectedRequest: Sendable, Hashable {
    /// The line of the file, counted from 1.
    public let line: Int
    public let request: ModuleRequest
}

/// What the header says about a transcript.
public struct TranscriptHeader: Sendable, Hashable {
    /// A header value made of words, and its line.
    public struct Words: Sendable, Hashable {
        public let line: Int
        public let words: [String]
    }

    /// On what a claim rests.
    public enum Evidence: String, Sendable, Hashable, CaseIterable {
        case shipped, manual, log, capture, hardware, inferred
    }

    /// Sections of the manual, such as `6.2.2`.
    public internal(set) var sections: [String] = []
    public internal(set) var evidence: Evidence?
    /// The editions for which the transcript holds, as written; nil means `0.21`.
    public internal(set) var firmware: Words?
    /// Whether byte time and flash time run too.
    public internal(set) var usesHardwareTiming = false
    /// What a port must offer beyond what the events show.
    public internal(set) var needs: [String] = []

    /// The identifiers of the editions for which the transcript holds.
    public var editions: [String] { firmware?.words ?? ["0.21"] }
}
