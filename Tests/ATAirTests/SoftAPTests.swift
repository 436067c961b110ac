import ATPrimitives
import Testing

@testable import ATAir

@Suite("SoftAPs")
struct SoftAPTests {
    private static let guest = MACAddress(value: 0x5ECF_7F00_0001)

    /// A module with a softAP, and another that can join it.
    private func pair(delays: AirDelays = .none) -> (Stage, gateway: Air.Radio, sensor: Air.Radio) {
        let stage = Stage(delays: delays)
        let gateway = stage.air.attach()
        let sensor = stage.air.attach()
        stage.setSoftAP(.named("soft", password: "12345678"), of: gateway)
        return (stage, gateway, sensor)
    }

    private let request = JoinRequest.to("soft", password: "12345678")
    private let joinedEvents = [
        "1 associated", "1 leased 192.168.4.2 255.255.255.0 192.168.4.1",
        "0 stationJoined 18:fe:34:00:00:01 192.168.4.2",
    ]

    @Test("a scripted station joins at once, gets .2 and leaves")
    func scriptedStation() {
        let (stage, gateway, _) = pair(delays: .shipped)
        #expect(stage.act { air, now in air.stationJoins(Self.guest, softAPOf: gateway, at: now) })
        #expect(stage.events() == ["0s 0 stationJoined 5e:cf:7f:00:00:01 192.168.4.2"])
        #expect(!stage.act { air, now in air.stationJoins(Self.guest, softAPOf: gateway, at: now) })
        #expect(stage.act { air, now in air.stationLeaves(Self.guest, softAPOf: gateway, at: now) })
        #expect(stage.events() == ["0s 0 stationLeft 5e:cf:7f:00:00:01"])
        #expect(!stage.act { air, now in air.stationLeaves(Self.guest, softAPOf: gateway, at: now) })
        #expect(stage.events() == [])
    }

    @Test("without a softAP nobody joins it")
    func noSoftAP() {
        let (stage, gateway, sensor) = pair()
        #expect(!stage.act { air, now in air.stationJoins(Self.guest, softAPOf: sensor, at: now) })
        stage.setSoftAP(nil, of: gateway)
        #expect(!stage.act { air, now in air.stationJoins(Self.guest, softAPOf: gateway, at: now) })
        #expect(stage.events() == [])
    }

