import ATPrimitives
import ATSimulation

/// A serial conversation that a person can read and a program can run (Documentation/Transcripts.md).
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

/// One thing done to a module or around it, and what the modules are expected to say and to ask for until the next.
public struct Block: Sendable, Hashable {
    /// What is done.
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
    /// The module that it is done to, by its place in the header; 0 if it is done to nobody or everybody.
    public let module: Int
    /// Whether a ` .` says that the modules are silent.
    public let isSilent: Bool
    public internal(set) var expected: [ExpectedLine] = []
    public internal(set) var requests: [ExpectedRequest] = []

    /// What one module is expected to say.
    func expected(of module: Int) -> [ExpectedLine] { expected.filter { $0.module == module } }
}

/// A `~` line.
public struct ExpectedRequest: Sendable, Hashable {
    /// The line of the file, counted from 1.
    public let line: Int
    /// Whose it is, by its place in the header.
    public let module: Int
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
    /// The names of the modules; empty means one without a name.
    public internal(set) var modules: [String] = []
    /// Whether byte time and flash time run too.
    public internal(set) var usesHardwareTiming = false
    /// What a port must offer beyond what the events show.
    public internal(set) var needs: [String] = []

    /// How many modules a transcript has at most: more than a person can follow.
    static let moduleLimit = 100

    /// Whether a name can stand before the mark of a line: as in a lab file (contract, Lab file).
    package static func isModuleName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.enumerated().allSatisfy { isModuleNameByte($1, isFirst: $0 == 0) }
    }

    static func isModuleNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."): !isFirst
        default: false
        }
    }

    /// The identifiers of the editions for which the transcript holds.
    public var editions: [String] { firmware?.words ?? ["0.21"] }

    /// What a module is called; nil for the one without a name.
    func name(of module: Int) -> String? { modules.isEmpty ? nil : modules[module] }
}
