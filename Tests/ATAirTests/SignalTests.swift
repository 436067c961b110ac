import ATPrimitives
import Testing

@testable import ATAir

@Suite("Distance, range and fading")
struct SignalTests {
    @Test(
        "a signal loses 30 dB for each ten times the distance beyond a metre, rounded",
        arguments: [
            (0, 0), (50, 0), (100, 0), (101, 0), (200, 9), (300, 14), (500, 21), (1_000, 30), (2_000, 39), (10_000, 60),
            (100_000, 90), (1_000_000, 120), (10_000_000, 150),
        ] as [(Int64, Int64)])
    func pathLoss(centimetres: Int64, loss: Int64) {
        #expect(PathLoss.decibels(squaredDistance: centimetres * centimetres) == loss)
    }

    @Test("the loss never falls with distance")
    func monotonic() {
        var last: Int64 = 0
        for distance in stride(from: 1, to: 100_000, by: 7) as StrideTo<Int64> {
            let loss = PathLoss.decibels(squaredDistance: distance * distance)
            #expect(loss >= last)
            last = loss
        }
    }

    @Test("distance is as the crow flies, and beyond the edge of the plane is at the edge")
    func distance() {
        #expect(Position(x: 100, y: 100).squaredDistance(to: Position(x: 400, y: -300)) == 250_000)
        let far = Position(x: .min, y: .max)
        #expect(far.inPlane == Position(x: -10_000_000, y: 10_000_000))
        #expect(far.squaredDistance(to: Position(x: .max, y: .min)) == 800_000_000_000_000)
    }

    @Test("with both places known distance counts, else the description alone")
    func hearing() throws {
        let table: [(Position?, Position?, Int8?)] = [
            (nil, nil, -50), (.east(0), nil, -50), (nil, .east(50), -50), (.east(3), .east(3), -50),
            (.east(0), .east(10), -80), (.east(0), .east(31), -95), (.east(0), .east(33), nil),
        ]
        for (module, place, strength) in table {
            let stage = Stage()
            let radio = stage.attach(at: module)
            let home = try stage.add(.named("home") { $0.position = place })
            #expect(stage.air.hears(radio, home) == strength)
            #expect(stage.scan(by: radio)?.map(\.rssi) == strength.map { [$0] } ?? [])
        }
    }

    @Test("beyond its range an access point is not heard, however strong it is; at its edge it is")
    func range() throws {
        let stage = Stage()
        let home = try stage.add(
            .named("home") {
                $0.position = .east(0); $0.rssi = 0; $0.range = 500
            })
        let table: [(Int64?, Int8?)] = [(4, -18), (5, -21), (6, nil), (nil, 0)]
        let radios = table.map { stage.attach(at: $0.0.map { .east($0) }) }
        for (radio, (_, strength)) in zip(radios, table) {
            #expect(stage.air.hears(radio, home) == strength)
        }
        try stage.update(home) { $0.range = .max }
        #expect(stage.air.hears(radios[2], home) == -23)
    }

    @Test("nobody hears an access point that has left, nor a module its own softAP; others hear it where the module is")
    func softAP() throws {
        let stage = Stage(delays: .none)
        let gateway = stage.attach(at: .east(0))
        let sensor = stage.attach(at: .east(10))
        stage.setSoftAP(.named("soft"), of: gateway)
        let soft = try #require(stage.air.softAPNetwork(of: gateway)?.accessPoint)
        #expect(stage.air.hears(gateway, soft) == nil)
        #expect(stage.air.hears(sensor, soft) == -70)
        stage.move(gateway, to: .east(9))
        #expect(stage.air.hears(sensor, soft) == -40)
        stage.setSoftAP(.named("soft") { $0.address = IPv4Address(192, 168, 5, 1) }, of: gateway)
        #expect(stage.air.hears(sensor, soft) == -40)
        stage.setSoftAP(nil, of: gateway)
        #expect(stage.air.hears(sensor, soft) == nil)
    }

