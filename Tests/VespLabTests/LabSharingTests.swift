import Foundation
import Testing

@testable import VespLab

@Suite("Labs of one process have nothing that only one can have")
struct LabSharingTests {
    private func refusal(_ first: String, _ second: String, paths: (String, String) = ("a.yaml", "b.yaml")) -> String? {
        do {
            let labs = [
                (path: paths.0, lab: try lab(first, path: paths.0)),
                (path: paths.1, lab: try lab(second, path: paths.1)),
            ]
            try LabConfiguration.checkNothingIsShared(among: labs)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("names and MACs may be the same, each lab has its own air")
    func names() {
        let text = "modules: [{name: esp, serial: pty, mac: \"18:fe:34:00:00:01\", forward: [\"0:80\"]}]"
        #expect(refusal(text, text) == nil)
    }

    @Test("a serial port, a flash file and a forwarded port are refused with both files")
    func things() {
        #expect(
            refusal("modules: [{name: a, serial: \"tcp:7001\"}]", "modules: [{name: b, serial: \"rfc2217:7001\"}]")
                == "b.yaml: b has the serial port \"tcp:127.0.0.1:7001\", and so has a of a.yaml; give one of them another."
        )
        #expect(
            refusal("modules: [{name: a, serial: stdio}]", "modules: [{name: b, serial: stdio}]")
                == "b.yaml: b has the serial port \"stdio\", and so has a of a.yaml; give one of them another.")
        #expect(
            refusal("modules: [{name: a, flash: x}]", "modules: [{name: b, flash: ./x}]")
                == "b.yaml: b has the flash file \"x\", and so has a of a.yaml; give one of them another.")
        #expect(
            refusal(
                "modules: [{name: a, forward: [\"8080:80\"]}]", "modules: [{name: b, forward: [\"127.0.0.1:8080:81\"]}]"
            )
                == "b.yaml: b has the forwarded host port 127.0.0.1:8080, and so has a of a.yaml; give one of them another."
        )
    }

    @Test("a terminal's link is the same by whatever way it is reached")
    func paths() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vesp-lab-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: directory + "/sub", withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        try FileManager.default.createSymbolicLink(
            atPath: directory + "/alias", withDestinationPath: directory + "/sub")
        let esp = "modules: [{name: esp}]"
        #expect(refusal(esp, esp, paths: (directory + "/sub/a.yaml", directory + "/alias/b.yaml")) != nil)
        #expect(
            refusal(
                esp, "modules: [{name: x, serial: \"pty:../sub/esp.tty\"}]",
                paths: (directory + "/sub/a.yaml", directory + "/alias/b.yaml")) != nil)
        #expect(refusal(esp, esp, paths: (directory + "/sub/a.yaml", directory + "/b.yaml")) == nil)
    }

    @Test("within one lab, too")
    func within() throws {
        let error = try VespLabTests.refusal(
            "modules:\n  - {name: a, flash: /tmp/x}\n  - {name: b, flash: /tmp/../tmp/x}\n")
        #expect(error.sentence == "modules[0] has the flash file \"/tmp/../tmp/x\" too; give each its own.")
    }
}
