import ATEngine
import ArgumentParser
import Foundation

/// `vesp commands`: the command table, from the table itself.
struct Commands: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the command table: names, forms, parameters with their ranges, sections of the manual.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case markdown
        case json
    }

    @Option(help: "The firmware: 0.21 or 0.21-manual.")
    var firmware: String = "0.21"

    @Option(help: "text, markdown or json.")
    var format: Format = .text

    func run() throws {
        guard let edition = Firmware.all.first(where: { "\($0.identifier)" == firmware }) else {
            throw Failure(.usage, "--firmware: there is no firmware \"\(firmware)\"; give 0.21 or 0.21-manual.")
        }
        let entries = edition.commands.map(CommandEntry.init)
        switch format {
        case .text: for entry in entries { StandardOutput.write(entry.text) }
        case .markdown: StandardOutput.write(Self.markdown(entries, edition: firmware))
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            StandardOutput.write(String(decoding: try encoder.encode(entries), as: UTF8.self))
        }
    }

    private static func markdown(_ entries: [CommandEntry], edition: String) -> String {
        var lines = [
            "# Commands of firmware \(edition)", "",
            "Made by `vesp commands --format markdown` from the command table; do not edit.", "",
            "| command | test `=?` | query `?` | set | execute | parameters of the set form | manual |",
            "|---|---|---|---|---|---|---|",
        ]
        for entry in entries {
            let forms = ["test", "query", "set", "execute"].map { entry.forms.contains($0) ? "x" : "" }
            let parameters = entry.parameters.map { parameter in
                "\(parameter.name): \(parameter.values)\(parameter.isOptional ? ", optional" : "")"
            }
            let cells = ["`AT\(entry.name)`"] + forms + [parameters.joined(separator: "<br>"), entry.section]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }
}

/// One entry of the table in words.
private struct CommandEntry: Encodable {
    struct Parameter: Encodable {
        let name: String
        let values: String
        let isOptional: Bool
    }

    let name: String
    let section: String
    let forms: [String]
    let parameters: [Parameter]
    private let isSetByDigit: Bool

    init(_ command: Command) {
        name = "\(command.name)"
        section = command.section.utf8CodeUnitCount > 0 ? "\(command.section)" : "not in the manual"
        let all = [
            ("test", command.hasTest), ("query", command.hasQuery), ("set", command.hasSet),
            ("execute", command.hasExecute),
        ]
        forms = all.filter(\.1).map(\.0)
        parameters = command.fields.map {
            Parameter(name: "\($0.name)", values: $0.values.words, isOptional: $0.isOptional)
        }
        isSetByDigit = command.isSetByDigit
    }

    private enum CodingKeys: String, CodingKey {
        case name, section, forms, parameters
    }

    /// The parameters of the set form with their commas: `[<id>,]<length>`, `<mode>[,<port>]`.
    private var signature: String {
        var signature = ""
        var needsComma = false
        for (index, parameter) in parameters.enumerated() {
            let leads = parameter.isOptional && parameters[(index + 1)...].contains { !$0.isOptional }
            let comma = needsComma ? "," : ""
            if leads {
                signature += "[<\(parameter.name)>,]"
            } else if parameter.isOptional {
                signature += "[\(comma)<\(parameter.name)>]"
            } else {
                signature += "\(comma)<\(parameter.name)>"
            }
            needsComma = !leads
        }
        return signature
    }

    /// One line for each form, then one for each parameter.
    var text: String {
        let spellings = forms.map { form in
            switch form {
            case "test": "AT\(name)=?"
            case "query": "AT\(name)?"
            case "set": isSetByDigit ? "AT\(name)\(signature)" : "AT\(name)=\(signature)"
            default: "AT\(name)"
            }
        }
        var lines = ["AT\(name)  (\(section))", "    " + spellings.joined(separator: "   ")]
        for parameter in parameters {
            lines.append("    <\(parameter.name)>  \(parameter.values)\(parameter.isOptional ? ", optional" : "")")
        }
        return lines.joined(separator: "\n")
    }
}

extension Field.Values {
    /// What a field may hold, in words.
    fileprivate var words: String {
        switch self {
        case .number(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .oneOf(let numbers): "one of " + numbers.map { "\($0)" }.joined(separator: ", ")
        case .quoted(let range): "string of \(range.lowerBound) to \(range.upperBound) bytes in quotes"
        case .words(let words): "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
        case .macAddress: "MAC address in quotes"
        case .address: "IPv4 address in quotes"
        }
    }
}
