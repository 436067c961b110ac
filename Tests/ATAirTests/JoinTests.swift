import ATPrimitives
import Testing

@testable import ATAir

@Suite("Joining an access point")
struct JoinTests {
    @Test("a join finds, shakes hands and gets a lease, in 2.1 s")
    func join() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        _ = try stage.add(.named("home", password: "12345678"))
        stage.settleIn(radio, .to("home", password: "12345678"))
        #expect(
            stage.events() == [
                "1800ms 0 associated", "2100ms 0 leased 10.77.1.100 255.255.255.0 10.77.1.1",
            ])
        #expect(stage.air.nextDeadline == nil)
    }

    @Test("the shipped join takes 2.1 to 2.3 s with every seed, and not always the same")
    func shippedJoin() throws {
        var times: Set<Int64> = []
        for seed in 0..<100 as Range<UInt64> {
            let stage = Stage(delays: .shipped, seed: seed)
            let radio = stage.air.attach()
            _ = try stage.add(.named("home"))
            stage.join(radio, .to("home"))
            while stage.air.network(of: radio)?.address == nil {
                let deadline = try #require(stage.air.nextDeadline)
                stage.run(for: deadline - stage.now)
            }
            times.insert(stage.now.microseconds)
        }
        #expect(times.count > 10)
        #expect(times.allSatisfy { (2_100_000..<2_300_000).contains($0) })
    }

    @Test("without delays all has happened when the call returns")
    func joinAtOnce() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        _ = try stage.add(.named("home"))
        stage.join(radio, .to("home"))
        #expect(stage.events() == ["0s 0 associated", "0s 0 leased 10.77.1.100 255.255.255.0 10.77.1.1"])
        #expect(stage.air.nextDeadline == nil)
    }

    @Test("a fixed address needs no lease")
    func fixedAddress() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        _ = try stage.add(.named("home"))
        stage.settleIn(radio, .to("home", address: IPv4Address(10, 77, 1, 9)))
        #expect(stage.events() == ["1800ms 0 associated"])
        #expect(stage.air.network(of: radio)?.address == IPv4Address(10, 77, 1, 9))
    }

    @Test("a wrong or empty password is told once and not tried again")
    func wrongPassword() throws {
        for password in ["87654321", ""] {
            let stage = Stage()
            let radio = stage.air.attach()
            _ = try stage.add(.named("home", password: "12345678"))
            stage.join(radio, .to("home", password: password))
            stage.run(for: .seconds(60))
            #expect(stage.events() == ["1800ms 0 wrongPassword"])
            #expect(stage.air.nextDeadline == nil)
            #expect(stage.air.network(of: radio) == nil)
        }
    }

    @Test("an empty password does not open a secured network that has an empty one")
    func securedWithoutPassword() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        _ = try stage.add(.named("home") { $0.security = .wpa2 })
        stage.join(radio, .to("home"))
        #expect(stage.events() == ["0s 0 wrongPassword"])
    }

    @Test("when the password becomes right, the station joins; while it is still wrong, nothing is told again")
    func passwordBecomesRight() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        let home = try stage.add(.named("home", password: "12345678"))
        stage.settleIn(radio, .to("home", password: "87654321"))
        _ = stage.events()
        try stage.update(home) { $0.password = Array("11111111".utf8) }
        stage.run(for: .seconds(7))
        #expect(stage.events() == [])
        try stage.update(home) { $0.password = Array("87654321".utf8) }
        stage.run(for: .seconds(3))
        // The looks are a second apart, counted from the second failed try, at 4.1 s.
        #expect(
            stage.events() == [
                "10400ms 0 associated", "10700ms 0 leased 10.77.1.100 255.255.255.0 10.77.1.1",
            ])
    }

    @Test("an open network lets a station with any password in")
    func openNetwork() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        _ = try stage.add(.named("cafe"))
        stage.join(radio, .to("cafe", password: "whatever"))
        #expect(stage.events().first == "0s 0 associated")
    }

    @Test("a raw key of 64 hex digits is compared as given")
    func rawKey() throws {
        let key = String(repeating: "0123456789abcdef", count: 4)
        for (offered, outcome) in [(key, "associated"), (key.uppercased(), "wrongPassword")] {
            let stage = Stage(delays: .none)
            let radio = stage.air.attach()
            _ = try stage.add(.named("home", password: key))
            stage.join(radio, .to("home", password: offered))
            #expect(stage.events().first == "0s 0 \(outcome)")
        }
    }

    @Test("a missing access point is told once, and found at the next full second after it has come")
    func missing() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        stage.join(radio, .to("home"))
        stage.run(for: .milliseconds(9_700))
        #expect(stage.events() == ["1500ms 0 notFound"])
        _ = try stage.add(.named("home"))
        stage.run(for: .seconds(3))
        #expect(
            stage.events() == [
                "10800ms 0 associated", "11100ms 0 leased 10.77.1.100 255.255.255.0 10.77.1.1",
            ])
    }

    @Test("the strongest of several with one SSID wins, the first of equals")
    func strongest() throws {
        for (signals, winner) in [([-70, -50, -60], 1), ([-60, -60], 0)] as [([Int8], Int)] {
            let stage = Stage(delays: .none)
            let radio = stage.air.attach()
            var ids: [AccessPoint.ID] = []
            for signal in signals {
                ids.append(try stage.add(.named("home") { $0.rssi = signal }))
            }
            stage.join(radio, .to("home"))
            #expect(stage.air.network(of: radio)?.accessPoint == ids[winner])
        }
    }

    @Test("what is weaker than -95 dBm is not heard, and joined when it becomes stronger")
    func outOfHearing() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        let home = try stage.add(.named("home") { $0.rssi = -96 })
        stage.join(radio, .to("home"))
        #expect(stage.events() == ["0s 0 notFound"])
        try stage.update(home) { $0.rssi = -97 }
        #expect(stage.events() == [])
        try stage.update(home) { $0.rssi = -95 }
        #expect(stage.events().first == "0s 0 associated")
    }

    @Test("a hidden access point is joined by its name")
    func hidden() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        _ = try stage.add(.named("home") { $0.isHidden = true })
        stage.join(radio, .to("home"))
        #expect(stage.events().first == "0s 0 associated")
    }

    @Test("a full access point refuses once, and lets the next one in when somebody leaves")
    func full() throws {
        let stage = Stage(delays: .none)
        let first = stage.air.attach()
        let second = stage.air.attach()
        let home = try stage.add(.named("home") { $0.capacity = 1 })
        stage.join(first, .to("home"))
        stage.join(second, .to("home", module: 2))
        #expect(stage.events().last == "0s 1 refused")
        try stage.update(home) { $0.rssi = -51 }
        #expect(stage.events() == [])
        stage.leave(first)
        #expect(
            stage.events() == ["0s 1 associated", "0s 1 leased 10.77.1.101 255.255.255.0 10.77.1.1"])
    }

    @Test("leaving ends the wish at every point of the way, without a word")
    func leave() throws {
        for time in [0, 1_600, 1_900, 2_500] as [Int64] {
            let stage = Stage()
            let radio = stage.air.attach()
            _ = try stage.add(.named("home"))
            stage.join(radio, .to("home"))
            stage.run(for: .milliseconds(time))
            _ = stage.events()
            stage.leave(radio)
            stage.run(for: .seconds(60))
            #expect(stage.events() == [])
            #expect(stage.air.network(of: radio) == nil)
            #expect(stage.air.nextDeadline == nil)
        }
    }

    @Test("another join takes the place of the first")
    func joinAgain() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        _ = try stage.add(.named("home"))
        let cafe = try stage.add(.named("cafe"))
        stage.join(radio, .to("home"))
        _ = stage.events()
        stage.join(radio, .to("cafe"))
        #expect(stage.events() == ["0s 0 associated", "0s 0 leased 10.77.2.100 255.255.255.0 10.77.2.1"])
        #expect(stage.air.network(of: radio)?.accessPoint == cafe)
    }
}
