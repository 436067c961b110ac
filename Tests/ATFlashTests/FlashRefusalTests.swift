import ATEngine
import Foundation
import Testing

@testable import ATFlash

@Suite("The flash file refuses what is not one and leaves it as it was")
struct FlashRefusalTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Opens what must be refused.
    private func refusal(_ path: String) throws -> FlashFileError {
        try #require(throws: FlashFileError.self) { try FlashFile(path: path) }
    }

    @Test(
        "a size that is not a flash's is refused",
        arguments: [0, 1, 4096, 524_287, 524_289, 524_800, 525_351, 525_353, 1_048_576])
    func wrongSize(size: Int) throws {
        let bytes = [UInt8](repeating: 0xFF, count: size)
        let path = try directory.file("size.flash", bytes)
        let error = try refusal(path)
        #expect(error.kind == .invalid)
        #expect(error.description.contains("has \(size) bytes, not the 524288 of a 512 KB flash; give a whole image"))
        #expect(try directory.bytes(of: path) == bytes)
        #expect(try directory.contents() == ["size.flash"])
    }

    @Test("a trailer of other bytes is refused", arguments: [0x00, 0xFF, 0x41] as [UInt8])
    func foreignTrailer(byte: UInt8) throws {
        let bytes = [UInt8](repeating: byte, count: FlashImage.flashSize + FlashTrailer.size)
        let path = try directory.file("foreign.flash", bytes)
        let error = try refusal(path)
        #expect(error.kind == .invalid)
        #expect(error.description.contains("has a damaged trailer; cut it to its first 524288 bytes"))
        #expect(try directory.bytes(of: path) == bytes)
    }

    @Test("a damaged byte anywhere in the header is refused", arguments: 0..<16)
    func damagedHeader(offset: Int) throws {
        let path = directory.path("header.flash")
        try FlashFile(path: path).close()
        var bytes = try directory.bytes(of: path)
        bytes[FlashImage.flashSize + offset] ^= 0x20
        try directory.overwrite(path, at: 0, with: bytes)
        #expect(try refusal(path).kind == .invalid)
        #expect(try directory.bytes(of: path) == bytes)
    }

    @Test("damage to one slot is survived, damage to both is refused")
    func damagedSlots() throws {
        let path = directory.path("slots.flash")
        let flash = try FlashFile(path: path)
        try flash.erase(sector: 0x3D)
        try flash.erase(sector: 0x3D)
        try flash.close()
        let slots = FlashImage.flashSize + 16
        let whole = try directory.bytes(of: path)
        for slot in 0...1 {
            let offset = slots + slot * FlashTrailer.slotSize + 100
            try directory.overwrite(path, at: offset, with: [whole[offset] ^ 1])
            let survivor = try FlashFile(path: path)
            #expect((1...2).contains(survivor.wear[sector: 0x3D]))
            try survivor.close()
            try directory.overwrite(path, at: offset, with: [whole[offset]])
        }
        try directory.overwrite(path, at: slots + 100, with: [whole[slots + 100] ^ 1])
        let second = slots + FlashTrailer.slotSize + 100
        try directory.overwrite(path, at: second, with: [whole[second] ^ 1])
        let damaged = try directory.bytes(of: path)
        #expect(try refusal(path).kind == .invalid)
        #expect(try directory.bytes(of: path) == damaged)
    }

    @Test("a file of ours that somebody has shortened is refused", arguments: [1, 500, 1050, 1063])
    func shortened(by count: Int) throws {
        let path = directory.path("short.flash")
        try FlashFile(path: path).close()
        try directory.truncate(path, to: FlashImage.flashSize + FlashTrailer.size - count)
        let bytes = try directory.bytes(of: path)
        #expect(try refusal(path).kind == .invalid)
        #expect(try directory.bytes(of: path) == bytes)
    }

    @Test("a trailer of a later version is refused and says so")
    func laterVersion() throws {
        let path = directory.path("later.flash")
        try FlashFile(path: path).close()
        // Version 2 with the checksum that zlib gives for it.
        let header: [UInt8] = Array(try directory.bytes(of: path)[FlashImage.flashSize...].prefix(8)) + [2, 0, 0, 0]
        let checksum = Self.referenceChecksum(header)
        try directory.overwrite(path, at: FlashImage.flashSize, with: header + checksum)
        let error = try refusal(path)
        #expect(error.kind == .invalid)
        #expect(error.description.contains("version 2, which this vesp does not know"))
    }

    /// CRC-32 by its definition, a division of polynomials: written apart from the one that is tested.
    private static func referenceChecksum(_ bytes: [UInt8]) -> [UInt8] {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            for bit in 0..<8 {
                let differs = (remainder & 1) != UInt32(byte >> UInt8(bit) & 1)
                remainder >>= 1
                if differs { remainder ^= 0xEDB8_8320 }
            }
        }
        return (0..<4).map { UInt8(truncatingIfNeeded: ~remainder >> UInt32(8 * $0)) }
    }

    @Test("a directory is refused")
    func directoryInPlace() throws {
        let error = try refusal(directory.path(""))
        #expect(error.kind == .invalid)
        #expect(error.description.hasSuffix("is a directory; give the path of a file."))
    }

    @Test("a named pipe and a device are refused at once")
    func notOrdinary() throws {
        #expect(mkfifo(directory.path("pipe"), 0o600) == 0)
        for path in [directory.path("pipe"), "/dev/null"] {
            let error = try refusal(path)
            #expect(error.kind == .invalid)
            #expect(error.description.contains("is not an ordinary file"))
        }
    }

    @Test("a path in a directory that does not exist is not available")
    func noDirectory() throws {
        let error = try refusal(directory.path("none/esp.flash"))
        #expect(error.kind == .unavailable)
        #expect(error.errorNumber == ENOENT)
        #expect(error.description.contains("cannot be made (No such file or directory); choose a path"))
    }

    @Test("a path below a file, an empty one and one with a zero byte are refused")
    func oddPaths() throws {
        let file = try directory.file("file", [])
        #expect(try refusal(file + "/esp.flash").kind == .unavailable)
        #expect(try refusal("").kind == .invalid)
        #expect(try refusal(directory.path("a") + "\0b").kind == .invalid)
        #expect(try refusal(directory.path(String(repeating: "n", count: 300))).kind == .unavailable)
        #expect(try directory.contents() == ["file"])
    }

    @Test("a symbolic link that leads nowhere is not replaced")
    func danglingLink() throws {
        let link = directory.path("link.flash")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere")
        #expect(try refusal(link).kind == .unavailable)
        #expect(try directory.contents() == ["link.flash"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "nowhere")
    }

    @Test("a file in use by another is refused, whether it was made or opened")
    func inUse() throws {
        let path = directory.path("busy.flash")
        let first = try FlashFile(path: path)
        let error = try refusal(path)
        #expect(error.kind == .inUse)
        #expect(error.description.contains("is in use by another vesp"))
        try first.close()
        let second = try FlashFile(path: path)
        #expect(try refusal(path).kind == .inUse)
        try second.erase(sector: 0x3D)
        try second.close()
    }
}
