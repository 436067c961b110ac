import ATEngine
import Foundation
import Testing

@testable import ATFlash

@Suite("The flash file keeps what the chip wrote")
struct FlashFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("a new file is a blank flash with a trailer, and nothing else is left in the directory")
    func newFile() throws {
        let path = directory.path("new.flash")
        let flash = try FlashFile(path: path)
        #expect(flash.image == FlashImage())
        #expect(flash.wear == FlashWear())
        try flash.close()
        let bytes = try directory.bytes(of: path)
        #expect(bytes.count == FlashImage.flashSize + FlashTrailer.size)
        #expect(bytes.prefix(FlashImage.flashSize).allSatisfy { $0 == 0xFF })
        #expect(try directory.contents() == ["new.flash"])
    }

    @Test("what was written is in the file at once and is read back by the next process", arguments: FlashImage.sectors)
    func roundTrip(sector: Int) throws {
        let path = directory.path("round.flash")
        let flash = try FlashFile(path: path)
        let address = sector * FlashImage.sectorSize
        try flash.write(address: address, ([1, 2, 3] as [UInt8]).span)
        try flash.write(address: address + 4095, ([0x7F] as [UInt8]).span)
        // A second view of the file, while it is open: this is all that a kill -9 leaves.
        let onDisk = try directory.bytes(of: path)
        #expect(onDisk[address..<address + 4] == [1, 2, 3, 0xFF])
        #expect(onDisk[address + 4095] == 0x7F)
        #expect(onDisk.prefix(FlashImage.flashSize).count { $0 != 0xFF } == 4)
        let image = flash.image
        #expect([UInt8](image[sector: sector].prefix(4)) == [1, 2, 3, 0xFF])
        try flash.close()
        #expect(try FlashFile(path: path).image == image)
    }

    @Test("a write clears bits and never sets them, and an erase sets them all")
    func bitsGoDownOnly() throws {
        let flash = try FlashFile(path: directory.path("bits.flash"))
        let address = 0x3D * FlashImage.sectorSize + 7
        try flash.write(address: address, ([0b1111_0000] as [UInt8]).span)
        try flash.write(address: address, ([0b1010_1010] as [UInt8]).span)
        #expect(flash.image[address: address] == 0b1010_0000)
        #expect(try directory.bytes(of: directory.path("bits.flash"))[address] == 0b1010_0000)
        try flash.erase(sector: 0x3D)
        #expect(flash.image == FlashImage())
        #expect(try directory.bytes(of: directory.path("bits.flash"))[address] == 0xFF)
    }

    @Test("an erase touches one sector only")
    func eraseIsOneSector() throws {
        let path = try directory.file("full.flash", [UInt8](repeating: 0, count: FlashImage.flashSize))
        let flash = try FlashFile(path: path)
        try flash.erase(sector: 0x7E)
        let bytes = try directory.bytes(of: path)
        let erased = 0x7E * 4096..<0x7F * 4096
        #expect(bytes[erased].allSatisfy { $0 == 0xFF })
        #expect(bytes[..<erased.lowerBound].allSatisfy { $0 == 0 })
        #expect(bytes[erased.upperBound..<FlashImage.flashSize].allSatisfy { $0 == 0 })
    }

    @Test("a sector outside the parameters is in the file, though the image does not hold it")
    func programSector() throws {
        let path = directory.path("program.flash")
        let flash = try FlashFile(path: path)
        try flash.erase(sector: 0)
        try flash.write(address: 0, ([0xE9] as [UInt8]).span)
        #expect(flash.image == FlashImage())
        #expect(flash.wear[sector: 0] == 1)
        #expect(try directory.bytes(of: path).first == 0xE9)
    }

    @Test("the wear of each sector is counted and survives")
    func wearSurvives() throws {
        let path = directory.path("worn.flash")
        for round in 1...3 {
            let flash = try FlashFile(path: path)
            try flash.erase(sector: 0x3D)
            try flash.erase(sector: 0x3D)
            try flash.erase(sector: 0x7F)
            #expect(flash.wear[sector: 0x3D] == UInt32(2 * round))
            try flash.close()
        }
        let flash = try FlashFile(path: path)
        #expect(flash.wear[sector: 0x3D] == 6)
        #expect(flash.wear[sector: 0x7F] == 3)
        #expect(flash.wear[sector: 0x3E] == 0)
        #expect(flash.wear.total == 9)
    }

    @Test("the first 524,288 bytes are what was written, as esptool would read them")
    func bareImage() throws {
        var bare = [UInt8](repeating: 0xFF, count: FlashImage.flashSize)
        bare[0x3D000] = 0x42
        bare[0] = 0xE9
        let path = try directory.file("bare.bin", bare)
        let flash = try FlashFile(path: path)
        #expect(flash.image[address: 0x3D000] == 0x42)
        #expect(try directory.bytes(of: path) == bare, "opening alone must not change the file")
        try flash.write(address: 0x3F000, ([0] as [UInt8]).span)
        bare[0x3F000] = 0
        let grown = try directory.bytes(of: path)
        #expect(grown.count == FlashImage.flashSize + FlashTrailer.size)
        #expect([UInt8](grown.prefix(FlashImage.flashSize)) == bare)
        try flash.close()
        #expect(try FlashFile(path: path).image[address: 0x3F000] == 0)
    }

    @Test("a file given by a symbolic link is used in place")
    func symbolicLink() throws {
        let target = directory.path("target.flash")
        try FlashFile(path: target).close()
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("link.flash"), withDestinationPath: "target.flash")
        let flash = try FlashFile(path: directory.path("link.flash"))
        try flash.write(address: 0x3D000, ([9] as [UInt8]).span)
        #expect(try directory.bytes(of: target)[0x3D000] == 9)
    }

    @Test("a file is free again after its close, and a second close does nothing")
    func closeUnlocks() throws {
        let path = directory.path("closed.flash")
        let flash = try FlashFile(path: path)
        try flash.close()
        try flash.close()
        try FlashFile(path: path).close()
    }
}
