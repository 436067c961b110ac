import ATPrimitives
import Testing

@testable import ATAir

@Suite("What routing asks")
struct RoutingTests {
    @Test("a station's network is known from association on, with gateway, uplink and own address")
    func attachment() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        let home = try stage.add(.named("home") { $0.uplink = .none })
        stage.join(radio, .to("home"))
        stage.run(for: .milliseconds(1_799))
        #expect(stage.air.network(of: radio) == nil)
        stage.run(for: .milliseconds(1))
        let associated = try #require(stage.air.network(of: radio))
        #expect(associated.accessPoint == home)
        #expect(associated.subnet == Subnet(containing: IPv4Address(10, 77, 1, 0), prefixLength: 24))
        #expect(associated.gateway == IPv4Address(10, 77, 1, 1))
        #expect(associated.uplink == .none)
        #expect(associated.address == nil)
        stage.run(for: .milliseconds(300))
        #expect(stage.air.network(of: radio)?.address == IPv4Address(10, 77, 1, 100))
        #expect(stage.air.softAPNetwork(of: radio) == nil)
    }

    @Test("every address of a network has the owner that it should, or none")
    func owners() throws {
        let stage = Stage(delays: .none)
        let gateway = stage.air.attach()
        let sensor = stage.air.attach()
        let guest = MACAddress(value: 0x5ECF_7F00_0001)
        _ = try stage.add(.named("home"))
        stage.setSoftAP(.named("soft"), of: gateway)
        stage.join(gateway, .to("home"))
        stage.join(sensor, .to("soft", module: 2))
        stage.act { air, now in _ = air.stationJoins(guest, softAPOf: gateway, at: now) }
        let home = try #require(stage.air.network(of: gateway)?.network)
        let soft = try #require(stage.air.network(of: sensor)?.network)
        #expect(stage.air.softAPNetwork(of: gateway)?.network == soft)
        #expect(stage.air.softAPNetwork(of: gateway)?.address == IPv4Address(192, 168, 4, 1))
        #expect(stage.air.softAPNetwork(of: gateway)?.uplink == AccessPoint.Uplink.none)
        let table: [(IPv4Address, Network.ID, AddressOwner?)] = [
            (IPv4Address(10, 77, 1, 1), home, .gateway),
            (IPv4Address(10, 77, 1, 100), home, .station(gateway)),
            (IPv4Address(10, 77, 1, 101), home, nil),
            (IPv4Address(10, 77, 1, 100), soft, nil),
            (IPv4Address(192, 168, 4, 1), soft, .softAP(gateway)),
            (IPv4Address(192, 168, 4, 2), soft, .station(sensor)),
            (IPv4Address(192, 168, 4, 3), soft, .scriptedStation(guest)),
            (IPv4Address(192, 168, 4, 4), soft, nil),
        ]
        for (address, network, owner) in table {
            #expect(stage.air.owner(of: address, in: network) == owner)
        }
        let accessPoint = try #require(stage.air.network(of: sensor)?.accessPoint)
        #expect(
            stage.air.stations(of: accessPoint) == [
                JoinedStation(mac: .module(2), address: IPv4Address(192, 168, 4, 2), radio: sensor),
                JoinedStation(mac: guest, address: IPv4Address(192, 168, 4, 3), radio: nil),
            ])
    }

    @Test("two softAPs with one SSID and address are two networks")
    func softAPsAreApart() throws {
        let stage = Stage(delays: .none)
        let first = stage.air.attach()
        let second = stage.air.attach()
        stage.setSoftAP(.named("soft"), of: first)
        stage.setSoftAP(.named("soft") { $0.bssid = MACAddress(value: 0x1AFE_3400_0002) }, of: second)
        #expect(stage.air.softAPNetwork(of: first)?.network != stage.air.softAPNetwork(of: second)?.network)
        #expect(stage.air.accessPoints.map(\.softAPOf) == [first, second])
    }

    @Test("an access point under a softAP's name and subnet is another network")
    func softAPIsNoAccessPoint() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        stage.setSoftAP(.named("soft"), of: radio)
        let subnet = Subnet(containing: IPv4Address(192, 168, 4, 0), prefixLength: 24)
        _ = try stage.add(.named("soft") { $0.subnet = subnet })
        #expect(Set(stage.air.accessPoints.map(\.network)).count == 2)
    }
}
