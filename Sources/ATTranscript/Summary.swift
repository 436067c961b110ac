/// How one case went.
public struct CaseResult: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        case passed
        /// The first thing that differed; what follows it in the case says nothing any more.
        case failed(Difference)
        /// What it needs and there is not, as a clause.
        case skipped(reason: String)
    }

    public let file: String
    /// The line of `==`, counted from 1.
    public let line: Int
    /// Empty in a file without cases.
    public let name: String
    /// The identifier of the edition.
    public let firmware: String
    public let outcome: Outcome

    public init(file: String, line: Int, name: String, firmware: String, outcome: Outcome) {
        self.file = file
        self.line = line
        self.name = name
        self.firmware = firmware
        self.outcome = outcome
    }
}

/// How a number of cases went, for the command line and for tests.
public struct Summary: Sendable, Hashable {
    public private(set) var results: [CaseResult] = []

    public init() {}

    public mutating func add(_ results: [CaseResult]) {
        self.results += results
    }

    /// Cases that ran, passed or not.
    public var runCount: Int { passedCount + failedCount }
    public var passedCount: Int { results.count { $0.outcome == .passed } }
    public var failedCount: Int { differences.count }
    public var skippedCount: Int { results.count - runCount }

    public var differences: [Difference] {
        results.compactMap { result in
            if case .failed(let difference) = result.outcome { difference } else { nil }
        }
    }

    /// Text for people: each difference (`file:line: …`, then what was expected and what came), each skipped case with
    /// its reason, and one line of counts at the end.
    public var lines: [String] {
        var lines: [String] = []
        for result in results {
            switch result.outcome {
            case .passed: break
            case .failed(let difference):
                let differenceLines = difference.lines
                lines += differenceLines.prefix(1).map { $0 + context(of: result) }
                lines += differenceLines.dropFirst()
            case .skipped(let reason):
                lines.append("\(result.file):\(result.line): skipped: \(reason)" + context(of: result))
            }
        }
        lines.append(
            "\(results.count) cases: \(passedCount) passed, \(failedCount) failed, \(skippedCount) skipped")
        return lines
    }

    private func context(of result: CaseResult) -> String {
        result.name.isEmpty ? " (\(result.firmware))" : " (\(result.firmware), case \"\(result.name)\")"
    }
}
