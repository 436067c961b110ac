import Testing

@testable import VespLab

@Suite("A lab file with a mistake is refused with file, line, key and remedy")
struct LabFileRefusalTests {
    private func check(_ mistake: LabFileMistake) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try LabConfiguration(LabFile(path: "lab.yaml", bytes: Array(mistake.text.utf8)))
        }
        #expect(error.kind == .invalid)
        #expect(error.line == mistake.line)
        #expect(error.key == mistake.key)
        #expect(error.sentence == mistake.sentence)
        #expect(error.description.hasPrefix("lab.yaml:"))
        #expect(!error.description.contains("\n"), "it must be one line")
    }

    @Test("in its structure", arguments: LabFileMistake.structure)
    func structure(mistake: LabFileMistake) throws { try check(mistake) }

    @Test("in a module", arguments: LabFileMistake.modules)
    func module(mistake: LabFileMistake) throws { try check(mistake) }

    @Test("in an access point", arguments: LabFileMistake.accessPoints)
    func accessPoint(mistake: LabFileMistake) throws { try check(mistake) }

    @Test("in the network section", arguments: LabFileMistake.networks)
    func network(mistake: LabFileMistake) throws { try check(mistake) }

    @Test("in what only one can have", arguments: LabFileMistake.shared)
    func shared(mistake: LabFileMistake) throws { try check(mistake) }

    @Test("the whole description is one sentence with the place in front")
    func description() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try LabConfiguration(
                LabFile(path: "labs/a.yaml", bytes: Array(LabFileMistake.module("mac: \"18:fe\"").utf8)))
        }
        #expect(
            error.description
                == "labs/a.yaml:3: modules[0].mac: \"18:fe\" is not a MAC address; write six pairs of hex digits, such as "
                + "18:fe:34:00:00:01.")
    }

    @Test("more access points than the air has room for are refused")
    func tooManyAccessPoints() throws {
        let list = (0...256).map { "{ssid: n\($0)}" }.joined(separator: ", ")
        try check(
            LabFileMistake(
                "modules: [{name: esp}]\nair: {accessPoints: [\(list)]}", 2, "air.accessPoints",
                "there are 257 access points; give at most 256."))
    }
}
