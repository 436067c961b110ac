import ATAir
import ATNetwork
import ATPrimitives
import Testing

@testable import VespLab

@Suite("Values of the command line are read by the rules of the lab file")
struct LabFileOptionTests {
    @Test("an access point is split at the first colon")
    func splitAccessPoint() throws {
        #expect(try accessPoint("Home") == AccessPoint(ssid: Array("Home".utf8)))
        #expect(try accessPoint("Home:") == AccessPoint(ssid: Array("Home".utf8)))
        let secured = try accessPoint("My Net:a:b:c:d:e")
        #expect(secured == AccessPoint(ssid: Array("My Net".utf8), security: .wpa2, password: Array("a:b:c:d:e".utf8)))
        #expect(secured.uplink == .host)
        let key = String(repeating: "0f", count: 32)
        #expect(try accessPoint("Home:" + key).password.count == 64)
        #expect(try accessPoint("vesp:vespvesp") == .standard)
    }

    @Test(
        "a password that fits no WPA2 network leaves the network open, with a warning",
        arguments: ["short", String(repeating: "g", count: 64)])
    func openAccessPoint(password: String) throws {
        var warnings: [String] = []
        let accessPoint = try AccessPoint(option: "Home:" + password) { warnings.append($0) }
        #expect(accessPoint == AccessPoint(ssid: Array("Home".utf8)))
        let sentence =
            "the access point \"Home\" is open, since the password has \(password.count) characters; give 8 to 63, or 64 "
            + "hex digits, or none for an open network."
        #expect(warnings == [sentence])
    }

    /// An access point without a warning.
    private func accessPoint(_ text: String) throws -> AccessPoint {
        try AccessPoint(option: text) { Issue.record("warned: \($0)") }
    }

    @Test(
        "an access point that cannot be is refused in one sentence",
        arguments: [
            ("", "\"\" has 0 bytes, and an SSID has 1 to 32; choose another name."),
            (":secret12", "\"\" has 0 bytes, and an SSID has 1 to 32; choose another name."),
            (
                String(repeating: "n", count: 33),
                "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\" has 33 bytes, and an SSID has 1 to 32; choose another name."
            ),
        ])
    func badAccessPoint(text: String, sentence: String) throws {
        let error = try #require(throws: InvalidValue.self) { try AccessPoint(option: text) { _ in } }
        #expect(error.description == sentence)
    }

    @Test("a forward has two ports and perhaps a host")
    func forward() throws {
        #expect(try Forward(option: "8080:80") == Forward(hostPort: 8080, modulePort: 80))
        #expect(try Forward(option: "0:65535") == Forward(hostPort: 0, modulePort: 65535))
        #expect(try Forward(option: "0.0.0.0:1:2") == Forward(host: .any, hostPort: 1, modulePort: 2))
        #expect(try Forward(option: "localhost:1:2") == Forward(host: .loopback, hostPort: 1, modulePort: 2))
    }

    @Test(
        "a forward that cannot be is refused in one sentence",
        arguments: [
            ("", "\"\" is not a forward; write [HOST:]PORT:MODULEPORT, such as 8080:80 or 0.0.0.0:8080:80."),
            ("80", "\"80\" is not a forward; write [HOST:]PORT:MODULEPORT, such as 8080:80 or 0.0.0.0:8080:80."),
            (
                "[::1]:80:80",
                "\"[::1]:80:80\" is not a forward; write [HOST:]PORT:MODULEPORT, such as 8080:80 or 0.0.0.0:8080:80."
            ),
            ("80:0", "\"0\" is not a port of the module; give a number from 1 to 65535."),
            ("80:", "\"\" is not a port of the module; give a number from 1 to 65535."),
            ("65536:80", "\"65536\" is not a port of the host; give a number from 0 to 65535."),
            ("+80:80", "\"+80\" is not a port of the host; give a number from 0 to 65535."),
            ("eth0:80:80", "\"eth0\" is not an IPv4 address; write one such as 127.0.0.1, or 0.0.0.0 for all."),
        ])
    func badForward(text: String, sentence: String) throws {
        let error = try #require(throws: InvalidValue.self) { try Forward(option: text) }
        #expect(error.description == sentence)
    }

    @Test("a station's MAC is six pairs of hex digits and no group address")
    func mac() throws {
        #expect(try MACAddress(stationText: "18:FE:34:00:00:0a").value == 0x18FE_3400_000A)
        for text in ["", "18:fe:34:00:00", "18:fe:34:00:00:0g", "18-fe-34-00-00-01", "ff:ff:ff:ff:ff:ff"] {
            #expect(throws: InvalidValue.self) { try MACAddress(stationText: text) }
        }
        #expect(throws: InvalidValue.self) { try MACAddress(stationText: "00:00:00:00:00:00") }
    }

    @Test("the MAC from a name is Espressif's and the same on every machine")
    func derivedMAC() {
        let names = (0..<200).map { "module\($0)" }
        let addresses = names.map { MACAddress.station(ofModule: $0) }
        #expect(addresses.allSatisfy { $0.value >> 24 == 0x18FE34 })
        #expect(Set(addresses).count == names.count)
        // Written down once: if this changes, every user's module has changed its address.
        #expect(MACAddress.station(ofModule: "esp").description == "18:fe:34:cb:1c:50")
    }

    @Test("a text is quoted so that it harms no terminal and fills no screen")
    func quoting() {
        #expect(InvalidValue.quoted("a\u{1B}[2J\"b") == "\"a\\u{1B}[2J\\\"b\"")
        #expect(InvalidValue.quoted(String(repeating: "x", count: 100)).count == 63)
    }

    @Test("a misspelt word finds the one that was meant, and a strange one finds none")
    func suggestions() {
        let keys = ["ssid", "password", "strictBugs", "mac"]
        #expect(Suggestion.nearest(to: "SSID", among: keys) == "ssid")
        #expect(Suggestion.nearest(to: "pasword", among: keys) == "password")
        #expect(Suggestion.nearest(to: "strict_bugs", among: keys) == "strictBugs")
        #expect(Suggestion.nearest(to: "x", among: keys) == nil)
        #expect(Suggestion.nearest(to: "", among: keys) == nil)
        #expect(Suggestion.nearest(to: "wakeWired", among: keys) == nil)
        #expect(Suggestion.nearest(to: String(repeating: "p", count: 10_000), among: keys) == nil)
    }
}
