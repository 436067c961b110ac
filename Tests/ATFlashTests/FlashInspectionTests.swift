import ATEngine
import ATPrimitives
import Foundation
import Testing

@testable import ATFlash

@Suite("A file is described as a flash, whatever it holds")
struct FlashInspectionTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func report(_ path: String) throws -> (report: FlashReport, text: String) {
        let report = FlashReport(try FlashInspection(path: path))
        return (report, report.lines.joined(separator: "\n"))
    }

    /// A file with the settings of some commands.
    private func module(_ name: String, _ image: FlashImage) throws -> String {
        let path = directory.path(name)
        let flash = try FlashFile(path: path)
        for sector in FlashImage.sectors where image[sector: sector] != flash.image[sector: sector] {
            try flash.erase(sector: sector)
            try flash.write(address: sector * 4096, image[sector: sector].span)
        }
        try flash.close()
        return path
    }

    @Test("the regions are the whole flash, without a gap")
    func regions() {
        #expect(FlashRegion.all.first?.sectors.lowerBound == 0)
        #expect(FlashRegion.all.last?.sectors.upperBound == FlashWear.sectorCount)
        for (region, next) in zip(FlashRegion.all, FlashRegion.all.dropFirst()) {
            #expect(region.sectors.upperBound == next.sectors.lowerBound)
        }
        #expect(FlashRegion.user1.address == 0x1000)
        #expect(FlashRegion.user2.address == 0x41000)
    }

    @Test("a new file is blank and unworn")
    func new() throws {
        let path = directory.path("new.flash")
        try FlashFile(path: path).close()
        let (report, text) = try report(path)
        #expect(report.problem == nil)
        #expect(report.trailer == "whole")
        #expect(report.wear?.total == 0)
        #expect(report.runs == "user1.bin")
        #expect(report.layout.allSatisfy { $0.content == "blank" && $0.erases == 0 })
        #expect(report.user.copies.map(\.content) == ["blank", "blank"])
        #expect(text.contains("User parameters, copy 1 (0x3E000, current)\n  blank: all settings are the defaults"))
        #expect(text.contains("0x01000  0x01-0x3C"))
    }

    @Test("settings are shown field by field, the copy that counts is marked, and the wear is that of each sector")
    func settings() throws {
        let path = try module(
            "set.flash",
            SettingsModule.flash(
                after: "AT+CWMODE=3", "AT+CWSAP=\"garden\",\"vegetables\",6,3", "AT+CIPAP=\"192.168.9.1\"",
                "AT+UART=57600,8,1,0,3"))
        let (report, text) = try report(path)
        let user = try #require(report.user.copies[report.user.current].settings)
        #expect(user.softAPAddress == "192.168.9.1")
        #expect(user.stationAddress == nil)
        #expect(user.uart?.baud == 57600)
        #expect(text.contains("57600 baud, data bits 8, stop bits 1, parity none, flow control RTS and CTS"))
        let address = report.user.copies[report.user.current].address
        #expect(
            text.contains("copy \(report.user.current) (0x\(FlashReport.hexadecimal(address, digits: 5)), current)"))
        #expect(report.wear?.sectors[0x3F] == 1)
        #expect(text.contains("mode             3 (station and softAP)"))
        #expect(text.contains("\"garden\", password \"vegetables\", channel 6, wpa2"))
    }

    @Test("used bytes are counted to the last that is not FF")
    func used() throws {
        var bytes = [UInt8](repeating: 0xFF, count: FlashImage.flashSize)
        bytes[0x41000] = 0xEA
        bytes[0x42FFF] = 0
        bytes[0x7E000] = 1
        let (report, text) = try report(try directory.file("bare.bin", bytes))
        let region = try #require(report.layout.first { $0.name == "user2.bin" })
        #expect(region.content == "data")
        #expect(region.used == 0x2000)
        #expect(text.contains("user2.bin: 8192 bytes"))
        #expect(report.trailer == "none")
        #expect(report.system.copies.map(\.content) == ["blank", "foreign"])
        #expect(text.contains("foreign: not a record of vesp"))
    }

    @Test(
        "a file of another size is described as far as it goes",
        arguments: [0, 1, 0x3E000, 524_287, 524_800, 4_194_304])
    func otherSize(size: Int) throws {
        let path = try directory.file("size.bin", [UInt8](repeating: 0x5A, count: size))
        let (report, text) = try report(path)
        #expect(report.size == size)
        #expect(try #require(report.problem).contains("has \(size) bytes"))
        #expect(report.wear == nil)
        let isWhole = size >= FlashImage.flashSize
        #expect(report.user.copies[0].content == (size >= 0x3E000 ? "settings" : "absent"))
        #expect(report.user.copies[1].content == (size >= 0x3F000 ? "settings" : "absent"))
        #expect(report.system.copies[1].content == (size >= 0x7F000 ? "foreign" : "absent"))
        #expect(text.contains("not in the file") == !isWhole)
        #expect(report.runs == (size >= 0x7F000 ? "user1.bin" : nil))
    }

    @Test("a damaged trailer is said, and the flash before it described")
    func damaged() throws {
        let path = directory.path("damaged.flash")
        try FlashFile(path: path).close()
        try directory.overwrite(path, at: FlashImage.flashSize + 3, with: [0])
        let (report, text) = try report(path)
        #expect(report.trailer == "damaged")
        #expect(text.contains("vesp run refuses the file"))
        #expect(text.contains("wear: not known"))
    }

    @Test("a trailer whose appending was cut short counts as none")
    func cutShort() throws {
        let bytes = [UInt8](repeating: 0xFF, count: FlashImage.flashSize) + FlashTrailer.fresh(.appended).prefix(100)
        let (report, _) = try report(try directory.file("cut.flash", bytes))
        #expect(report.trailer == "cut short")
        #expect(report.problem == nil)
        #expect(report.wear?.total == 0)
    }

    @Test("any content is described, and as JSON that can be read back", arguments: 0..<16 as Range<UInt64>)
    func anything(seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        let bytes = (0..<FlashImage.flashSize).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let (report, text) = try report(try directory.file("random.bin", bytes))
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || (0x20...0x7E).contains($0.value) })
        let json = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(report)) as? [String: Any]
        #expect(json?["size"] as? Int == FlashImage.flashSize)
    }

    @Test("what is not there, or is no file, is refused")
    func refused() throws {
        for (path, kind) in [
            (directory.path("missing"), FlashFileError.Kind.unavailable), (directory.path(""), .invalid),
            ("/dev/null", .invalid), ("", .invalid),
        ] {
            let error = try #require(throws: FlashFileError.self) { try FlashInspection(path: path) }
            #expect(error.kind == kind)
        }
    }
}
