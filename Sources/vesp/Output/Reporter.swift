import Logging
import VespLab

/// Prints what labs have to tell, in the words of the contract.
struct Reporter: Sendable {
    private let isJSON: Bool
    private let printer: LinePrinter

    /// - Parameter usesStandardOutput: false when standard output is a serial line, which no event may disturb.
    init(isJSON: Bool, usesStandardOutput: Bool, logger: Logger) {
        self.isJSON = isJSON
        printer = LinePrinter { line in
            usesStandardOutput ? StandardOutput.write(line) : StandardError.write(line)
        } warn: {
            logger.warning("\($0)")
        }
    }

    /// - Parameter lab: the name of the lab; nil if it is the only one.
    func report(_ event: LabEvent, of lab: String?) {
        guard let line = isJSON ? event.json(lab: lab) : event.text(lab: lab) else { return }
        printer.print(line, isImportant: event.isReady)
    }

    /// Waits until all is printed, or for a second.
    func finish() { printer.drain() }
}

extension LabEvent {
    fileprivate var isReady: Bool {
        if case .ready = self { true } else { false }
    }
}