    @Test("a module that moves out of hearing is lost, and joins again when it comes back")
    func moduleMoves() throws {
        let stage = Stage()
        let radio = stage.attach(at: .east(0))
        _ = try stage.add(
            .named("home") {
                $0.position = .east(0); $0.range = 2_000
            })
        stage.settleIn(radio, .to("home"))
        _ = stage.events()
        stage.move(radio, to: .east(20))
        stage.run(for: .seconds(2))
        #expect(stage.events() == [])
        stage.move(radio, to: .east(21))
        stage.run(for: .seconds(2))
        #expect(stage.events() == ["5s 0 lost", "6s 0 notFound"])
        stage.move(radio, to: .east(22))
        stage.run(for: .seconds(3))
        #expect(stage.events() == [])
        #expect(stage.air.nextDeadline == nil)
        stage.move(radio, to: .east(1))
        stage.run(for: .seconds(3))
        #expect(
            stage.events() == ["10300ms 0 associated", "10600ms 0 leased 10.77.1.100 255.255.255.0 10.77.1.1"])
    }

    @Test("an access point that moves, or reaches less far, loses those that do not hear it any more, and only those")
    func accessPointMoves() throws {
        for change in [{ $0.position = .east(30) }, { $0.range = 200 }, { $0.rssi = -80 }]
            as [(inout AccessPoint) -> Void]
        {
            let stage = Stage(delays: .none)
            let near = stage.attach(at: .east(10))
            let far = stage.attach(at: .east(-10))
            let nowhere = stage.attach()
            let home = try stage.add(.named("home") { $0.position = .east(9) })
            for (radio, module) in [(near, 1), (far, 2), (nowhere, 3)] as [(Air.Radio, UInt64)] {
                stage.join(radio, .to("home", module: module))
            }
            _ = stage.events()
            try stage.update(home, change)
            #expect(stage.events() == ["0s 1 lost", "0s 1 notFound"])
            try stage.update(home) { $0 = .named("home") { $0.position = .east(0) } }
            #expect(stage.events().first == "0s 1 associated")
        }
    }

    @Test("a module that carries its softAP away loses its stations, and is told; they come back with it")
    func gatewayMoves() throws {
        let stage = Stage(delays: .none)
        let gateway = stage.attach(at: .east(0))
        let sensor = stage.attach(at: .east(1))
        stage.setSoftAP(.named("soft"), of: gateway)
        stage.join(sensor, .to("soft"))
        _ = stage.events()
        stage.move(gateway, to: .east(1_000))
        #expect(
            stage.events() == ["0s 0 stationLeft 18:fe:34:00:00:01", "0s 1 lost", "0s 1 notFound"])
        stage.move(gateway, to: .east(2))
        #expect(
            stage.events() == [
                "0s 1 associated", "0s 1 leased 192.168.4.2 255.255.255.0 192.168.4.1",
                "0s 0 stationJoined 18:fe:34:00:00:01 192.168.4.2",
            ])
    }

    @Test("one that goes out of hearing during the handshake is missing")
    func moveDuringHandshake() throws {
        let stage = Stage()
        let radio = stage.attach(at: .east(0))
        _ = try stage.add(.named("home") { $0.position = .east(0) })
        stage.join(radio, .to("home"))
        stage.run(for: .milliseconds(1_600))
        stage.move(radio, to: .east(100))
        stage.run(for: .seconds(5))
        #expect(stage.events() == ["1800ms 0 notFound"])
    }

    @Test("the access point that is nearer is joined, though the other is stronger a metre away")
    func nearest() throws {
        let stage = Stage(delays: .none)
        let radio = stage.attach(at: .east(0))
        _ = try stage.add(
            .named("home") {
                $0.position = .east(30); $0.rssi = -30
            })
        let near = try stage.add(
            .named("home") {
                $0.position = .east(2); $0.rssi = -50
            })
        stage.join(radio, .to("home"))
        #expect(stage.air.network(of: radio)?.accessPoint == near)
    }

    @Test("fading makes every strength about equally often, and none beyond its bounds")
    func fading() throws {
        let stage = Stage()
        let radio = stage.attach()
        let home = try stage.add(
            .named("home") {
                $0.fading = 5; $0.rssi = -60
            })
        var counts: [Int8: Int] = [:]
        for _ in 0..<1_100 {
            let strength = try #require(stage.scan(by: radio)?.first?.rssi)
            counts[strength, default: 0] += 1
        }
        #expect(counts.keys.sorted() == Array(-65 ... -55))
        #expect(counts.values.allSatisfy { (60...140).contains($0) })
        #expect(stage.air.hears(radio, home) == -60)
    }

    @Test("what fades below -95 dBm is missing in that scan; what is too weak without fading is in none")
    func fadesAway() throws {
        let stage = Stage()
        let radio = stage.attach()
        let home = try stage.add(
            .named("home") {
                $0.fading = 60; $0.rssi = -95
            })
        let strengths = (0..<200).map { _ in stage.scan(by: radio)?.first?.rssi }
        #expect((40...160).contains(strengths.count { $0 == nil }))
        #expect(strengths.compactMap { $0 }.allSatisfy { (-95 ... -35).contains($0) })
        try stage.update(home) { $0.rssi = -96 }
        #expect((0..<200).allSatisfy { _ in stage.scan(by: radio)?.isEmpty == true })
    }

    @Test("the strongest strengths do not overflow")
    func strongest() throws {
        let stage = Stage()
        let radio = stage.attach(at: .east(0))
        _ = try stage.add(
            .named("home") {
                $0.fading = 60; $0.rssi = .max; $0.position = .east(0)
            })
        #expect((0..<100).allSatisfy { _ in stage.scan(by: radio)?.first?.rssi ?? 0 >= 127 - 60 })
    }

    @Test("a look that a fade spoils is a second later made again, told once; the association that follows is not lost")
    func fadedLook() throws {
        for delays in [AirDelays.steady, .none] {
            var misses = 0
            for seed in 0..<40 as Range<UInt64> {
                let stage = Stage(delays: delays, seed: seed)
                let radio = stage.attach()
                _ = try stage.add(
                    .named("home") {
                        $0.fading = 10; $0.rssi = -95
                    })
                stage.join(radio, .to("home"))
                stage.run(for: .seconds(60))
                let events = stage.events().map { $0.split(separator: " ").dropFirst(2).first ?? "" }
                misses += events.first == "notFound" ? 1 : 0
                #expect(events.drop { $0 == "notFound" } == ["associated", "leased"])
                #expect(events.count <= 3)
                #expect(stage.air.nextDeadline == nil)
            }
            #expect((8...32).contains(misses))
        }
    }

    @Test("without fading no random number is drawn, so a new access point does not change what the others bring about")
    func noDraws() throws {
        func leaseTimes(others: Int, fading: UInt8) throws -> [String] {
            let stage = Stage(delays: .shipped, seed: 5)
            let radio = stage.attach(at: .east(0))
            _ = try stage.add(.named("home"))
            for number in 0..<others {
                _ = try stage.add(
                    .named("other\(number)") {
                        $0.fading = fading; $0.position = .east(1)
                    })
            }
            _ = stage.scan(by: radio)
            stage.settleIn(radio, .to("home"))
            return stage.events()
        }
        #expect(try leaseTimes(others: 3, fading: 0) == leaseTimes(others: 0, fading: 0))
        #expect(try leaseTimes(others: 3, fading: 1) != leaseTimes(others: 0, fading: 0))
    }
}
