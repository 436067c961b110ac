import ATPrimitives
import Testing

@testable import ATAir

@Suite("One radio for station and softAP")
struct ChannelTests {
    /// "home" on channel 11, a module with a softAP on channel 1, and a module on that softAP.
    private func chain() throws -> (Stage, gateway: Air.Radio, sensor: Air.Radio) {
        let stage = Stage(delays: .none)
        _ = try stage.add(.named("home") { $0.channel = 11 })
        let gateway = stage.attach()
        let sensor = stage.attach()
        stage.setSoftAP(.named("soft"), of: gateway)
        stage.join(sensor, .to("soft", module: 2))
        _ = stage.events()
        return (stage, gateway, sensor)
    }

    private func channel(ofSoftAPOf radio: Air.Radio, _ stage: Stage) -> UInt8? {
        stage.air.accessPoints.first { $0.softAPOf == radio }?.settings.channel
    }

    @Test("the softAP follows its station to the channel of the access point, and its own stations do not notice")
    func follows() throws {
        let (stage, gateway, sensor) = try chain()
        stage.join(gateway, .to("home"))
        #expect(channel(ofSoftAPOf: gateway, stage) == 11)
        #expect(stage.events().allSatisfy { $0.hasPrefix("0s 0 associated") || $0.hasPrefix("0s 0 leased") })
        #expect(stage.air.network(of: sensor)?.address == IPv4Address(192, 168, 4, 2))
        stage.air.scan(ScanFilter(ssid: Array("soft".utf8), channel: 11), by: sensor, at: stage.now)
        guard case .scanned(let found)? = stage.air.nextEvent()?.1 else { return #expect(Bool(false)) }
        #expect(found.map(\.channel) == [11])
    }

    @Test("it stays there when the station leaves, and goes back to its own channel when it is started anew")
    func staysUntilRestart() throws {
        let (stage, gateway, _) = try chain()
        stage.join(gateway, .to("home"))
        stage.leave(gateway)
        #expect(channel(ofSoftAPOf: gateway, stage) == 11)
        stage.setSoftAP(.named("soft") { $0.address = IPv4Address(192, 168, 5, 1) }, of: gateway)
        #expect(channel(ofSoftAPOf: gateway, stage) == 11)
        stage.setSoftAP(.named("soft") { $0.channel = 6 }, of: gateway)
        #expect(channel(ofSoftAPOf: gateway, stage) == 6)
    }

    @Test("one that starts while the station is associated starts on the station's channel")
    func startsThere() throws {
        let (stage, gateway, _) = try chain()
        stage.join(gateway, .to("home"))
        stage.setSoftAP(.named("soft") { $0.channel = 6 }, of: gateway)
        #expect(channel(ofSoftAPOf: gateway, stage) == 11)
    }

    @Test("a station that follows takes its own softAP along, also in a ring")
    func chainOfSoftAPs() throws {
        let (stage, gateway, sensor) = try chain()
        stage.setSoftAP(.named("leaf") { $0.bssid = MACAddress(value: 0x1AFE_3400_0009) }, of: sensor)
        stage.join(gateway, .to("leaf"))
        #expect(channel(ofSoftAPOf: sensor, stage) == 1)
        stage.join(gateway, .to("home"))
        #expect(channel(ofSoftAPOf: gateway, stage) == 11)
        #expect(channel(ofSoftAPOf: sensor, stage) == 11)
        stage.join(gateway, .to("leaf"))
        #expect(channel(ofSoftAPOf: gateway, stage) == 11)
    }
}
