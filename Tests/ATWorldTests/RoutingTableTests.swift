import ATAir
import ATPrimitives
import Testing

@testable import ATWorld

@Suite("Routes")
struct RoutingTableTests {
    private let elsewhere = IPv4Address(198, 51, 100, 7)

    private func table(_ stage: NetworkStage, _ radio: Air.Radio, hasStation: Bool = true) -> RoutingTable {
        RoutingTable(of: radio, in: stage.air, hasStation: hasStation)
    }

    @Test("a module that is attached to nothing reaches nothing")
    func detached() {
        let stage = NetworkStage()
        let radio = stage.attach()
        let routes = table(stage, radio)
        #expect(!routes.isAttached)
        for address in [elsewhere, .loopback, .broadcast, .any, IPv4Address(192, 168, 4, 1)] {
            #expect(routes.route(to: address) == .nowhere)
        }
    }

    @Test("a station of an uplink to the host reaches its subnet, the gateway as loopback, and the host's network")
    func uplinkToHost() throws {
        let stage = NetworkStage()
        let radio = stage.attach()
        try stage.addAccessPoint("home") { $0.uplink = .host }
        stage.join(radio, "home")
        let routes = table(stage, radio)
        let expected: [(IPv4Address, Route)] = [
            (IPv4Address(10, 77, 1, 100), .virtual(.station)),
            (IPv4Address(10, 77, 1, 200), .virtual(.station)),
            (IPv4Address(10, 77, 1, 1), .host(.loopback)),
            (IPv4Address(10, 77, 1, 255), .broadcast),
            (.broadcast, .broadcast),
            (elsewhere, .host(elsewhere)),
            (IPv4Address(127, 0, 0, 9), .host(IPv4Address(127, 0, 0, 9))),
            (IPv4Address(192, 168, 4, 1), .host(IPv4Address(192, 168, 4, 1))),
            (.any, .nowhere),
        ]
        for (address, route) in expected { #expect(routes.route(to: address) == route, "\(address)") }
        #expect(routes.isStationUp && routes.isAttached)
    }

    @Test("without an uplink there is nothing but the subnet, and its gateway is simulated")
    func noUplink() throws {
        let stage = NetworkStage()
        let radio = stage.attach()
        try stage.addAccessPoint("home")
        stage.join(radio, "home")
        let routes = table(stage, radio)
        #expect(routes.route(to: IPv4Address(10, 77, 1, 1)) == .virtual(.station))
        #expect(routes.route(to: IPv4Address(10, 77, 1, 7)) == .virtual(.station))
        #expect(routes.route(to: elsewhere) == .nowhere)
        #expect(routes.route(to: .loopback) == .nowhere)
        #expect(table(stage, radio, hasStation: false).route(to: .loopback) == .nowhere)
    }

    @Test(
        "a module that is only a softAP reaches its stations and the host's loopback, one with a station not the latter"
    )
    func softAPOnly() {
        let stage = NetworkStage()
        let radio = stage.attach()
        stage.openSoftAP("soft", of: radio)
        for hasStation in [false, true] {
            let routes = table(stage, radio, hasStation: hasStation)
            #expect(routes.isAttached && !routes.isStationUp)
            #expect(routes.route(to: IPv4Address(192, 168, 4, 1)) == .virtual(.softAP))
            #expect(routes.route(to: IPv4Address(192, 168, 4, 9)) == .virtual(.softAP))
            #expect(routes.route(to: IPv4Address(192, 168, 4, 255)) == .broadcast)
            #expect(routes.route(to: .broadcast) == .broadcast)
            #expect(routes.route(to: elsewhere) == .nowhere)
            #expect(routes.route(to: .loopback) == (hasStation ? .nowhere : .host(.loopback)))
        }
    }

    @Test("with both, the softAP's subnet lies behind the softAP and all else behind the station")
    func both() throws {
        let stage = NetworkStage()
        let radio = stage.attach()
        try stage.addAccessPoint("home") { $0.uplink = .host }
        stage.openSoftAP("soft", of: radio)
        stage.join(radio, "home")
        let routes = table(stage, radio)
        #expect(routes.route(to: IPv4Address(192, 168, 4, 2)) == .virtual(.softAP))
        #expect(routes.route(to: IPv4Address(192, 168, 4, 1)) == .virtual(.softAP))
        #expect(routes.route(to: IPv4Address(10, 77, 1, 100)) == .virtual(.station))
        #expect(routes.route(to: elsewhere) == .host(elsewhere))
        #expect(routes.isBroadcast(.broadcast, on: .station) && routes.isBroadcast(.broadcast, on: .softAP))
        #expect(!routes.isBroadcast(IPv4Address(10, 77, 1, 255), on: .softAP))
    }

    @Test("where the softAP and the station's network share a subnet, the softAP's wins, but an own address is its own")
    func sameSubnet() {
        let stage = NetworkStage()
        let (host, guest) = (stage.attach(), stage.attach())
        stage.openSoftAP("soft", of: host)
        stage.openSoftAP("other", of: guest)
        stage.join(guest, "soft")
        let routes = table(stage, guest)
        #expect(stage.address(of: guest) == IPv4Address(192, 168, 4, 2))
        #expect(routes.route(to: IPv4Address(192, 168, 4, 2)) == .virtual(.station))
        #expect(routes.route(to: IPv4Address(192, 168, 4, 3)) == .virtual(.softAP))
        #expect(routes.interface(owning: IPv4Address(192, 168, 4, 1)) == .softAP)
    }
}
