/// What is wrong with a lab file, as far as it was noticed.
struct LabFileProblems {
    /// How many are kept; who has more has another trouble than the rest.
    static let limit = 100

    private var errors: [ConfigurationError] = []

    /// In the order of the lines.
    var sorted: [ConfigurationError] {
        // A stable sort, so that those of one line stay in the order in which they were found.
        errors.enumerated()
            .sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
            .map(\.element)
    }

    var count: Int { errors.count }

    mutating func add(_ error: ConfigurationError) {
        if errors.count < Self.limit { errors.append(error) }
    }

    /// The value of `body`; nil when it throws, which is noted.
    @discardableResult
    mutating func note<Value>(_ body: () throws(ConfigurationError) -> Value) -> Value? {
        do throws(ConfigurationError) { return try body() } catch {
            add(error)
            return nil
        }
    }
}
