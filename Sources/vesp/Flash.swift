import ATFlash
import ArgumentParser
import Foundation

/// `vesp flash`: looks at flash files and changes them as a programmer changes a chip.
struct Flash: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at a flash file, erase it, or exchange it with esptool.",
        subcommands: [Information.self, Erase.self, Dump.self, Import.self])

    /// Does something with flash files; what stops it becomes an exit status (contract, Exit status).
    fileprivate static func perform<Value>(_ body: () throws(FlashFileError) -> Value) throws(Failure) -> Value {
        do throws(FlashFileError) { return try body() } catch { throw Failure(error) }
    }
}

extension Flash {
    /// `vesp flash info`: what a file holds, whatever it is.
    struct Information: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "info",
            abstract: "Print the layout, the settings in both copies, and the wear.",
            discussion: "A file that is no flash image is described as far as it goes.")

        @Argument(help: ArgumentHelp("A flash file that no vesp uses.", valueName: "file"))
        var file: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let report = try Flash.perform { () throws(FlashFileError) in
                FlashReport(try FlashInspection(path: file))
            }
            guard json else { return StandardOutput.write(report.lines.joined(separator: "\n")) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            StandardOutput.write(String(decoding: try encoder.encode(report), as: UTF8.self))
        }
    }

    /// `vesp flash erase`: a chip as it comes from the factory, but for its wear.
    struct Erase: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erase the whole flash; each sector has one more erase.")

        @Argument(help: ArgumentHelp("A flash file that no vesp uses.", valueName: "file"))
        var file: String

        func run() throws {
            try Flash.perform { () throws(FlashFileError) in try FlashFile.eraseAll(path: file) }
        }
    }

    /// `vesp flash dump`: the flash as esptool would read it.
    struct Dump: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the 512 KB image, as esptool would read it from a module.")

        @Argument(help: ArgumentHelp("A flash file that no vesp uses.", valueName: "file"))
        var file: String

        @Argument(help: ArgumentHelp("Where the image goes; a file that is there is replaced.", valueName: "image"))
        var image: String

        func run() throws {
            try Flash.perform { () throws(FlashFileError) in try FlashFile.dump(path: file, to: image) }
        }
    }

    /// `vesp flash import`: the flash of a real module.
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write an image of 524288 bytes that esptool has read from a module.",
            discussion: "A flash file that is made has no wear; in one that is there each sector has one more erase.")

        @Argument(help: ArgumentHelp("The flash file; made if it is missing.", valueName: "file"))
        var file: String

        @Argument(help: ArgumentHelp("The image: esptool read_flash 0 0x80000.", valueName: "image"))
        var image: String

        func run() throws {
            try Flash.perform { () throws(FlashFileError) in try FlashFile.importImage(path: file, from: image) }
        }
    }
}

extension Failure {
    init(_ error: FlashFileError) {
        let status: Status =
            switch error.kind {
            case .inUse, .unavailable: .unavailable
            case .invalid: .configuration
            case .io: .io
            }
        self.init(status, error.description)
    }
}
