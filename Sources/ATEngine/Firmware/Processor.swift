import ATPrimitives

extension Engine {
    /// Finds the command and its form in a line, which begins after the head, and runs it (reference 1.7).
    mutating func process(_ line: [UInt8]) -> Outcome {
        guard let end = Self.endOfName(in: line), let command = firmware.command(named: line.span.extracting(..<end))
        else { return .error }
        let next = end + 1 < line.count ? line[end + 1] : 0
        let afterNext = end + 2 < line.count ? line[end + 2] : 0
        switch line[end] {
        case UInt8(ascii: "\r"):
            return run(command.execute)
        case UInt8(ascii: "?"):
            return next == UInt8(ascii: "\r") ? run(command.query) : .error
        case UInt8(ascii: "=") where next == UInt8(ascii: "?") && afterNext == UInt8(ascii: "\r"):
            return run(command.test)
        default:
            guard let assignment = command.assignment else { return .error }
            var arguments = Arguments(line: line, from: end)
            return assignment.run(&self, &arguments)
        }
    }

    private mutating func run(_ handler: Command.Handler?) -> Outcome {
        guard let handler else { return .error }
        return handler(&self)
    }

    /// The name ends at the first CR, `=`, `?` or digit. A line without one has no name: the firmware's search runs into
    /// what an earlier line has left behind, and finds nothing that fits.
    private static func endOfName(in line: [UInt8]) -> Int? {
        for index in line.indices {
            switch line[index] {
            case UInt8(ascii: "\r"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                return index
            default:
                continue
            }
        }
        return nil
    }
}
