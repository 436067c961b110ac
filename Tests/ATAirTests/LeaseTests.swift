import ATPrimitives
import Testing

@testable import ATAir

@Suite("Addresses")
struct LeaseTests {
    private static let leased100 = "leased 10.77.1.100 255.255.255.0 10.77.1.1"

    @Test("the n-th access point without a subnet gets 10.77.n.0/24, and leases start at .100 in the order of asking")
    func automaticSubnets() throws {
        let stage = Stage(delays: .none)
        _ = try stage.add(.named("a"))
        _ = try stage.add(
            .named("b") { $0.subnet = Subnet(containing: IPv4Address(192, 168, 1, 0), prefixLength: 24) })
        _ = try stage.add(.named("c"))
        for (module, name) in [(1, "a"), (2, "b"), (3, "c"), (4, "c")] as [(UInt64, String)] {
            let radio = stage.air.attach()
            stage.join(radio, .to(name, module: module))
        }
        #expect(
            stage.events().filter { $0.contains("leased") } == [
                "0s 0 leased 10.77.1.100 255.255.255.0 10.77.1.1",
                "0s 1 leased 192.168.1.100 255.255.255.0 192.168.1.1",
                "0s 2 leased 10.77.2.100 255.255.255.0 10.77.2.1",
                "0s 3 leased 10.77.2.101 255.255.255.0 10.77.2.1",
            ])
    }

    @Test(
        "leases of a small subnet fit into it",
        arguments: [
            (16, "172.16.0.100", "172.16.0.199"), (24, "172.16.0.100", "172.16.0.199"),
            (25, "172.16.0.100", "172.16.0.126"), (26, "172.16.0.2", "172.16.0.62"), (30, "172.16.0.2", "172.16.0.2"),
        ])
    func standardPool(prefix: Int, first: String, last: String) throws {
        let subnet = Subnet(containing: IPv4Address(172, 16, 0, 0), prefixLength: prefix)
        let pool = try #require(AccessPoint.named("a").pool(in: subnet))
        #expect(pool == (try #require(IPv4Address(first)))...(try #require(IPv4Address(last))))
    }

    @Test("access points of one SSID and subnet share their leases, others do not")
    func sharedLeases() throws {
        let stage = Stage(delays: .none)
        let subnet = Subnet(containing: IPv4Address(192, 168, 1, 0), prefixLength: 24)
        let strong = try stage.add(.named("home") { $0.subnet = subnet })
        let radio = stage.air.attach()
        stage.join(radio, .to("home"))
        let network = stage.air.network(of: radio)?.network
        _ = try stage.add(
            .named("home") {
                $0.subnet = subnet; $0.rssi = -70
            })
        let apart = Subnet(containing: IPv4Address(192, 168, 2, 0), prefixLength: 24)
        _ = try stage.add(.named("other") { $0.subnet = apart })
        try stage.remove(strong)
        // Another asks after the first has moved: the second access point knows the leases of the first.
        let second = stage.air.attach()
        stage.join(second, .to("home", module: 2))
        let stranger = stage.air.attach()
        stage.join(stranger, .to("other", module: 3))
        #expect(stage.air.network(of: radio)?.address == IPv4Address(192, 168, 1, 100))
        #expect(stage.air.network(of: radio)?.network == network)
        #expect(stage.air.network(of: second)?.address == IPv4Address(192, 168, 1, 101))
        #expect(stage.air.network(of: stranger)?.address == IPv4Address(192, 168, 2, 100))
        #expect(stage.air.network(of: stranger)?.network != network)
    }

    @Test("without DHCP a station is unleased, until there is one")
    func noDHCP() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        let home = try stage.add(.named("home") { $0.leases = .none })
        stage.settleIn(radio, .to("home"))
        #expect(stage.events() == ["1800ms 0 associated", "2100ms 0 unleased"])
        #expect(stage.air.network(of: radio)?.address == nil)
        #expect(stage.air.network(of: radio)?.gateway == IPv4Address(10, 77, 1, 1))
        try stage.update(home) { $0.rssi = -60 }
        stage.run(for: .seconds(3))
        #expect(stage.events() == [])
        try stage.update(home) { $0.leases = .standard }
        stage.run(for: .seconds(3))
        #expect(stage.events() == ["6300ms 0 \(Self.leased100)"])
    }

    @Test("when the pool is exhausted a station is unleased, until somebody goes")
    func exhausted() throws {
        for powerFails in [true, false] {
            let stage = Stage(delays: .none)
            let first = stage.air.attach()
            let second = stage.air.attach()
            let only = IPv4Address(10, 77, 1, 50)
            _ = try stage.add(.named("home") { $0.leases = .range(only...only) })
            stage.join(first, .to("home"))
            stage.join(second, .to("home", module: 2))
            #expect(stage.events().suffix(2) == ["0s 1 associated", "0s 1 unleased"])
            if powerFails { stage.powerOff(first) } else { stage.leave(first) }
            #expect(stage.events() == ["0s 1 leased 10.77.1.50 255.255.255.0 10.77.1.1"])
        }
    }

    @Test("a station that returns gets its address again; a stranger gets it only when no other is left")
    func remembered() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        let range = IPv4Address(10, 77, 1, 100)...IPv4Address(10, 77, 1, 101)
        _ = try stage.add(.named("home") { $0.leases = .range(range) })
        func address(of module: UInt64) -> IPv4Address? {
            stage.join(radio, .to("home", module: module))
            return stage.air.network(of: radio)?.address
        }
        #expect([1, 2, 1, 3, 2].map(address) == [100, 101, 100, 101, 100].map { IPv4Address(10, 77, 1, $0) })
    }

    @Test("the gateway's address is never leased")
    func gatewayInRange() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        _ = try stage.add(.named("home") { $0.leases = .range(IPv4Address(10, 77, 1, 1)...IPv4Address(10, 77, 1, 9)) })
        stage.join(radio, .to("home"))
        #expect(stage.air.network(of: radio)?.address == IPv4Address(10, 77, 1, 2))
    }

    @Test("a fixed address keeps the association and frees the lease; back to DHCP asks again")
    func fixedAndBack() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        _ = try stage.add(
            .named("home") { $0.leases = .range(IPv4Address(10, 77, 1, 100)...IPv4Address(10, 77, 1, 100)) })
        stage.settleIn(radio, .to("home"))
        _ = stage.events()
        stage.setAddress(IPv4Address(10, 77, 1, 9), of: radio)
        #expect(stage.air.network(of: radio)?.address == IPv4Address(10, 77, 1, 9))
        let other = stage.air.attach()
        stage.settleIn(other, .to("home", module: 2))
        #expect(stage.events().last == "5100ms 1 \(Self.leased100)")
        stage.leave(other)
        stage.setAddress(nil, of: radio)
        #expect(stage.air.network(of: radio)?.address == nil)
        stage.run(for: .seconds(1))
        #expect(stage.events() == ["6300ms 0 \(Self.leased100)"])
    }

    @Test("a lease that is asked for again is told again")
    func askAgain() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        _ = try stage.add(.named("home"))
        stage.join(radio, .to("home"))
        _ = stage.events()
        stage.setAddress(nil, of: radio)
        #expect(stage.events() == ["0s 0 \(Self.leased100)"])
    }

    @Test("an address set on the way in counts, and without a wish to join nothing happens")
    func addressBeforeAssociation() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        _ = try stage.add(.named("home"))
        stage.setAddress(IPv4Address(10, 77, 1, 9), of: radio)
        stage.run(for: .seconds(1))
        #expect(stage.events() == [])
        for time in [100, 1_600, 1_900] as [Int64] {
            stage.join(radio, .to("home"))
            stage.run(for: .milliseconds(time))
            stage.setAddress(IPv4Address(10, 77, 1, 9), of: radio)
            stage.run(for: .seconds(3))
            #expect(stage.air.network(of: radio)?.address == IPv4Address(10, 77, 1, 9))
            #expect(!stage.events().contains { $0.contains("leased") })
        }
    }

    @Test("0.0.0.0 as a fixed address is none")
    func zeroAddress() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        _ = try stage.add(.named("home"))
        stage.join(radio, .to("home", address: .any))
        let network = try #require(stage.air.network(of: radio))
        #expect(network.address == nil)
        #expect(stage.air.owner(of: .any, in: network.network) == nil)
    }

    @Test("a server remembers no more leases than its limit, and then gives old ones away")
    func tableLimit() {
        var table = LeaseTable()
        let pool = IPv4Address(10, 0, 0, 2)...IPv4Address(10, 255, 255, 254)
        func lease(_ number: Int) -> IPv4Address? {
            let gateway = IPv4Address(10, 0, 0, 1)
            return table.lease(to: .module(UInt64(number)), from: pool, except: gateway, for: nil, at: .zero)?.address
        }
        let addresses = (1...LeaseTable.maximumLeases).compactMap(lease)
        #expect(Set(addresses).count == LeaseTable.maximumLeases)
        #expect(lease(5000) == nil)
        let releases = [table.release(.module(7)), table.release(.module(7))]
        #expect(releases == [true, false])
        #expect(lease(5000) == addresses[6])
    }
}
