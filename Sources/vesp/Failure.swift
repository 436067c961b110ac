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

    init(_ status: Status, _ sentence: String?) {
        self.status = status
        self.sentence = sentence
    }

    init(_ error: LabError) {
        let status: Status =
            switch error.kind {
            case .unavailable: .unavailable
            case .io: .io
            case .configuration: .configuration
            }
        self.init(status, error.description)
    }

    init(_ error: ConfigurationError) {
        self.init(error.kind == .invalid ? .configuration : .unavailable, error.description)
    }

    func exit() -> Never {
        if let sentence { StandardError.write("vesp: \(sentence)") }
        Glibc.exit(status.rawValue)
    }
}
