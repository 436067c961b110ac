import ATPrimitives
import Testing

@testable import ATAir

@Suite("Leases that end")
struct LeaseTimeTests {
    private static let leased100 = "leased 10.77.1.100 255.255.255.0 10.77.1.1"

    /// Modules that have joined "home", whose leases last 100 s, in the first instant.
    private func home(
        modules: Int = 1, time: Interval? = .seconds(100), _ change: (inout AccessPoint) -> Void = { _ in }
    ) throws -> (Stage, [Air.Radio], AccessPoint.ID) {
        let stage = Stage(delays: .none)
        let home = try stage.add(
            .named("home") {
                $0.leaseTime = time; change(&$0)
            })
        let radios = (0..<modules).map { _ in stage.attach() }
        for (number, radio) in radios.enumerated() {
            stage.join(radio, .to("home", module: UInt64(number + 1)))
        }
        _ = stage.events()
        return (stage, radios, home)
    }

    /// The times at which the air wants to be woken until `end`.
    private func wakes(of stage: Stage, until end: Interval) -> [Int64] {
        var times: [Int64] = []
        while let deadline = stage.air.nextDeadline, deadline <= .zero + end {
            stage.run(for: deadline - stage.now)
            times.append(deadline.microseconds / 1_000_000)
        }
        return times
    }

    @Test("a station renews at half of the time, without a word, and keeps its address")
    func renewal() throws {
        let (stage, radios, _) = try home()
        #expect(wakes(of: stage, until: .seconds(250)) == [50, 100, 150, 200, 250])
        stage.run(for: .seconds(1_000_000))
        #expect(stage.events() == [])
        #expect(stage.air.network(of: radios[0])?.address == IPv4Address(10, 77, 1, 100))
    }

    @Test("a day of a hundred idle stations costs two wake-ups for each lease, and none without a lease time")
    func idleDay() throws {
        let day = Interval.seconds(24 * 60 * 60)
        let (forever, _, _) = try home(modules: 100, time: nil) { $0.capacity = 100 }
        #expect(forever.air.nextDeadline == nil)
        let (stage, _, _) = try home(modules: 100, time: .seconds(2 * 60 * 60)) { $0.capacity = 100 }
        #expect(wakes(of: stage, until: day).count == 24)
        #expect(stage.events() == [])
    }

    @Test("without a server the address is used until the lease ends; then it is lost, until there is a server again")
    func serverGoes() throws {
        let (stage, radios, home) = try home()
        try stage.update(home) { $0.leases = .none }
        stage.run(for: .milliseconds(99_999))
        #expect(stage.events() == [])
        #expect(stage.air.network(of: radios[0])?.address == IPv4Address(10, 77, 1, 100))
        stage.run(for: .seconds(1_000))
        #expect(stage.events() == ["100s 0 unleased"])
        #expect(stage.air.network(of: radios[0])?.address == nil)
        #expect(stage.air.nextDeadline == nil)
        try stage.update(home) { $0.leases = .standard }
        #expect(stage.events() == ["\(stage.now) 0 \(Self.leased100)"])
    }

    @Test("a server that is back before the lease ends renews it at once, as if nothing had been")
    func serverReturns() throws {
        let (stage, _, home) = try home()
        try stage.update(home) { $0.leases = .none }
        stage.run(for: .seconds(60))
        try stage.update(home) { $0.leases = .standard }
        #expect(stage.air.nextDeadline == .zero + .seconds(110))
        stage.run(for: .seconds(1_000))
        #expect(stage.events() == [])
    }

