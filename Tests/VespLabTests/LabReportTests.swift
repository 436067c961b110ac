import ATAir
import ATPrimitives
import Foundation
import Testing

@testable import VespLab

@Suite("What a lab comes to is shown before it runs")
struct LabReportTests {
    private static let text = """
        air:
          accessPoints:
            - {ssid: Home, password: secret12, bssid: "02:00:00:00:00:01", channel: 6, rssi: -48, subnet: 192.168.1.0/24,
               latency: 20ms, loss: 0.5%, position: [0, 0], range: 50, leaseTime: 2h}
            - {ssid: !!binary "SG9t/w==", bssid: "02:00:00:00:00:02", uplink: none}
        modules:
          - {name: "s{n}", count: 2, mac: "18:fe:34:00:00:{n}", serial: pty, timing: fast}
          - {name: far, mac: "18:fe:34:00:01:00", serial: "tcp:7001", position: [30, 40.5], latency: 1.5ms}
        network:
          allow: [127.0.0.0/8]
          guests: {192.168.4.50: "127.0.0.1:9000"}
        seed: 42
        """

    private func report() throws -> LabReport { try LabReport(lab(Self.text), path: "lab.yaml") }

    @Test("for people, in 100 columns")
    func lines() throws {
        let lines = try report().lines
        #expect(
            lines == [
                "lab.yaml: 3 modules, 2 access points, seed 42",
                "",
                "NETWORKS",
                "  SSID        BSSID              CH  SECURITY  SUBNET          GATEWAY  DHCP       UPLINK",
                "  Home        02:00:00:00:00:01  6   wpa2      192.168.1.0/24  .1       .100-.199  host",
                "  Hom\\xFF     02:00:00:00:00:02  1   open      10.77.1.0/24    .1       .100-.199  none",
                "  ESP_000000  1a:fe:34:00:00:00  1   open      192.168.4.0/24  .1       .2-.101    none",
                "  ESP_000001  1a:fe:34:00:00:01  1   open      192.168.4.0/24  .1       .2-.101    none",
                "  ESP_000100  1a:fe:34:00:01:00  1   open      192.168.4.0/24  .1       .2-.101    none",
                "",
                "LINKS, where they are not perfect",
                "  Home        latency 20ms, loss 0.5%, at [0, 0] m, heard up to 50 m, leases for 2h",
                "",
                "WHO HEARS WHOM",
                "  Home        -48 dBm: s0, s1; 1 of 3 not at all",
                "  Hom\\xFF     -50 dBm: every module",
                "  ESP_000000  -40 dBm: every other module",
                "  ESP_000001  -40 dBm: every other module",
                "  ESP_000100  -40 dBm: every other module",
                "",
                "WHAT WHO JOINS REACHES",
                "  Home        all others there; this computer at 192.168.1.1 and 127.0.0.1; of its network what is",
                "              allowed",
                "  Hom\\xFF     all others there; nothing beyond the subnet",
                "  ESP_000000  s0 at 192.168.4.1, all others there, guest 192.168.4.50 (127.0.0.1:9000)",
                "  ESP_000001  s1 at 192.168.4.1, all others there, guest 192.168.4.50 (127.0.0.1:9000)",
                "  ESP_000100  far at 192.168.4.1, all others there, guest 192.168.4.50 (127.0.0.1:9000)",
                "",
                "MODULES",
                "  NAME  STATION MAC        SOFTAP MAC         FIRMWARE  TIMING  SERIAL",
                "  s0    18:fe:34:00:00:00  1a:fe:34:00:00:00  0.21      fast    pty",
                "  s1    18:fe:34:00:00:01  1a:fe:34:00:00:01  0.21      fast    pty",
                "  far   18:fe:34:00:01:00  1a:fe:34:00:01:00  0.21      real    tcp:127.0.0.1:7001",
                "",
                "  far  at [30, 40.5] m, latency 1.5ms",
                "",
                "THIS COMPUTER",
                "  modules reach   127.0.0.0/8",
                "  servers are at  127.0.0.1",
            ])
        #expect(lines.allSatisfy { $0.count <= 100 })
    }

    @Test("for programs, with the same facts")
    func json() throws {
        let object = try JSONSerialization.jsonObject(with: Data(report().json.utf8))
        let root = try #require(object as? [String: Any])
        let networks = try #require(root["networks"] as? [[String: Any]])
        #expect(
            networks.map { $0["ssid"] as? String } == ["Home", "Hom\\xFF", "ESP_000000", "ESP_000001", "ESP_000100"])
        #expect(networks.map { $0["softAPOf"] as? String } == [nil, nil, "s0", "s1", "far"])
        #expect(networks[4]["settingsFrom"] as? String == "factory")
        let heardBy = try #require(networks[0]["heardBy"] as? [[String: Any]])
        #expect(heardBy.count == 1)
        #expect(heardBy[0]["dBm"] as? Int == -48)
        #expect(heardBy[0]["modules"] as? [String] == ["s0", "s1"])
        let reaches = try #require(networks[0]["reaches"] as? [String: Any])
        #expect(reaches["host"] as? Bool == true)
        #expect(reaches["loopback"] as? Bool == true)
        #expect((networks[1]["reaches"] as? [String: Any])?["host"] as? Bool == false)
        #expect((networks[2]["reaches"] as? [String: Any])?["modules"] as? [String] == ["s0", "s1", "far"])
        #expect(((networks[2]["reaches"] as? [String: Any])?["guests"] as? [Any])?.count == 1)
        #expect((root["modules"] as? [[String: Any]])?.map { $0["mac"] as? String }.last == "18:fe:34:00:01:00")
        #expect(root["seed"] as? Int == 42)
    }

    @Test("a flash file says what the module puts on the air and which network it joins")
    func flash() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vesp-lab-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        let path = directory + "/a.flash"
        #expect(try network(flash: path)?.source == .factory, "there is none yet")
        #expect(!FileManager.default.fileExists(atPath: path), "showing makes no file")
        try Data(repeating: 0xFF, count: 524_288).write(to: URL(fileURLWithPath: path))
        #expect(try network(flash: path)?.source == .flash)
        try Data("no flash".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try network(flash: path)?.source == .unreadable)
    }

    private func network(flash: String) throws -> (module: String, source: StartingModule.Source)? {
        try LabReport(lab("modules: [{name: esp, flash: \(flash)}]"), path: "lab.yaml").networks.first?.softAP
    }

    @Test("names are shown so that they harm no terminal")
    func names() {
        #expect(shown(Array("Zuhaus ä".utf8)) == "Zuhaus ä")
        #expect(shown([0x1B, 0x5B, 0x32, 0x4A]) == "\\x1B[2J")
        #expect(shown(Array("a\\b".utf8)) == "a\\\\b")
        #expect(shown([0x41, 0xC3]) == "A\\xC3")
        #expect(shown(Array("a\u{202E}b".utf8)) == "a\\xE2\\x80\\xAEb")
    }

    @Test("a wide table gives long names a line of their own")
    func wideNames() throws {
        let name = String(repeating: "n", count: 32)
        let lines = try LabReport(
            lab("modules: [{name: esp}]\nair: {accessPoints: [{ssid: \(name), subnet: 100.100.100.0/22}]}"), path: "x"
        ).lines
        #expect(lines.contains("  " + name))
        #expect(lines.allSatisfy { $0.count <= 100 })
    }
}
