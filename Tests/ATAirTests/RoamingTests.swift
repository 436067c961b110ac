import ATPrimitives
import Testing

@testable import ATAir

@Suite("Several access points of one name")
struct RoamingTests {
    private let subnet = Subnet(containing: IPv4Address(192, 168, 1, 0), prefixLength: 24)

    /// Two access points of one network, ten metres apart, and a module beside the first.
    private func house(delays: AirDelays = .steady) throws -> (Stage, Air.Radio, AccessPoint.ID, AccessPoint.ID) {
        let stage = Stage(delays: delays)
        let radio = stage.attach(at: .east(0))
        let first = try stage.add(
            .named("home") {
                $0.subnet = subnet; $0.position = .east(0)
            })
        let second = try stage.add(
            .named("home") {
                $0.subnet = subnet; $0.position = .east(10); $0.channel = 11
            })
        stage.settleIn(radio, .to("home"))
        _ = stage.events()
        return (stage, radio, first, second)
    }

    private static let back = ["associated", "leased 192.168.1.100 255.255.255.0 192.168.1.1"]

    @Test("when the one that a station is on vanishes, it finds the other, and keeps its address")
    func vanishes() throws {
        let (stage, radio, first, second) = try house()
        let network = stage.air.network(of: radio)?.network
        try stage.remove(first)
        stage.run(for: .seconds(3))
        #expect(stage.events() == ["3s 0 lost", "4300ms 0 \(Self.back[0])", "4600ms 0 \(Self.back[1])"])
        #expect(stage.air.network(of: radio)?.accessPoint == second)
        #expect(stage.air.network(of: radio)?.network == network)
    }

    @Test("it stays where it is while it hears it, however much stronger the other is, and changes when it does not")
    func outOfHearing() throws {
        let (stage, radio, first, second) = try house()
        stage.move(radio, to: .east(10))
        stage.run(for: .seconds(60))
        #expect(stage.events() == [])
        #expect(stage.air.network(of: radio)?.accessPoint == first)
        stage.move(radio, to: .east(40))
        stage.run(for: .seconds(3))
        #expect(stage.events() == ["63s 0 lost", "64300ms 0 \(Self.back[0])", "64600ms 0 \(Self.back[1])"])
        #expect(stage.air.network(of: radio)?.accessPoint == second)
        stage.move(radio, to: .east(0))
        stage.run(for: .seconds(60))
        #expect(stage.events() == [])
    }

    @Test("one that restarts under its stations loses them to the stronger one")
    func restart() throws {
        let (stage, radio, first, second) = try house(delays: .none)
        try stage.update(first) { $0.channel = 3 }
        #expect(stage.air.network(of: radio)?.accessPoint == first)
        try stage.update(first) {
            $0.channel = 4; $0.rssi = -85
        }
        #expect(stage.air.network(of: radio)?.accessPoint == second)
    }

    @Test("of two networks with one name, the other one gives another address")
    func otherNetwork() throws {
        let stage = Stage(delays: .none)
        let radio = stage.attach()
        let first = try stage.add(.named("home"))
        _ = try stage.add(.named("home") { $0.rssi = -60 })
        stage.join(radio, .to("home"))
        try stage.remove(first)
        #expect(stage.events().suffix(2) == ["0s 0 associated", "0s 0 leased 10.77.2.100 255.255.255.0 10.77.2.1"])
    }

    @Test("a station that the full one refuses is not sent to the other: the strongest is asked, as before")
    func fullOne() throws {
        let (stage, _, first, _) = try house(delays: .none)
        try stage.update(first) { $0.capacity = 1 }
        let other = stage.attach(at: .east(0))
        stage.join(other, .to("home", module: 2))
        #expect(stage.events() == ["3s 1 refused"])
        try stage.remove(first)
        #expect(stage.events().contains("3s 1 associated"))
    }

    @Test(
        "one server of a network is enough: at the access point without DHCP a station gets its address from the other")
    func oneServer() throws {
        let (stage, radio, first, second) = try house()
        try stage.update(second) { $0.leases = .none }
        stage.move(radio, to: .east(40))
        stage.run(for: .seconds(3))
        #expect(stage.events().last == "4600ms 0 \(Self.back[1])")
        #expect(stage.air.network(of: radio)?.accessPoint == second)
        try stage.remove(first)
        stage.setAddress(nil, of: radio)
        stage.run(for: .seconds(3))
        #expect(stage.events() == ["6300ms 0 unleased"])
    }
}