    @Test("another module joins like any access point, and the owner is told when the address is known")
    func module() {
        let (stage, _, sensor) = pair(delays: .steady)
        stage.settleIn(sensor, request)
        #expect(
            stage.events() == [
                "1800ms 1 associated", "2100ms 1 leased 192.168.4.2 255.255.255.0 192.168.4.1",
                "2100ms 0 stationJoined 18:fe:34:00:00:01 192.168.4.2",
            ])
        stage.leave(sensor)
        #expect(stage.events() == ["3s 0 stationLeft 18:fe:34:00:00:01"])
    }

    @Test("a module with a fixed address is listed with 0.0.0.0, one without a lease too")
    func listedWithoutLease() {
        let (stage, gateway, sensor) = pair()
        stage.join(sensor, .to("soft", password: "12345678", address: IPv4Address(192, 168, 4, 9)))
        #expect(withoutTimes(stage.events()) == ["1 associated", "0 stationJoined 18:fe:34:00:00:01 0.0.0.0"])
        stage.leave(sensor)
        stage.setSoftAP(.named("soft", password: "12345678") { $0.dhcp = false }, of: gateway)
        _ = stage.events()
        stage.join(sensor, request)
        #expect(
            withoutTimes(stage.events()) == ["1 associated", "1 unleased", "0 stationJoined 18:fe:34:00:00:01 0.0.0.0"])
    }

    @Test("a station that takes a fixed address before its lease comes is listed at once")
    func fixedWhileAsking() {
        let (stage, _, sensor) = pair(delays: .steady)
        stage.join(sensor, request)
        stage.run(for: .milliseconds(1_900))
        stage.setAddress(IPv4Address(192, 168, 4, 9), of: sensor)
        #expect(stage.events() == ["1800ms 1 associated", "1900ms 0 stationJoined 18:fe:34:00:00:01 0.0.0.0"])
    }

    @Test("a module does not find its own softAP, and a wrong password does not open it")
    func refusedJoins() {
        let (stage, gateway, sensor) = pair()
        stage.join(gateway, .to("soft", password: "12345678", module: 9))
        stage.join(sensor, .to("soft", password: "87654321"))
        #expect(withoutTimes(stage.events()) == ["0 notFound", "1 wrongPassword"])
    }

    @Test("four stations fit; the fifth is refused and gets in when one leaves")
    func capacity() {
        let (stage, gateway, sensor) = pair()
        for number in 1...4 as ClosedRange<UInt64> {
            let mac = MACAddress(value: Self.guest.value + number)
            #expect(stage.act { air, now in air.stationJoins(mac, softAPOf: gateway, at: now) })
        }
        #expect(!stage.act { air, now in air.stationJoins(Self.guest, softAPOf: gateway, at: now) })
        _ = stage.events()
        stage.join(sensor, request)
        #expect(withoutTimes(stage.events()) == ["1 refused"])
        let first = MACAddress(value: Self.guest.value + 1)
        stage.act { air, now in _ = air.stationLeaves(first, softAPOf: gateway, at: now) }
        #expect(
            withoutTimes(stage.events()) == [
                "0 stationLeft 5e:cf:7f:00:00:02", "1 associated", "1 leased 192.168.4.6 255.255.255.0 192.168.4.1",
                "0 stationJoined 18:fe:34:00:00:01 192.168.4.6",
            ])
    }

    @Test(
        "a change of radio settings is a restart: stations are lost, modules come back, leases begin anew",
        arguments: [
            { $0.channel = 6 }, { $0.security = .wpa }, { $0.bssid = MACAddress(value: 0x1AFE_3400_0002) },
        ] as [@Sendable (inout SoftAPSettings) -> Void])
    func restart(change: @Sendable (inout SoftAPSettings) -> Void) {
        let (stage, gateway, sensor) = pair()
        stage.act { air, now in _ = air.stationJoins(Self.guest, softAPOf: gateway, at: now) }
        stage.join(sensor, request)
        _ = stage.events()
        stage.setSoftAP(.named("soft", password: "12345678", change), of: gateway)
        #expect(
            withoutTimes(stage.events()) == [
                "0 stationLeft 18:fe:34:00:00:01", "1 lost", "0 stationLeft 5e:cf:7f:00:00:01",
            ] + joinedEvents)
    }

    @Test("a new password or name keeps out who has the old one")
    func newPassword() {
        let (stage, gateway, sensor) = pair()
        stage.join(sensor, request)
        stage.setSoftAP(.named("soft", password: "87654321"), of: gateway)
        #expect(withoutTimes(stage.events()).suffix(2) == ["1 lost", "1 wrongPassword"])
        stage.setSoftAP(.named("other", password: "12345678"), of: gateway)
        #expect(withoutTimes(stage.events()) == ["1 notFound"])
        stage.setSoftAP(.named("soft", password: "12345678"), of: gateway)
        #expect(withoutTimes(stage.events()) == joinedEvents)
    }

    @Test("the same settings again, another address or DHCP setting do not disturb anybody")
    func quietChanges() {
        let (stage, gateway, sensor) = pair()
        stage.join(sensor, request)
        _ = stage.events()
        stage.setSoftAP(.named("soft", password: "12345678"), of: gateway)
        stage.setSoftAP(.named("soft", password: "12345678") { $0.dhcp = false }, of: gateway)
        stage.setSoftAP(.named("soft", password: "12345678") { $0.address = IPv4Address(192, 168, 5, 1) }, of: gateway)
        #expect(stage.events() == [])
        #expect(stage.air.network(of: sensor)?.address == IPv4Address(192, 168, 4, 2))
        #expect(stage.air.network(of: sensor)?.subnet.base == IPv4Address(192, 168, 5, 0))
        stage.act { air, now in _ = air.stationJoins(Self.guest, softAPOf: gateway, at: now) }
        #expect(withoutTimes(stage.events()) == ["0 stationJoined 5e:cf:7f:00:00:01 192.168.5.2"])
    }

    @Test("when its DHCP server starts, stations without a lease get one")
    func serverStarts() {
        let (stage, gateway, sensor) = pair()
        stage.setSoftAP(.named("soft", password: "12345678") { $0.dhcp = false }, of: gateway)
        stage.join(sensor, request)
        stage.act { air, now in _ = air.stationJoins(Self.guest, softAPOf: gateway, at: now) }
        _ = stage.events()
        stage.setSoftAP(.named("soft", password: "12345678"), of: gateway)
        #expect(
            withoutTimes(stage.events()) == [
                "0 stationJoined 5e:cf:7f:00:00:01 192.168.4.2", "1 leased 192.168.4.3 255.255.255.0 192.168.4.1",
                "0 stationJoined 18:fe:34:00:00:01 192.168.4.3",
            ])
    }

    @Test(
        "leases are .2 to .101, or the 100 below an own address from .128 on",
        arguments: [(1, 2, 101), (2, 3, 101), (127, 2, 101), (128, 28, 127), (254, 154, 253)] as [(UInt8, UInt8, UInt8)]
    )
    func pool(own: UInt8, first: UInt8, last: UInt8) throws {
        let settings = SoftAPSettings.named("soft") { $0.address = IPv4Address(192, 168, 4, own) }
        var table = LeaseTable()
        let leases = (1...101).compactMap { number in
            table.lease(to: .module(number), from: settings.pool, except: settings.address, for: nil, at: .zero)?
                .address
        }
        #expect(leases.first == IPv4Address(192, 168, 4, first))
        #expect(leases.last == IPv4Address(192, 168, 4, last))
    }

    @Test("taken off the air, its stations are lost and look for it")
    func off() {
        let (stage, gateway, sensor) = pair(delays: .steady)
        stage.settleIn(sensor, request)
        stage.act { air, now in _ = air.stationJoins(Self.guest, softAPOf: gateway, at: now) }
        _ = stage.events()
        stage.setSoftAP(nil, of: gateway)
        stage.run(for: .seconds(10))
        #expect(
            stage.events() == [
                "3s 0 stationLeft 18:fe:34:00:00:01", "3s 1 lost", "3s 0 stationLeft 5e:cf:7f:00:00:01",
                "4s 1 notFound",
            ])
        #expect(stage.air.accessPoints == [])
        #expect(stage.air.networks.isEmpty)
    }

    @Test("a module that loses power takes its softAP with it, and hears nothing of it")
    func ownerPowerOff() {
        let (stage, gateway, sensor) = pair()
        stage.join(sensor, request)
        _ = stage.events()
        stage.air.scan(ScanFilter(), by: gateway, at: stage.now)
        stage.powerOff(gateway)
        #expect(withoutTimes(stage.events()) == ["1 lost", "1 notFound"])
        stage.setSoftAP(.named("soft", password: "12345678"), of: gateway)
        #expect(withoutTimes(stage.events()) == joinedEvents)
    }

    @Test("a module that loses power leaves the list and forgets its wish and its scan")
    func stationPowerOff() {
        let (stage, _, sensor) = pair(delays: .steady)
        stage.settleIn(sensor, request)
        _ = stage.events()
        stage.air.scan(ScanFilter(), by: sensor, at: stage.now)
        stage.powerOff(sensor)
        stage.run(for: .seconds(60))
        #expect(stage.events() == ["3s 0 stationLeft 18:fe:34:00:00:01"])
        #expect(stage.air.nextDeadline == nil)
    }
}
