import ATEngine
import ATPrimitives
import Testing

@Suite("The parameters of a flash are decoded as the firmware reads them")
struct SettingsReportTests {
    /// A flash with bytes at some addresses.
    private func flash(_ content: [Int: [UInt8]]) -> FlashImage {
        var image = FlashImage()
        for (address, bytes) in content {
            var sector = image[sector: address / 4096]
            sector.replaceSubrange(address % 4096..<address % 4096 + bytes.count, with: bytes)
            image[sector: address / 4096] = sector
        }
        return image
    }

    @Test("a blank flash has blank copies, of which the second counts")
    func blank() {
        let report = SettingsReport(of: FlashImage())
        #expect(report.user.copies.map(\.sector) == [0x3D, 0x3E])
        #expect(report.system.copies.map(\.sector) == [0x7D, 0x7E])
        #expect(report.user.copies.allSatisfy { $0.content == .blank })
        #expect(report.system.copies.allSatisfy { $0.content == .blank })
        #expect(report.user.currentIndex == 1)
        #expect(report.user.flagSector == 0x3F)
        #expect(report.user.flag == 0xFF)
        #expect(report.system.flagSector == 0x7F)
    }

    @Test("each field of the user record lies where the reference says")
    func userRecord() throws {
        var record = [UInt8](repeating: 0xFF, count: 56)
        record.replaceSubrange(0..<8, with: [0x00, 0xE1, 0x00, 0x00, 2, 3, 1, 2])
        record.replaceSubrange(12..<20, with: [192, 168, 9, 1, 10, 0, 0, 7])
        record.replaceSubrange(20..<26, with: [0x1A, 0xFE, 0x34, 1, 2, 3])
        record.replaceSubrange(28..<34, with: [0x18, 0xFE, 0x34, 4, 5, 6])
        record[36] = 1
        record.replaceSubrange(40..<50, with: [1, 0, 32, 0, 10, 0, 0, 1, 0x90, 0x1F])
        let report = SettingsReport(of: flash([0x3D000: record, 0x3F000: [0]]))
        #expect(report.user.currentIndex == 0)
        #expect(report.user.current.sector == 0x3D)
        guard case .settings(let settings) = report.user.current.content else {
            Issue.record("the record was not decoded")
            return
        }
        #expect(
            settings.line
                == LineSettings(
                    baud: 57600, dataBits: 7, stopBits: .two, parity: .odd, requestToSend: false, clearToSend: true))
        #expect(settings.softAPAddress == IPv4Address(192, 168, 9, 1))
        #expect(settings.stationAddress == IPv4Address(10, 0, 0, 7))
        #expect(settings.softAPMAC == MACAddress("1a:fe:34:01:02:03"))
        #expect(settings.stationMAC == MACAddress("18:fe:34:04:05:06"))
        #expect(settings.servesDHCP)
        #expect(!settings.usesDHCP)
        let transparent = try #require(settings.transparent)
        #expect(transparent.remote == Endpoint("10.0.0.1:8080"))
        #expect(transparent.transport == .udp)
        #expect(report.user.copies[1].content == .blank)
    }

    @Test("a record with a field written has the defaults for the others")
    func defaults() {
        let report = SettingsReport(of: SettingsModule.flash(after: "AT+CIPSTAMAC=\"18:fe:34:aa:bb:cc\""))
        guard case .settings(let settings) = report.user.current.content else {
            Issue.record("the record was not decoded")
            return
        }
        #expect(settings.stationMAC == MACAddress("18:fe:34:aa:bb:cc"))
        #expect(settings.line == nil)
        #expect(settings.stationAddress == nil)
        #expect(settings.softAPMAC == nil)
        #expect(settings.usesDHCP && settings.servesDHCP)
        #expect(settings.transparent == nil)
    }

    @Test("the system record shows what the commands have set")
    func systemRecord() throws {
        let image = SettingsModule.flash(
            after: "AT+CWMODE=3", "AT+CWJAP=\"home\",\"secret12\"", "AT+CWSAP=\"garden\",\"vegetables\",6,4",
            "AT+CWAUTOCONN=0")
        let report = SettingsReport(of: image)
        guard case .settings(let settings) = report.system.current.content else {
            Issue.record("the record was not decoded")
            return
        }
        #expect(settings.mode == 3)
        #expect(!settings.autoConnects)
        #expect(settings.ssid == Array("home".utf8))
        #expect(settings.password == Array("secret12".utf8))
        #expect(settings.runningImage == 1)
        let softAP = try #require(settings.softAP)
        #expect(softAP.ssid == Array("garden".utf8))
        #expect(softAP.password == Array("vegetables".utf8))
        #expect(softAP.channel == 6)
        #expect(softAP.security == .wpaWpa2)
    }

    @Test("the copy that does not count has the settings before the last change")
    func history() throws {
        let image = SettingsModule.flash(
            after: "AT+CIPAP=\"192.168.8.1\"", "AT+CIPAP=\"192.168.9.1\"", "AT+CIPAP=\"192.168.10.1\"")
        let record = SettingsReport(of: image).user
        let addresses = record.copies.map { copy -> IPv4Address? in
            guard case .settings(let settings) = copy.content else { return nil }
            return settings.softAPAddress
        }
        #expect(addresses[record.currentIndex] == IPv4Address(192, 168, 10, 1))
        #expect(addresses[1 - record.currentIndex] == IPv4Address(192, 168, 9, 1))
    }

    @Test(
        "a system record without our mark is foreign",
        arguments: [[0x00], Array("vesq".utf8), Array("vesp\u{02}".utf8)])
    func foreign(bytes: [UInt8]) {
        let report = SettingsReport(of: flash([0x7E000: bytes]))
        #expect(report.system.current.content == .foreign)
        #expect(report.system.copies[0].content == .blank)
    }

    @Test("the half that an upgrade has selected is shown")
    func runningImage() {
        var image = SettingsModule.flash(after: "AT+CWMODE=1")
        let sector = SettingsReport(of: image).system.current.sector
        // The byte after the mode and auto-connect (decision 4).
        var bytes = image[sector: sector]
        bytes[7] = 2
        image[sector: sector] = bytes
        guard case .settings(let settings) = SettingsReport(of: image).system.current.content else {
            Issue.record("the record was not decoded")
            return
        }
        #expect(settings.runningImage == 2)
    }

    @Test("any content can be decoded", arguments: 0..<64 as Range<UInt64>)
    func anything(seed: UInt64) {
        var random = RandomSource(seed: seed)
        var image = FlashImage()
        for sector in FlashImage.sectors {
            image[sector: sector] = (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        // With our mark, so that the fields of the system record are read.
        for sector in [0x7D, 0x7E] {
            image[sector: sector].replaceSubrange(0..<5, with: Array("vesp\u{01}".utf8))
        }
        let report = SettingsReport(of: image)
        #expect(report.user.copies.allSatisfy { $0.content != .blank })
        #expect(report.system.copies.allSatisfy { $0.content != .blank && $0.content != .foreign })
    }
}
