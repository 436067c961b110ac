import Foundation
import Testing

@testable import VespLab

@Suite("All that is wrong with a lab file is told at once")
struct LabFileProblemsTests {
    private func problems(_ text: String) throws -> [String] {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vesp-lab-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: directory) } }
        let path = directory.appendingPathComponent("lab.yaml").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return LabConfiguration.problems(ofFile: path).map { problem in
            #expect(problem.file == path)
            return "\(problem.line ?? 0) \(problem.key ?? "")"
        }
    }

    @Test("each mistake has its line, in the order of the file")
    func all() throws {
        let text = """
            modules:
              - name: a/b
                serail: pty
              - mac: 18
              - name: ok
                timing: slow
                uart: strict
            air:
              accessPoints:
                - {ssid: "", channel: 99}
                - {channel: 1}
                - {ssid: x, password: short}
            network: {bind: here, guests: {a: b}}
            seed: no
            sead: 1
            """
        let found = try problems(text)
        #expect(
            found == [
                "2 modules[0].name", "3 modules[0].serail", "4 modules[1].name", "4 modules[1].mac",
                "6 modules[2].timing",
                "10 air.accessPoints[0].ssid", "10 air.accessPoints[0].channel", "11 air.accessPoints[1].ssid",
                "12 air.accessPoints[2].password", "13 network.bind", "13 network.guests.a", "14 seed", "15 sead",
            ])
    }

    @Test("the whole is looked at only when the parts are right, so that one mistake is told once")
    func parts() throws {
        let text = "modules:\n  - {name: a, serial: stdio}\n  - {name: b, serial: stdio}\n"
        #expect(try problems(text) == ["3 modules[1].serial"])
        #expect(try problems(text + "seed: no\n") == ["4 seed"])
        #expect(try problems("modules: [{name: \"s{n}\", count: 9, timing: slow}]") == ["1 modules[0].timing"])
    }

    @Test("a good file has none, and one that is not there has one")
    func others() throws {
        #expect(try problems("modules: [{name: esp}]").isEmpty)
        #expect(LabConfiguration.problems(ofFile: "/nowhere.yaml").map(\.kind) == [.unavailable])
    }

    @Test("a file of nothing but mistakes has as many as anybody reads")
    func limit() throws {
        let lines = (0..<1_000).map { "  - {name: m\($0), colour: red}" }.joined(separator: "\n")
        #expect(try problems("modules:\n" + lines).count == LabFileProblems.limit)
    }
}
