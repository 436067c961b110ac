import ArgumentParser
import Glibc

/// The command line.
@main
struct Vesp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vesp",
        abstract: "A virtual ESP8266: the Espressif AT firmware 0.21 on a serial port.",
        version: "0.1.0",
        subcommands: [
            Run.self, LabCommand.self, Play.self, Commands.self, Flash.self, UpdateServerCommand.self,
        ])

    /// The entry point; what goes wrong becomes one sentence and an exit status of the contract.
    static func main() async {
        StandardDescriptors.open()
        DescriptorLimit.raise()
        // A reader that has gone is an error of the write, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            // Nothing was said to do, which a script must notice; help that was asked for ends with 0.
            guard type(of: command).configuration.subcommands.isEmpty else {
                throw Failure(usage: helpMessage(for: type(of: command)))
            }
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            failure.exit()
        } catch {
            exit(withError: error)
        }
    }
}
