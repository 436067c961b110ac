import ATPrimitives
import Testing

@testable import ATAir

@Suite("Repeatability")
struct DeterminismTests {
    /// Random calls on a small world; what they bring about is the log.
    private func log(seed: UInt64, delays: AirDelays, steps: Int) throws -> [String] {
        var script = RandomSource(seed: seed)
        let stage = Stage(delays: delays, seed: seed)
        let radios = (0..<4).map { _ in stage.air.attach() }
        var ids: [AccessPoint.ID] = []
        var log: [String] = []
        for _ in 0..<steps {
            let radio = radios[Int(script.number(below: 4))]
            let name = ["a", "b", "soft"][Int(script.number(below: 3))]
            let password = ["", "12345678"][Int(script.number(below: 2))]
            switch script.number(below: 12) {
            case 0 where ids.count < 5:
                ids.append(try stage.add(.named(name, password: password) { $0.capacity = 2 }))
            case 1 where !ids.isEmpty: try stage.remove(ids.removeFirst())
            case 2 where !ids.isEmpty:
                let rssi = Int8(-98 + Int(script.number(below: 50)))
                try stage.update(ids[0]) {
                    $0.rssi = rssi; $0.leases = $0.leases == .none ? .standard : .none
                }
            case 3: stage.act { air, now in air.scan(ScanFilter(), by: radio, at: now) }
            case 4: stage.leave(radio)
            case 5: stage.setSoftAP(.named("soft", password: password), of: radio)
            case 6: stage.setSoftAP(nil, of: radio)
            case 7: stage.powerOff(radio)
            case 8: stage.setAddress(script.number(below: 2) == 0 ? nil : IPv4Address(10, 77, 1, 7), of: radio)
            case 9: stage.act { air, now in _ = air.stationJoins(.module(77), softAPOf: radio, at: now) }
            default:
                stage.join(radio, .to(name, password: password, module: UInt64(radio.number)))
            }
            stage.run(for: .milliseconds(Int64(script.number(below: 3_000))))
            log += stage.events()
            check(stage.air, radios)
        }
        return log
    }

    /// What holds after every call.
    private func check(_ air: Air, _ radios: [Air.Radio]) {
        for radio in radios {
            guard let network = air.network(of: radio), let address = network.address else { continue }
            #expect(air.accessPoints.contains { $0.id == network.accessPoint })
            #expect(air.owner(of: address, in: network.network) != nil)
        }
        for accessPoint in air.accessPoints {
            #expect(air.stations(of: accessPoint.id).count <= accessPoint.settings.capacity)
        }
        if let deadline = air.nextDeadline { #expect(deadline > air.clock) }
    }

    @Test("the same calls with the same seed bring the same events, and the seed matters")
    func sameSeed() throws {
        let first = try log(seed: 7, delays: .shipped, steps: 300)
        #expect(first.count > 100)
        #expect(first == (try log(seed: 7, delays: .shipped, steps: 300)))
        #expect(first != (try log(seed: 8, delays: .shipped, steps: 300)))
    }

    @Test("random worlds keep their invariants, with and without delays", arguments: 0..<40 as Range<UInt64>)
    func invariants(seed: UInt64) throws {
        _ = try log(seed: seed, delays: .shipped, steps: 60)
        _ = try log(seed: seed, delays: .none, steps: 60)
    }

    @Test("an air that is brought forward in one step tells the same, in the same order, as in many")
    func bigStep() throws {
        func progress(of step: Interval) throws -> [String] {
            var air = Air(seed: 3, delays: .shipped)
            let radios = (0..<3).map { _ in air.attach() }
            _ = try air.add(.named("home"), at: .zero)
            for radio in radios {
                air.join(.to("home", module: UInt64(radio.number)), by: radio, at: .zero)
            }
            var now = Instant.zero
            while now < .zero + .seconds(6) {
                now = now + step
                air.advance(to: now)
            }
            var log: [String] = []
            while let (radio, event) = air.nextEvent() { log.append("\(radio.number) \(event.text)") }
            return log
        }
        let once = try progress(of: .seconds(6))
        #expect(once.count == 6)
        #expect(try progress(of: .milliseconds(1)) == once)
    }

    @Test("time that goes back is read as now")
    func timeGoesBack() throws {
        let stage = Stage()
        let radio = stage.air.attach()
        _ = try stage.add(.named("home"))
        stage.run(for: .seconds(10))
        stage.air.join(.to("home"), by: radio, at: .zero)
        #expect(stage.air.nextDeadline == .zero + .milliseconds(11_500))
    }
}
