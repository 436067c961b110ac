import ATPrimitives
import Testing

@testable import VespLab

@Suite("Addresses of a lab file lead to one place each")
struct LabFileAddressTests {
    /// Two access points, the second with its subnet on line 8.
    private static func two(_ first: String, _ second: String) -> String {
        """
        modules: [{name: esp}]
        air:
          accessPoints:
            - ssid: One
              \(first)
            - ssid: Two
              channel: 6
              \(second)

        """
    }

    /// A guest on line 8, and an access point of 192.168.1.0/24 with a range.
    private static func guest(_ line: String, policy: String = "deny: []") -> String {
        """
        modules: [{name: esp}]
        air:
          accessPoints:
            - {ssid: Home, subnet: 192.168.1.0/24, dhcp: 192.168.1.100-192.168.1.199}
        network:
          \(policy)
          guests:
            \(line)

        """
    }

    @Test(
        "two networks with addresses in common are refused",
        arguments: [
            ("subnet: 192.168.1.0/24", "subnet: 192.168.1.0/24", "192.168.1.0/24"),
            ("subnet: 10.0.0.0/8", "subnet: 10.1.0.0/16", "10.0.0.0/8"),
            ("subnet: 10.1.0.0/16", "subnet: 10.0.0.0/8", "10.1.0.0/16"),
            ("channel: 1", "subnet: 10.77.1.0/24", "10.77.1.0/24"),
            ("channel: 1", "subnet: 10.0.0.0/8", "10.77.1.0/24"),
        ])
    func overlaps(first: String, second: String, shown: String) throws {
        let error = try refusal(Self.two(first, second))
        #expect(error.line == 8)
        #expect(error.key == "air.accessPoints[1].subnet")
        let line = first.hasPrefix("subnet") ? 5 : 4
        #expect(
            error.sentence
                == "the subnet overlaps \(shown) of air.accessPoints[0] (line \(line)), which is another network; give one "
                + "of them another, or both the same ssid and subnet.")
    }

    @Test("networks side by side, two access points of one network, and the subnet of softAPs are right")
    func noOverlap() throws {
        _ = try lab(Self.two("subnet: 192.168.0.0/24", "subnet: 192.168.1.0/24"))
        _ = try lab(Self.two("channel: 2", "hidden: true"))
        _ = try lab(Self.two("subnet: 192.168.4.0/24", "subnet: 10.77.2.0/24"))
        _ = try lab(
            Self.two("subnet: 192.168.1.0/24", "subnet: 192.168.1.0/24").replacing("ssid: Two", with: "ssid: One"))
    }

    @Test("a range with nothing but the gateway in it is refused")
    func emptyPool() throws {
        let error = try refusal(
            Self.two("subnet: 192.168.1.0/24\n      dhcp: 192.168.1.1-192.168.1.1", "hidden: false"))
        #expect(error.line == 6)
        #expect(error.key == "air.accessPoints[0].dhcp")
        #expect(
            error.sentence
                == "the range holds nothing but the gateway 192.168.1.1; give addresses from 192.168.1.2 to 192.168.1.254, "
                + "or none.")
    }

    @Test("an access point may not have the MAC of a module's station or softAP")
    func moduleMAC() throws {
        for mac in ["18:fe:34:00:00:01", "1a:fe:34:00:00:01"] {
            let error = try refusal(
                "modules: [{name: esp, mac: \"18:fe:34:00:00:01\"}]\nair:\n  accessPoints:\n    - ssid: a\n      bssid: \(mac)\n"
            )
            #expect(error.line == 5)
            #expect(error.key == "air.accessPoints[0].bssid")
            #expect(error.sentence == "modules[0] has the MAC address \"\(mac)\" too; give it another.")
        }
    }

    @Test("a guest has an address in a simulated network and a program on this computer")
    func guests() throws {
        let guests = try lab(
            Self.guest("{192.168.4.50: \"127.0.0.1:9000\", 192.168.1.7: \"localhost:80\", 192.168.1.8: \"10.0.0.1:1\"}")
        ).guests
        #expect(
            guests == [
                Guest(
                    address: IPv4Address(192, 168, 4, 50), program: Endpoint(address: .loopback, port: 9_000)),
                Guest(address: IPv4Address(192, 168, 1, 7), program: Endpoint(address: .loopback, port: 80)),
                Guest(
                    address: IPv4Address(192, 168, 1, 8),
                    program: Endpoint(address: IPv4Address(10, 0, 0, 1), port: 1)),
            ])
    }

    @Test(
        "a guest that would be nobody, or somebody else, is refused",
        arguments: [
            (
                "10.9.9.9",
                "10.9.9.9 is in no subnet of the lab; choose one of an access point's subnet, or of 192.168.4.0/24 for softAPs."
            ),
            ("192.168.1.1", "192.168.1.1 is the gateway of 192.168.1.0/24; choose another address."),
            ("192.168.4.1", "192.168.4.1 is the gateway of 192.168.4.0/24; choose another address."),
            ("192.168.1.0", "192.168.1.0 is the address of the whole subnet 192.168.1.0/24; choose another."),
            ("192.168.4.255", "192.168.4.255 is the address of the whole subnet 192.168.4.0/24; choose another."),
            (
                "192.168.1.150",
                "192.168.1.150 is in the DHCP range 192.168.1.100-192.168.1.199 of air.accessPoints[0], which may give it "
                    + "to another; choose one outside, or change dhcp."
            ),
            ("esp", "\"esp\" is not an IPv4 address; write one such as 192.168.4.50."),
        ])
    func badGuest(address: String, sentence: String) throws {
        let error = try refusal(Self.guest("\(address): 127.0.0.1:9000"))
        #expect(error.line == 8)
        #expect(error.key == "network.guests.\(address)")
        #expect(error.sentence == sentence)
    }

    @Test("a guest is there once, and its program is an address and a port")
    func badPrograms() throws {
        #expect(
            try refusal(Self.guest("{192.168.4.50: \"127.0.0.1:1\", 192.168.4.050: \"127.0.0.1:2\"}")).sentence
                == "the address is there already; keep one.")
        for program in ["127.0.0.1", "127.0.0.1:0", "example.com:80", "0.0.0.0:80", ":80", "127.0.0.1:65536"] {
            let error = try refusal(Self.guest("192.168.4.50: \"\(program)\""))
            #expect(
                error.sentence
                    == "\"\(program)\" is not where a program listens; write its address and port, such as "
                    + "127.0.0.1:9000.")
        }
    }

    @Test("a program beyond loopback obeys allow and deny")
    func policy() throws {
        let line = "192.168.4.50: \"10.0.0.1:80\""
        #expect(try lab(Self.guest(line, policy: "allow: [10.0.0.0/8]")).guests.count == 1)
        let error = try refusal(Self.guest(line, policy: "allow: [127.0.0.0/8]"))
        #expect(
            error.sentence
                == "network.allow and network.deny forbid 10.0.0.1; allow it, or give a program on loopback.")
        #expect(throws: ConfigurationError.self) { try lab(Self.guest(line, policy: "deny: [10.0.0.1]")) }
        #expect(try lab(Self.guest("192.168.4.50: \"127.0.0.1:80\"", policy: "allow: []")).guests.count == 1)
    }
}
