import ATPrimitives
import Testing

@testable import ATAir

@Suite("Subnets that are taken")
struct SubnetTests {
    private func subnets(of stage: Stage) -> [String] { stage.air.accessPoints.map { $0.subnet.description } }

    @Test(
        "a subnet that has addresses of another's is refused",
        arguments: ["192.168.1.0/24", "192.168.1.128/25", "192.168.0.0/16", "192.0.0.0/8", "192.168.1.252/30"])
    func overlap(text: String) throws {
        let stage = Stage()
        let subnet = try #require(Subnet(text))
        _ = try stage.add(.named("home") { $0.subnet = Subnet("192.168.1.0/24") })
        #expect(throws: AccessPointRefusal.subnetOverlaps) { try stage.add(.named("other") { $0.subnet = subnet }) }
        let other = try stage.add(.named("other"))
        #expect(throws: AccessPointRefusal.subnetOverlaps) { try stage.update(other) { $0.subnet = subnet } }
        #expect(subnets(of: stage) == ["192.168.1.0/24", "10.77.1.0/24"])
    }

    @Test("two with one SSID and subnet are one network; under another name, or with a part of it, they are none")
    func oneNetwork() throws {
        let stage = Stage()
        _ = try stage.add(.named("home") { $0.subnet = Subnet("192.168.1.0/24") })
        let second = try stage.add(.named("home") { $0.subnet = Subnet("192.168.1.0/24") })
        #expect(Set(stage.air.accessPoints.map(\.network)).count == 1)
        #expect(throws: AccessPointRefusal.subnetOverlaps) { try stage.update(second) { $0.ssid = [0x61] } }
        #expect(throws: AccessPointRefusal.subnetOverlaps) {
            try stage.update(second) { $0.subnet = Subnet("192.168.1.0/25") }
        }
        try stage.update(second) {
            $0.ssid = [0x61]; $0.subnet = Subnet("192.168.2.0/24")
        }
        #expect(Set(stage.air.accessPoints.map(\.network)).count == 2)
    }

    @Test("an access point may change its own subnet to a part of it")
    func shrink() throws {
        let stage = Stage()
        let home = try stage.add(.named("home") { $0.subnet = Subnet("192.168.0.0/16") })
        try stage.update(home) { $0.subnet = Subnet("192.168.1.0/24") }
        #expect(subnets(of: stage) == ["192.168.1.0/24"])
    }

    @Test("the air skips what is taken when it chooses, and goes on from there")
    func automatic() throws {
        let stage = Stage()
        _ = try stage.add(.named("a") { $0.subnet = Subnet("10.77.1.0/24") })
        _ = try stage.add(.named("b") { $0.subnet = Subnet("10.77.2.64/26") })
        let first = try stage.add(.named("c"))
        _ = try stage.add(.named("d"))
        #expect(subnets(of: stage).suffix(2) == ["10.77.3.0/24", "10.77.4.0/24"])
        try stage.remove(first)
        _ = try stage.add(.named("e"))
        #expect(subnets(of: stage).last == "10.77.5.0/24")
    }

    @Test("one that comes back after its subnet was given away gets another; one that no longer says its own, too")
    func givenAway() throws {
        let stage = Stage()
        let home = try stage.add(.named("home"))
        try stage.remove(home)
        let thief = try stage.add(.named("thief") { $0.subnet = Subnet("10.77.1.0/24") })
        _ = try stage.add(.named("home"))
        #expect(subnets(of: stage) == ["10.77.1.0/24", "10.77.2.0/24"])
        try stage.update(thief) { $0.subnet = nil }
        #expect(subnets(of: stage) == ["10.77.3.0/24", "10.77.2.0/24"])
        try stage.update(thief) { $0.subnet = Subnet("10.9.9.0/24") }
        _ = try stage.add(.named("other") { $0.subnet = Subnet("10.77.3.0/24") })
        try stage.update(thief) { $0.subnet = nil }
        #expect(subnets(of: stage) == ["10.77.4.0/24", "10.77.2.0/24", "10.77.3.0/24"])
    }

    @Test("the networks of softAPs are apart from all others, whatever their addresses")
    func softAPs() throws {
        let stage = Stage()
        let radio = stage.attach()
        stage.setSoftAP(.named("soft"), of: radio)
        _ = try stage.add(.named("home") { $0.subnet = Subnet("192.168.4.0/24") })
        stage.setSoftAP(.named("soft") { $0.address = IPv4Address(192, 168, 4, 9) }, of: stage.attach())
        #expect(Set(stage.air.accessPoints.map(\.network)).count == 3)
    }
}
