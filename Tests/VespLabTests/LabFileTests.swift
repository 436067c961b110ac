import ATAir
import ATNetwork
import ATPrimitives
import ATSerial
import Foundation
import Testing

@testable import VespLab

@Suite("A lab file describes a lab")
struct LabFileTests {
    /// Reads a lab from text, as if it were in the file `lab.yaml` of the working directory.
    private func lab(_ text: String, path: String = "lab.yaml") throws -> LabConfiguration {
        try LabConfiguration(LabFile(path: path, bytes: Array(text.utf8)))
    }

    /// The example of the contract, verbatim.
    private static let example = """
        air:
          accessPoints:
            - ssid: Home
              password: secret12        # omitted: open
              security: wpa2            # open | wep | wpa | wpa2 | wpaWpa2
              channel: 6
              rssi: -48                 # dBm
              bssid: 02:00:00:00:00:01  # omitted: from the SSID
              hidden: false
              subnet: 192.168.1.0/24
              dhcp: 192.168.1.100-192.168.1.199   # or: none
              uplink: host              # host | none
        modules:
          - name: sensor
            serial: pty:./sensor.tty
            firmware: "0.21"
            flash: ./sensor.flash
            mac: 18:fe:34:00:00:01
            timing: fast
            strictBugs: false
            forward: ["8080:80"]
          - name: gateway
            serial: tcp:127.0.0.1:7001
        network:
          bind: 127.0.0.1
          allow: ["0.0.0.0/0"]          # what modules may reach on the host's network
          deny: []                      # refused at once; the gateway alias obeys the rule for 127.0.0.1
          hosts: { api.example.com: 127.0.0.1 }
        seed: 42

        """

    @Test("the example of the contract is read word for word")
    func contractExample() throws {
        let lab = try lab(Self.example)
        let home = AccessPoint(
            ssid: Array("Home".utf8), bssid: MACAddress(value: 0x0200_0000_0001), channel: 6, rssi: -48,
            security: .wpa2,
            password: Array("secret12".utf8), isHidden: false,
            subnet: Subnet(containing: IPv4Address(192, 168, 1, 0), prefixLength: 24),
            leases: .range(IPv4Address(192, 168, 1, 100)...IPv4Address(192, 168, 1, 199)), uplink: .host)
        #expect(lab.accessPoints == [home])
        var sensor = ModuleConfiguration(name: "sensor")
        sensor.serial = .pseudoTerminal(link: "./sensor.tty")
        sensor.flash = "./sensor.flash"
        sensor.mac = MACAddress(value: 0x18FE_3400_0001)
        sensor.timing = .fast
        sensor.forwards = [Forward(hostPort: 8080, modulePort: 80)]
        var gateway = ModuleConfiguration(name: "gateway")
        gateway.serial = .tcp(host: "127.0.0.1", port: 7001)
        #expect(lab.modules == [sensor, gateway])
        #expect(lab.network == NetworkPolicy(hosts: ["api.example.com": .address(.loopback)]))
        #expect(lab.seed == 42)
    }

    @Test("a module needs only a name, and a lab only a module")
    func defaults() throws {
        let lab = try lab("modules: [{name: esp}]")
        let module = try #require(lab.modules.first)
        #expect(lab.modules.count == 1)
        #expect(module.serial == .pseudoTerminal(link: "./esp.tty"))
        #expect(module.firmware == .shipped)
        #expect(module.flash == nil)
        #expect(module.mac == .station(ofModule: "esp"))
        #expect(module.timing == .real)
        #expect(!module.strictBugs)
        #expect(module.forwards.isEmpty)
        #expect(lab.accessPoints.isEmpty, "a lab has no default access point")
        #expect(lab.network == NetworkPolicy())
        #expect(lab.seed == nil)
    }

    @Test("relative paths are taken from the directory of the lab file")
    func relativePaths() throws {
        let text = """
            modules:
              - {name: a, flash: a.flash}
              - {name: b, serial: "unix:run/b", flash: /var/b.flash}
              - {name: c, serial: "device:/dev/ttyUSB0"}
            """
        let modules = try lab(text, path: "labs/home/lab.yaml").modules
        #expect(modules[0].serial == .pseudoTerminal(link: "labs/home/a.tty"))
        #expect(modules[0].flash == "labs/home/a.flash")
        #expect(modules[1].serial == .unix(path: "labs/home/run/b"))
        #expect(modules[1].flash == "/var/b.flash")
        #expect(modules[2].serial == .device(path: "/dev/ttyUSB0"))
        #expect(try lab(text, path: "/lab.yaml").modules[0].serial == .pseudoTerminal(link: "/a.tty"))
    }

