import FoundationEssentials

/// A transcript on disk: read, run on the engine, and written anew if asked.
public struct TranscriptFile: Sendable, Hashable {
    /// The environment variable that asks for recording when it is `1` (transcript format, Time).
    public static let recordingVariable = "RECORD_TRANSCRIPTS"

    /// As the caller gave it; errors and differences name it so.
    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// Whether the environment asks for recording.
    public static var isRecordingRequested: Bool {
        ProcessInfo.processInfo.environment[recordingVariable] == "1"
    }

    /// Reads the transcript.
    /// - Throws: `TranscriptError` if the file can't be read or is not in the format.
    public func load() throws(TranscriptError) -> Transcript {
        let contents: [UInt8]
        do {
            contents = [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw TranscriptError(
                file: path, line: 0, problem: "the file cannot be read: \(Self.reason(error))",
                remedy: "name a transcript that exists and may be read")
        }
        return try Transcript(parsing: contents, file: path)
    }

    /// Runs the transcript on the engine with each edition for which it holds.
    /// - Parameter isRecording: whether the file's `<` and `~` lines are first written anew, from the first of its
    ///   editions.
    /// - Throws: `TranscriptError` if the file can't be read, is not in the format, or cannot be written.
    public func run(isRecording: Bool = false) throws(TranscriptError) -> [CaseResult] {
        var transcript = try load()
        if isRecording, let first = try Runner.editions(of: transcript).first {
            let recorded = Recorder(firmware: first).record(transcript)
            try write(recorded)
            transcript = try Transcript(parsing: recorded, file: path)
        }
        return try Runner.run(transcript)
    }

    private func write(_ bytes: [UInt8]) throws(TranscriptError) {
        do {
            let url = URL(filePath: path)
            guard try Data(contentsOf: url) != Data(bytes) else { return }
            try Data(bytes).write(to: url, options: .atomic)
        } catch {
            throw TranscriptError(
                file: path, line: 0, problem: "the file cannot be written: \(Self.reason(error))",
                remedy: "make it writable, or unset \(Self.recordingVariable)")
        }
    }

    /// What Foundation says, without its codes and the path that stands in front anyway.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? CocoaError else { return "\(error)" }
        switch error.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: return "it does not exist"
        case .fileReadNoPermission, .fileWriteNoPermission: return "permission denied"
        default: return error.underlying.map { "\($0)" } ?? "error \(error.code.rawValue)"
        }
    }
}