    @Test("when the pool has moved the station gets an address of the new one, at the end of its lease")
    func poolMoves() throws {
        let (stage, _, home) = try home()
        try stage.update(home) { $0.leases = .range(IPv4Address(10, 77, 1, 10)...IPv4Address(10, 77, 1, 20)) }
        stage.run(for: .seconds(1_000))
        #expect(
            stage.events() == ["100s 0 unleased", "100s 0 leased 10.77.1.10 255.255.255.0 10.77.1.1"])
    }

    @Test("with the delays of a module the new address takes its time, and the station has none meanwhile")
    func shippedDelays() throws {
        let stage = Stage()
        let radio = stage.attach()
        let home = try stage.add(.named("home") { $0.leaseTime = .seconds(10) })
        stage.settleIn(radio, .to("home"))
        _ = stage.events()
        try stage.update(home) { $0.leases = .range(IPv4Address(10, 77, 1, 10)...IPv4Address(10, 77, 1, 20)) }
        stage.run(for: .milliseconds(9_100))
        #expect(stage.events() == ["12100ms 0 unleased"])
        #expect(stage.air.network(of: radio)?.address == nil)
        stage.run(for: .seconds(1))
        #expect(stage.events() == ["12400ms 0 leased 10.77.1.10 255.255.255.0 10.77.1.1"])
    }

    @Test("the server of another access point of the network renews; without any, the lease ends")
    func otherServer() throws {
        let subnet = Subnet("192.168.1.0/24")
        let (stage, radios, first) = try home { $0.subnet = subnet }
        let second = try stage.add(
            .named("home") {
                $0.subnet = subnet; $0.leaseTime = .seconds(30); $0.rssi = -90
            })
        try stage.update(first) { $0.leases = .none }
        stage.run(for: .seconds(1_000))
        #expect(stage.events() == [])
        #expect(stage.air.network(of: radios[0])?.accessPoint == first)
        try stage.update(second) { $0.leases = .none }
        stage.run(for: .seconds(31))
        #expect(withoutTimes(stage.events()) == ["0 unleased"])
    }

    @Test("a shorter or longer time counts from the next renewal on, and for ever is for ever")
    func timeChanges() throws {
        let (stage, _, home) = try home()
        try stage.update(home) { $0.leaseTime = .seconds(20) }
        #expect(wakes(of: stage, until: .seconds(75)) == [50, 60, 70])
        try stage.update(home) { $0.leaseTime = nil }
        #expect(wakes(of: stage, until: .seconds(1_000)) == [80])
        #expect(stage.air.nextDeadline == nil)
    }

    @Test("a lease that nobody holds is kept for its station until it would have ended")
    func kept() throws {
        for (seconds, address) in [(99, 100), (101, 101)] as [(Int64, UInt8)] {
            let (stage, radios, _) = try home()
            stage.leave(radios[0])
            #expect(stage.air.nextDeadline == nil)
            stage.run(for: .seconds(seconds))
            let stranger = stage.attach()
            stage.join(stranger, .to("home", module: 9))
            stage.join(radios[0], .to("home"))
            #expect(stage.air.network(of: radios[0])?.address == IPv4Address(10, 77, 1, address))
        }
    }

    @Test("a station that leaves, is lost, takes a fixed address or loses power renews no more")
    func noMoreRenewals() throws {
        let ends: [(Stage, Air.Radio, AccessPoint.ID) throws -> Void] = [
            { stage, radio, _ in stage.leave(radio) }, { stage, radio, _ in stage.powerOff(radio) },
            { stage, radio, _ in stage.setAddress(IPv4Address(10, 77, 1, 9), of: radio) },
            { stage, _, home in try stage.remove(home) },
        ]
        for end in ends {
            let (stage, radios, home) = try home()
            try end(stage, radios[0], home)
            #expect(stage.air.nextDeadline == nil)
        }
    }

    @Test("of two stations and one address, the one that has it renews it; the other gets it when the first leaves")
    func oneAddress() throws {
        let only = IPv4Address(10, 77, 1, 50)
        let (stage, radios, home) = try home(modules: 2) { $0.leases = .range(only...only) }
        stage.run(for: .seconds(1_000))
        #expect(stage.events() == [])
        #expect(radios.map { stage.air.network(of: $0)?.address } == [only, nil])
        stage.leave(radios[0])
        #expect(withoutTimes(stage.events()) == ["1 leased 10.77.1.50 255.255.255.0 10.77.1.1"])
        stage.join(radios[0], .to("home"))
        #expect(withoutTimes(stage.events()) == ["0 associated", "0 unleased"])
        try stage.update(home) { $0.leases = .range(only...IPv4Address(10, 77, 1, 51)) }
        #expect(withoutTimes(stage.events()) == ["0 leased 10.77.1.51 255.255.255.0 10.77.1.1"])
    }

    @Test("a lease that ended while its server was away goes to whoever asks first when it is back")
    func endedIsFree() throws {
        let only = IPv4Address(10, 77, 1, 50)
        let stage = Stage(delays: .none)
        let home = try stage.add(
            .named("home") {
                $0.leaseTime = .seconds(100); $0.leases = .range(only...only)
            })
        let slow = stage.air.attach(RadioSettings(delays: .steady))
        let quick = stage.attach()
        stage.settleIn(slow, .to("home"))
        stage.settleIn(quick, .to("home", module: 2))
        try stage.update(home) { $0.leases = .none }
        stage.run(for: .seconds(200))
        #expect(withoutTimes(stage.events()).suffix(2) == ["1 unleased", "0 unleased"])
        try stage.update(home) { $0.leases = .range(only...only) }
        stage.run(for: .seconds(1))
        #expect(withoutTimes(stage.events()) == ["1 leased 10.77.1.50 255.255.255.0 10.77.1.1"])
    }

    @Test("a station that only moves to another access point of its network renews there")
    func roams() throws {
        let subnet = Subnet("192.168.1.0/24")
        let (stage, radios, first) = try home { $0.subnet = subnet }
        _ = try stage.add(
            .named("home") {
                $0.subnet = subnet; $0.leaseTime = .seconds(30)
            })
        stage.run(for: .seconds(7))
        try stage.remove(first)
        #expect(stage.air.network(of: radios[0])?.address == IPv4Address(192, 168, 1, 100))
        #expect(stage.air.nextDeadline == .zero + .seconds(22))
    }

    @Test("a softAP's leases last two hours; when it moves, its stations get their new addresses at the end of them")
    func softAP() throws {
        let stage = Stage(delays: .none)
        let gateway = stage.attach()
        let sensor = stage.attach()
        stage.setSoftAP(.named("soft"), of: gateway)
        stage.join(sensor, .to("soft"))
        _ = stage.events()
        #expect(stage.air.nextDeadline == .zero + .seconds(3_600))
        stage.run(for: .seconds(100_000))
        #expect(stage.events() == [])
        stage.setSoftAP(.named("soft") { $0.address = IPv4Address(192, 168, 5, 1) }, of: gateway)
        #expect(stage.air.network(of: sensor)?.address == IPv4Address(192, 168, 4, 2))
        stage.run(for: .seconds(7_200))
        #expect(
            withoutTimes(stage.events()) == [
                "1 unleased", "0 stationJoined 18:fe:34:00:00:01 0.0.0.0",
                "1 leased 192.168.5.2 255.255.255.0 192.168.5.1", "0 stationJoined 18:fe:34:00:00:01 192.168.5.2",
            ])
    }

    @Test("a scripted station keeps its address for as long as it is there, also when the server has stopped")
    func guest() throws {
        let stage = Stage(delays: .none)
        let gateway = stage.attach()
        stage.setSoftAP(.named("soft"), of: gateway)
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(stage.act { air, now in air.stationJoins(.module(number), softAPOf: gateway, at: now) })
            stage.setSoftAP(.named("soft") { $0.dhcp = number % 2 == 0 }, of: gateway)
            stage.run(for: .seconds(10_000))
            stage.setSoftAP(.named("soft"), of: gateway)
        }
        let soft = try #require(stage.air.softAPNetwork(of: gateway))
        #expect(stage.air.stations(of: soft.accessPoint).map { $0.address.octets.3 } == [2, 3, 4])
        #expect(stage.events().count == 3)
    }

    @Test(
        "a softAP that moves away and back renews the address that was in use all the time, and gives it to nobody else"
    )
    func softAPMovesBack() throws {
        let stage = Stage(delays: .none)
        let gateway = stage.attach()
        let sensors = [stage.attach(), stage.attach()]
        stage.setSoftAP(.named("soft"), of: gateway)
        stage.join(sensors[0], .to("soft", module: 1))
        stage.setSoftAP(.named("soft") { $0.address = IPv4Address(192, 168, 5, 1) }, of: gateway)
        stage.setSoftAP(.named("soft"), of: gateway)
        stage.join(sensors[1], .to("soft", module: 2))
        stage.run(for: .seconds(100_000))
        #expect(sensors.map { stage.air.network(of: $0)?.address?.octets.3 } == [2, 3])
        #expect(!stage.events().contains { $0.hasSuffix("unleased") })
    }

    @Test("a full table of forgotten stations does not keep a moved pool from serving")
    func fullTable() {
        var table = LeaseTable()
        let gateway = IPv4Address(10, 0, 0, 1)
        let old = IPv4Address(10, 0, 0, 2)...IPv4Address(10, 0, 255, 254)
        let new = IPv4Address(10, 1, 0, 0)...IPv4Address(10, 1, 0, 9)
        for number in 0..<UInt64(LeaseTable.maximumLeases) {
            _ = table.lease(to: .module(number), from: old, except: gateway, for: nil, at: .zero)
            _ = table.release(.module(number))
        }
        let lease = table.lease(to: .module(9_999), from: new, except: gateway, for: nil, at: .zero)
        #expect(lease?.address == IPv4Address(10, 1, 0, 0))
        #expect(table.count == LeaseTable.maximumLeases)
    }
}
