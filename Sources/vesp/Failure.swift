import Glibc
import VespLab

/// The end of the program for a reason: one sentence for the person, and an exit status (contract, Exit status).
struct Failure: Error {
    enum Status: Int32 {
        case difference = 1
        case usage = 64
        case unavailable = 69
        case io = 74
        case configuration = 78
    }

    let status: Status
    /// Nil when everything has been said.
    let sentence: String?
    /// What can be done instead; nil when the sentence says it.
    private let help: String?

    init(_ status: Status, _ sentence: String?) {
        self.status = status
        self.sentence = sentence
        help = nil
    }

    /// - Parameter lab: the name of the lab; nil if it is the only one.
    init(_ error: LabError, lab: String? = nil) {
        let status: Status =
            switch error.kind {
            case .unavailable: .unavailable
            case .io: .io
            case .configuration: .configuration
            }
        let separator = error.module == nil ? ": " : "/"
        self.init(status, (lab.map { $0 + separator } ?? "") + error.description)
    }

    init(_ error: ConfigurationError) {
        self.init(error.kind == .invalid ? .configuration : .unavailable, error.description)
    }

    /// A command line that does not say what to do; the help is printed as it is.
    init(usage help: String) {
        status = .usage
        sentence = nil
        self.help = help
    }

    func exit() -> Never {
        if let help { StandardError.write(help) }
        if let sentence { StandardError.write("vesp: \(sentence)") }
        Glibc.exit(status.rawValue)
    }
}
