import ATPrimitives
import Testing

@testable import ATAir

@Suite("Scanning")
struct ScanTests {
    /// "home" on channel 1, "cafe" on 6, a hidden one on 11, one too far away.
    private func city() throws -> (Stage, Air.Radio) {
        let stage = Stage()
        let radio = stage.air.attach()
        _ = try stage.add(
            .named("home", password: "12345678") { $0.bssid = MACAddress(value: 0x02_0000_0000_01) })
        _ = try stage.add(
            .named("cafe") {
                $0.bssid = MACAddress(value: 0x02_0000_0000_02)
                $0.channel = 6
                $0.rssi = -71
            })
        _ = try stage.add(
            .named("secret") {
                $0.bssid = MACAddress(value: 0x02_0000_0000_03)
                $0.channel = 11
                $0.isHidden = true
                $0.security = .wpaWpa2
            })
        _ = try stage.add(.named("far") { $0.rssi = -96 })
        return (stage, radio)
    }

    private func texts(_ results: [ScannedAccessPoint]?) -> [String]? {
        results?.map {
            "\($0.security.rawValue) \(String(decoding: $0.ssid, as: UTF8.self)) \($0.rssi) \($0.bssid) \($0.channel)"
        }
    }

    private static let home = "3 home -50 02:00:00:00:00:01 1"
    private static let cafe = "0 cafe -71 02:00:00:00:00:02 6"

    @Test("a scan shows what is heard, in the order of adding, a hidden one with an empty name")
    func all() throws {
        let (stage, radio) = try city()
        #expect(texts(stage.scan(by: radio)) == [Self.home, Self.cafe, "4  -50 02:00:00:00:00:03 11"])
        #expect(stage.now == .zero + .milliseconds(2150))
    }

    @Test("by name, by BSSID, by channel, by all of them, by what there is not")
    func filters() throws {
        let bssid = MACAddress(value: 0x02_0000_0000_01)
        let table: [(ScanFilter, [String])] = [
            (ScanFilter(ssid: Array("cafe".utf8)), [Self.cafe]),
            (ScanFilter(ssid: Array("secret".utf8)), ["4 secret -50 02:00:00:00:00:03 11"]),
            (ScanFilter(bssid: bssid), [Self.home]),
            (ScanFilter(channel: 6), [Self.cafe]),
            (ScanFilter(channel: 11), ["4  -50 02:00:00:00:00:03 11"]),
            (ScanFilter(ssid: Array("home".utf8), bssid: bssid, channel: 1), [Self.home]),
            (ScanFilter(ssid: Array("home".utf8), bssid: bssid, channel: 6), []),
            (ScanFilter(ssid: Array("far".utf8)), []),
        ]
        let (stage, radio) = try city()
        for (filter, expected) in table {
            #expect(texts(stage.scan(filter, by: radio)) == expected)
        }
    }

    @Test("a scan of one channel is shorter")
    func oneChannel() throws {
        let (stage, radio) = try city()
        _ = stage.scan(ScanFilter(channel: 6), by: radio)
        #expect(stage.now == .zero + .milliseconds(230))
    }

    @Test("without delays the answer is there when the call returns")
    func atOnce() {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        stage.act { air, now in air.scan(ScanFilter(), by: radio, at: now) }
        #expect(stage.events() == ["0s 0 scanned 0"])
    }

    @Test("a second scan is refused while the first runs, which goes on")
    func twoScans() throws {
        let (stage, radio) = try city()
        stage.act { air, now in air.scan(ScanFilter(), by: radio, at: now) }
        stage.run(for: .seconds(1))
        stage.act { air, now in air.scan(ScanFilter(), by: radio, at: now) }
        stage.run(for: .seconds(5))
        #expect(stage.events() == ["1s 0 scanRefused", "2150ms 0 scanned 3"])
    }

    @Test("a scan and a join run side by side")
    func scanWhileJoining() throws {
        let (stage, radio) = try city()
        stage.join(radio, .to("cafe"))
        stage.act { air, now in air.scan(ScanFilter(), by: radio, at: now) }
        stage.run(for: .seconds(5))
        #expect(
            stage.events() == [
                "1800ms 0 associated", "2100ms 0 leased 10.77.2.100 255.255.255.0 10.77.2.1", "2150ms 0 scanned 3",
            ])
    }

    @Test("no scan shows more than 64")
    func limit() throws {
        let stage = Stage(delays: .none)
        let radio = stage.air.attach()
        for number in 0..<70 {
            _ = try stage.add(.named("ap\(number)"))
        }
        stage.act { air, now in air.scan(ScanFilter(), by: radio, at: now) }
        #expect(stage.events() == ["0s 0 scanned 64"])
    }

    @Test("a module hears another's softAP, not its own")
    func softAP() {
        let stage = Stage()
        let gateway = stage.air.attach()
        let sensor = stage.air.attach()
        stage.setSoftAP(.named("soft", password: "12345678"), of: gateway)
        #expect(texts(stage.scan(by: gateway)) == [])
        #expect(texts(stage.scan(by: sensor)) == ["3 soft -40 1a:fe:34:00:00:01 1"])
    }
}