    @Test("the firmware may be written without quotes", arguments: ["0.21", "\"0.21\"", "'0.21'"])
    func unquotedFirmware(text: String) throws {
        #expect(try lab("modules: [{name: esp, firmware: \(text)}]").modules[0].firmware == .shipped)
    }

    @Test("texts that look like numbers keep their digits")
    func digits() throws {
        let lab = try lab(
            """
            air: {accessPoints: [{ssid: 0042, password: 00012345}]}
            modules: [{name: 7, mac: 18:10:34:00:00:02, forward: [8080:22]}]
            """)
        #expect(lab.accessPoints[0].ssid == Array("0042".utf8))
        #expect(lab.accessPoints[0].password == Array("00012345".utf8))
        #expect(lab.modules[0].name == "7")
        #expect(lab.modules[0].mac == MACAddress(value: 0x1810_3400_0002))
        #expect(lab.modules[0].forwards == [Forward(hostPort: 8080, modulePort: 22)])
    }

    @Test("an access point with a password is WPA2, one without is open")
    func security() throws {
        let lab = try lab(
            """
            air:
              accessPoints:
                - {ssid: a}
                - {ssid: b, password: 12345678}
                - {ssid: c, password: "\(String(repeating: "0123456789abcDEF", count: 4))", security: wpaWpa2}
                - {ssid: d, password: abcde, security: wep}
                - {ssid: e, password: 0123456789, security: wep}
                - {ssid: f, password: "\(String(repeating: "x", count: 63))", security: wpa}
                - {ssid: g, security: open}
            modules: [{name: esp}]
            """)
        #expect(lab.accessPoints.map(\.security) == [.open, .wpa2, .wpaWpa2, .wep, .wep, .wpa, .open])
        #expect(lab.accessPoints.map(\.password.count) == [0, 8, 64, 5, 10, 63, 0])
    }

    @Test("what an access point leaves out has the air's own default")
    func accessPointDefaults() throws {
        let lab = try lab(
            """
            air: {accessPoints: [{ssid: a}, {ssid: b, dhcp: none, uplink: none, hidden: yes, channel: 14, rssi: -100}]}
            modules: [{name: esp}]
            """)
        #expect(lab.accessPoints[0] == AccessPoint(ssid: [0x61]))
        #expect(
            lab.accessPoints[1]
                == AccessPoint(
                    ssid: [0x62], channel: 14, rssi: -100, isHidden: true, leases: AccessPoint.Leases.none,
                    uplink: AccessPoint.Uplink.none))
    }

    @Test("the network section says what may be reached and what names mean")
    func network() throws {
        let lab = try lab(
            """
            modules: [{name: esp}]
            network:
              bind: 0.0.0.0
              allow: [10.0.0.0/8, 192.168.1.7]
              deny: ["10.1.0.0/16"]
              hosts:
                a.example.: 10.0.0.1
                B.example: fails
            seed: 18446744073709551615
            """)
        #expect(
            lab.network
                == NetworkPolicy(
                    bind: .any,
                    allow: [
                        Subnet(containing: IPv4Address(10, 0, 0, 0), prefixLength: 8),
                        Subnet(containing: IPv4Address(192, 168, 1, 7), prefixLength: 32),
                    ],
                    deny: [Subnet(containing: IPv4Address(10, 1, 0, 0), prefixLength: 16)],
                    hosts: ["a.example": .address(IPv4Address(10, 0, 0, 1)), "b.example": .fails]))
        #expect(lab.seed == .max)
    }

    @Test("ports that the system picks, and pseudo-terminals without a link, may be many")
    func manyFreePorts() throws {
        let lab = try lab(
            """
            modules:
              - {name: a, serial: "tcp:0", forward: ["0:80", "0:80"]}
              - {name: b, serial: "tcp:0", forward: ["0:80"]}
              - {name: c, serial: pty}
              - {name: d, serial: pty}
            """)
        #expect(lab.modules.count == 4)
    }

    @Test("a lab file is loaded from the disk")
    func load() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vesp-lab-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: directory) } }
        let path = directory.appendingPathComponent("lab.yaml").path
        try Data(Self.example.utf8).write(to: URL(fileURLWithPath: path))
        let lab = try LabConfiguration.load(path: path)
        #expect(lab.modules[0].flash == directory.path + "/sensor.flash")
        let error = try #require(throws: ConfigurationError.self) { try LabConfiguration.load(path: directory.path) }
        #expect(error.kind == .invalid)
        #expect(error.description == "\(directory.path): this is a directory; give the path of a lab file.")
        let missing = try #require(throws: ConfigurationError.self) {
            try LabConfiguration.load(path: directory.path + "/none.yaml")
        }
        #expect(missing.kind == .unavailable)
        #expect(missing.description.contains("cannot be read (No such file or directory); give the path"))
        #expect(throws: ConfigurationError.self) { try LabConfiguration.load(path: "/dev/zero") }
    }
}
