import ATPrimitives
import Testing

@testable import ATAir

@Suite("Access points that come, go and change")
struct ChangeTests {
    /// A module that has joined "home".
    private func joined(delays: AirDelays = .steady) throws -> (Stage, Air.Radio, AccessPoint.ID) {
        let stage = Stage(delays: delays)
        let radio = stage.air.attach()
        let home = try stage.add(.named("home", password: "12345678"))
        stage.settleIn(radio, .to("home", password: "12345678"))
        _ = stage.events()
        return (stage, radio, home)
    }

    @Test("one that vanishes loses its stations at once; one that returns gets them back, with their addresses")
    func vanishAndReturn() throws {
        let (stage, radio, home) = try joined()
        let other = stage.air.attach()
        try stage.remove(home)
        stage.run(for: .seconds(10))
        #expect(stage.events() == ["3s 0 lost", "4s 0 notFound"])
        #expect(stage.air.network(of: radio) == nil)
        stage.join(other, .to("home", password: "12345678", module: 2))
        _ = try stage.add(.named("home", password: "12345678"))
        stage.run(for: .seconds(3))
        // The other module asks later than the one that returns, and finds .100 remembered for it.
        #expect(
            stage.events() == [
                "13300ms 0 associated", "13600ms 0 leased 10.77.1.100 255.255.255.0 10.77.1.1",
                "14800ms 1 associated", "15100ms 1 leased 10.77.1.101 255.255.255.0 10.77.1.1",
            ])
    }

    @Test("without delays a station is back when the access point is")
    func returnAtOnce() throws {
        let (stage, _, home) = try joined(delays: .none)
        try stage.remove(home)
        #expect(stage.events() == ["3s 0 lost", "3s 0 notFound"])
        _ = try stage.add(.named("home", password: "12345678"))
        #expect(stage.events() == ["3s 0 associated", "3s 0 leased 10.77.1.100 255.255.255.0 10.77.1.1"])
    }

    @Test("each absence is told once")
    func absences() throws {
        var (stage, _, home) = try joined(delays: .none)
        for _ in 0..<3 {
            try stage.remove(home)
            stage.run(for: .seconds(10))
            home = try stage.add(.named("home", password: "12345678"))
        }
        #expect(stage.events().count { $0.hasSuffix("notFound") } == 3)
    }

    @Test("one that vanishes during the handshake is missing")
    func vanishDuringHandshake() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        let home = try stage.add(.named("home"))
        stage.join(radio, .to("home"))
        stage.run(for: .milliseconds(1_600))
        try stage.remove(home)
        stage.run(for: .seconds(5))
        #expect(stage.events() == ["1800ms 0 notFound"])
    }

    @Test(
        "password, strength, name in scans, capacity, uplink and DHCP change under an association that stays",
        arguments: [
            { $0.password = Array("other123".utf8) }, { $0.rssi = -90 }, { $0.isHidden = true }, { $0.capacity = 1 },
            { $0.uplink = .none }, { $0.leases = .none },
        ] as [@Sendable (inout AccessPoint) -> Void])
    func silentChange(change: @Sendable (inout AccessPoint) -> Void) throws {
        let (stage, radio, home) = try joined()
        try stage.update(home, change)
        stage.run(for: .seconds(10))
        #expect(stage.events() == [])
        #expect(stage.air.network(of: radio)?.address == IPv4Address(10, 77, 1, 100))
    }

    @Test(
        "a change of BSSID, channel, security or subnet, or too weak a signal, is a loss",
        arguments: [
            { $0.bssid = MACAddress(value: 0x02_0000_0000_09) }, { $0.channel = 11 }, { $0.security = .wpa },
            { $0.subnet = Subnet(containing: IPv4Address(192, 168, 1, 0), prefixLength: 24) }, { $0.rssi = -96 },
            { $0.ssid = Array("away".utf8) },
        ] as [@Sendable (inout AccessPoint) -> Void])
    func loss(change: @Sendable (inout AccessPoint) -> Void) throws {
        let (stage, _, home) = try joined()
        try stage.update(home, change)
        #expect(stage.events() == ["3s 0 lost"])
    }

    @Test("one that is renamed to what a station wants is found")
    func renamed() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        let accessPoint = try stage.add(.named("old"))
        stage.join(radio, .to("new"))
        #expect(stage.events() == ["0s 0 notFound"])
        try stage.update(accessPoint) { $0.ssid = Array("new".utf8) }
        #expect(stage.events() == ["0s 0 associated", "0s 0 leased 10.77.1.100 255.255.255.0 10.77.1.1"])
    }

    @Test("what is out of range is refused and changes nothing", arguments: refusals)
    func refused(change: @Sendable (inout AccessPoint) -> Void, refusal: AccessPointRefusal) throws {
        let stage = Stage(delays: .none)
        _ = try stage.add(.named("taken") { $0.bssid = MACAddress(value: 0x02_0000_0000_01) })
        let home = try stage.add(.named("home"))
        let before = stage.air.accessPoints
        var description = AccessPoint.named("third")
        change(&description)
        #expect(throws: refusal) { try stage.add(description) }
        #expect(throws: refusal) { try stage.update(home, change) }
        #expect(stage.air.accessPoints == before)
        let third = try stage.add(.named("third"))
        let subnet = stage.air.accessPoints.first { $0.id == third }?.subnet
        #expect(subnet?.base == IPv4Address(10, 77, 3, 0))
    }

    private static let refusals: [(@Sendable (inout AccessPoint) -> Void, AccessPointRefusal)] = [
        ({ $0.ssid = [] }, .ssidLength),
        ({ $0.ssid = [UInt8](repeating: 0, count: 33) }, .ssidLength),
        ({ $0.channel = 0 }, .channelOutOfRange),
        ({ $0.channel = 15 }, .channelOutOfRange),
        ({ $0.password = [UInt8](repeating: 0, count: 65) }, .passwordTooLong),
        ({ $0.capacity = 0 }, .noCapacity),
        ({ $0.subnet = Subnet(containing: .any, prefixLength: 31) }, .subnetSize),
        ({ $0.subnet = Subnet(containing: .any, prefixLength: 7) }, .subnetSize),
        ({ $0.leases = .range(IPv4Address(10, 76, 0, 1)...IPv4Address(10, 77, 9, 9)) }, .leasesOutsideSubnet),
        ({ $0.bssid = MACAddress(value: 0x02_0000_0000_01) }, .bssidTaken),
        ({ $0.fading = 61 }, .fadingOutOfRange),
        ({ $0.range = 0 }, .rangeOutOfRange),
        ({ $0.range = -1 }, .rangeOutOfRange),
        ({ $0.position = Position(x: 10_000_001, y: 0) }, .positionOutOfRange),
        ({ $0.position = Position(x: 0, y: .min) }, .positionOutOfRange),
        ({ $0.leaseTime = .microseconds(999_999) }, .leaseTimeOutOfRange),
        ({ $0.leaseTime = .seconds(0xFFFF_FFFF) }, .leaseTimeOutOfRange),
        ({ $0.link.latency = .microseconds(-1) }, .linkOutOfRange),
        ({ $0.link.latency = .microseconds(60_000_001) }, .linkOutOfRange),
        ({ $0.link.jitter = .microseconds(-1) }, .linkOutOfRange),
        ({ $0.link.jitter = .microseconds(60_000_001) }, .linkOutOfRange),
        ({ $0.link.bandwidth = 0 }, .linkOutOfRange),
        ({ $0.link.lossPerMillion = 1_000_001 }, .linkOutOfRange),
        ({ $0.subnet = Subnet(containing: IPv4Address(10, 77, 1, 128), prefixLength: 25) }, .subnetOverlaps),
        ({ $0.subnet = Subnet(containing: IPv4Address(10, 0, 0, 0), prefixLength: 8) }, .subnetOverlaps),
    ]

    @Test("what is at the edge of its range is taken")
    func edges() throws {
        let stage = Stage(delays: .none)
        _ = try stage.add(
            .named("least") {
                $0.range = 1
                $0.position = Position(x: -10_000_000, y: -10_000_000)
                $0.leaseTime = .seconds(1)
                $0.link = LinkSettings(latency: .zero, bandwidth: 1)
            })
        _ = try stage.add(
            .named("most") {
                $0.fading = 60
                $0.range = .max
                $0.position = Position(x: 10_000_000, y: 10_000_000)
                $0.leaseTime = .seconds(0xFFFF_FFFE)
                $0.link = LinkSettings(
                    latency: .seconds(60), jitter: .seconds(60), bandwidth: .max, lossPerMillion: 1_000_000)
            })
        let radio = stage.attach()
        stage.join(radio, .to("most"))
        #expect(stage.events().last == "0s 0 leased 10.77.2.100 255.255.255.0 10.77.2.1")
    }

    @Test("an unknown access point and a softAP can be neither changed nor removed")
    func unknown() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        stage.setSoftAP(.named("soft"), of: radio)
        let softAP = try #require(stage.air.softAPNetwork(of: radio)?.accessPoint)
        for id in [softAP, AccessPoint.ID(number: 999)] {
            #expect(throws: AccessPointRefusal.unknownAccessPoint) { try stage.remove(id) }
            #expect(throws: AccessPointRefusal.unknownAccessPoint) { try stage.update(id) { $0.rssi = 0 } }
        }
    }

    @Test("the 257th access point is refused")
    func tooMany() throws {
        let stage = Stage(delays: .none)
        for number in 1...Air.maximumAccessPoints {
            _ = try stage.add(.named("ap\(number)"))
        }
        #expect(throws: AccessPointRefusal.tooManyAccessPoints) { try stage.add(.named("one more")) }
    }

    @Test("access points that come and go for ever do not pile up")
    func comeAndGo() throws {
        let stage = Stage(delays: .none)
        for number in 0..<(2 * Network.maximumNetworks) {
            try stage.remove(try stage.add(.named("ap\(number)")))
        }
        #expect(stage.air.networks.count == Network.maximumNetworks)
    }

    @Test("a BSSID that is left out comes from the SSID: the same every time, 02 first, another for a second one")
    func derivedBSSID() throws {
        #expect(MACAddress.bssid(ofSSID: Array("vesp".utf8)) == MACAddress("02:26:55:e8:9c:1e"))
        #expect(MACAddress.bssid(ofSSID: Array("vesp".utf8))[0] == 0x02)
        #expect(MACAddress.bssid(ofSSID: Array("vesp".utf8)) != MACAddress.bssid(ofSSID: Array("vesq".utf8)))
        let stage = Stage(delays: .none)
        let first = try stage.add(.named("vesp"))
        _ = try stage.add(.named("vesp"))
        let bssids = stage.air.accessPoints.map(\.bssid)
        #expect(bssids == [.bssid(ofSSID: Array("vesp".utf8)), .bssid(ofSSID: Array("vesp".utf8), ordinal: 1)])
        try stage.update(first) { $0.rssi = -60 }
        #expect(stage.air.accessPoints.map(\.bssid) == bssids)
    }
}
