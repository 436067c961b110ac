import ATPrimitives
import Testing

@testable import ATAir

@Suite("Floods and strange names")
struct FloodTests {
    @Test("thousands of scripted stations that come and go leave nothing behind, and do not disturb who is there")
    func guests() throws {
        let stage = Stage(delays: .none)
        let gateway = stage.attach()
        let sensor = stage.attach()
        stage.setSoftAP(.named("soft"), of: gateway)
        stage.join(sensor, .to("soft"))
        _ = stage.events()
        var script = RandomSource(seed: 1)
        for _ in 0..<5_000 {
            let mac = MACAddress(value: script.next())
            #expect(stage.act { air, now in air.stationJoins(mac, softAPOf: gateway, at: now) })
            #expect(stage.act { air, now in air.stationLeaves(mac, softAPOf: gateway, at: now) })
            #expect(stage.events().count == 2)
        }
        #expect(stage.air.network(of: sensor)?.address == IPv4Address(192, 168, 4, 2))
        #expect(try #require(stage.air.networks.first).leases.count <= 100)
    }

    @Test("a softAP that is stormed has never more than four, and the fifth never disturbs them")
    func storm() throws {
        let stage = Stage(delays: .none)
        let gateway = stage.attach()
        stage.setSoftAP(.named("soft"), of: gateway)
        let soft = try #require(stage.air.softAPNetwork(of: gateway)?.accessPoint)
        var script = RandomSource(seed: 2)
        let joined = (0..<1_000).count { _ in
            let mac = MACAddress(value: script.next())
            return stage.act { air, now in air.stationJoins(mac, softAPOf: gateway, at: now) }
        }
        #expect(joined == 4)
        #expect(stage.events().count == 4)
        #expect(stage.air.stations(of: soft).map { $0.address.octets.3 } == [2, 3, 4, 5])
    }

    @Test("a module that joins thousands of times, each time as another, fills the table and no more")
    func modules() throws {
        let stage = Stage(delays: .none)
        let quiet = stage.attach()
        let restless = stage.attach()
        _ = try stage.add(
            .named("home") {
                $0.subnet = Subnet("10.0.0.0/8")
                $0.leases = .range(IPv4Address(10, 0, 0, 2)...IPv4Address(10, 255, 0, 0))
            })
        stage.join(quiet, .to("home", module: 0))
        for number in 1...3_000 as ClosedRange<UInt64> {
            stage.join(restless, .to("home", module: number))
            #expect(stage.air.network(of: restless)?.address != nil)
            if number % 3 == 0 { stage.powerOff(restless) }
        }
        #expect(try #require(stage.air.networks.first).leases.count == LeaseTable.maximumLeases)
        #expect(stage.air.network(of: quiet)?.address == IPv4Address(10, 0, 0, 2))
        #expect(stage.events().count { $0.hasPrefix("0s 0 ") } == 2)
    }

    @Test("a network with more stations than addresses serves each address once, and the rest as some go")
    func moreThanAddresses() throws {
        let stage = Stage(delays: .none)
        let range = IPv4Address(10, 77, 1, 10)...IPv4Address(10, 77, 1, 19)
        _ = try stage.add(
            .named("home") {
                $0.leases = .range(range); $0.capacity = 100
            })
        let radios = (0..<30).map { _ in stage.attach() }
        for (number, radio) in radios.enumerated() { stage.join(radio, .to("home", module: UInt64(number))) }
        func addresses() -> [IPv4Address?] { radios.map { stage.air.network(of: $0)?.address } }
        #expect(addresses().compactMap { $0 } == (10..<20).map { IPv4Address(10, 77, 1, $0) })
        for radio in radios.prefix(15) { stage.leave(radio) }
        let later = addresses()
        #expect(later.prefix(15).allSatisfy { $0 == nil })
        #expect(Set(later.compactMap { $0 }).count == 10)
    }

    @Test("names and passwords have any bytes, and all of them count")
    func anyBytes() throws {
        let names: [[UInt8]] = [
            [0], [0, 0], [0xFF], [0x22, 0x2C, 0x5C], Array("a\0b".utf8), Array("a\0c".utf8), Array("a".utf8),
            [UInt8](repeating: 0x20, count: 32), [UInt8](repeating: 0xFF, count: 32),
        ]
        for delays in [AirDelays.none, .steady] {
            let stage = Stage(delays: delays)
            for name in names {
                _ = try stage.add(AccessPoint(ssid: name, password: name + [0] + name.prefix(31)))
            }
            #expect(Set(stage.air.accessPoints.map(\.bssid)).count == names.count)
            for (number, name) in names.enumerated() {
                let radio = stage.attach()
                let right = name + [0] + name.prefix(31)
                var request = JoinRequest(
                    ssid: name, password: right, mac: .module(UInt64(number)), address: nil)
                stage.settleIn(radio, request)
                #expect(stage.air.network(of: radio)?.accessPoint == stage.air.accessPoints[number].id)
                request.password[right.count - 1] ^= 1
                stage.settleIn(radio, request)
                #expect(stage.air.network(of: radio) == nil)
            }
        }
    }

    @Test("a name or password may be as long as it can be, and not a byte longer")
    func longest() throws {
        let stage = Stage(delays: .none)
        let (name, password) = ([UInt8](repeating: 7, count: 32), [UInt8](repeating: 0, count: 64))
        _ = try stage.add(AccessPoint(ssid: name, password: password))
        let radio = stage.attach()
        stage.join(radio, JoinRequest(ssid: name, password: password, mac: .module(1), address: nil))
        #expect(stage.events().first == "0s 0 associated")
        #expect(throws: AccessPointRefusal.ssidLength) { try stage.add(AccessPoint(ssid: name + [7])) }
        #expect(throws: AccessPointRefusal.passwordTooLong) {
            try stage.add(AccessPoint(ssid: name, password: password + [0]))
        }
    }
}
