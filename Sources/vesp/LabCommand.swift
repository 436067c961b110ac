import ArgumentParser
import VespLab

/// `vesp lab`: looks at lab files without running them.
struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Check a lab file, show what it comes to, or print its JSON Schema.",
        subcommands: [Check.self, Show.self, Schema.self])
}

extension LabCommand {
    /// `vesp lab check`: all that is wrong with lab files.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print all that is wrong with lab files.",
            discussion: """
                Each problem is a line FILE:LINE: KEY: SENTENCE on standard error; a file without one has a line on \
                standard output. The exit status is 78 if a file is wrong, else 69 if one cannot be read.
                """)

        @Argument(help: ArgumentHelp("Lab files.", valueName: "file"))
        var files: [String]

        func run() throws {
            var status: Failure.Status?
            for file in files {
                let problems = LabConfiguration.problems(ofFile: file)
                for problem in problems { StandardError.write(problem.description) }
                guard let first = problems.first else {
                    StandardOutput.write("\(file): ok")
                    continue
                }
                if status != .configuration { status = Failure(first).status }
            }
            if let status { throw Failure(status, nil) }
        }
    }

    /// `vesp lab show`: what a lab comes to.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the networks and modules of a lab, who hears whom and who reaches what.",
            discussion: "It is shown before any host says a word: as the flash files have it, or as from the factory.")

        @Argument(help: ArgumentHelp("A lab file.", valueName: "file"))
        var file: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let report: LabReport
            do {
                report = try LabReport(LabConfiguration.load(path: file), path: file)
            } catch let error as ConfigurationError {
                throw Failure(error)
            } catch let error as LabError {
                throw Failure(error)
            }
            StandardOutput.write(json ? report.json : report.lines.joined(separator: "\n"))
        }
    }

    /// `vesp lab schema`: the keys of a lab file for editors, or for people.
    struct Schema: ParsableCommand {
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case json
            case markdown
        }

        static let configuration = CommandConfiguration(
            abstract: "Print the JSON Schema of lab files, for editors that check YAML.")

        @Option(help: "json, or markdown: the tables of Documentation/Lab.md.")
        var format: Format = .json

        func run() {
            StandardOutput.write(format == .json ? LabSchema.json : LabSchema.markdown)
        }
    }
}
