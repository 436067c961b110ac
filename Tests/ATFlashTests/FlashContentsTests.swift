import ATEngine
import Foundation
import Testing

@testable import ATFlash

@Suite("A flash file is erased, copied and programmed as a whole")
struct FlashContentsTests {
    private let directory: TemporaryDirectory
    private let image: [UInt8] = (0..<FlashImage.flashSize).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }

    init() throws { directory = try TemporaryDirectory() }

    /// A file with one byte written and two erases of one sector.
    private func used(_ name: String) throws -> String {
        let path = directory.path(name)
        let flash = try FlashFile(path: path)
        try flash.erase(sector: 0x3D)
        try flash.erase(sector: 0x3D)
        try flash.write(address: 0x3D000, ([7] as [UInt8]).span)
        try flash.close()
        return path
    }

    private func expectRefused(
        _ kind: FlashFileError.Kind, _ part: String? = nil, _ body: () throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let error = try #require(throws: FlashFileError.self, sourceLocation: sourceLocation) { try body() }
        #expect(error.kind == kind, sourceLocation: sourceLocation)
        if let part { #expect(error.description.contains(part), sourceLocation: sourceLocation) }
    }

    @Test("an erased chip is blank and each sector has one more erase")
    func erase() throws {
        let path = try used("erase.flash")
        try FlashFile.eraseAll(path: path)
        #expect(try directory.bytes(of: path).prefix(FlashImage.flashSize).allSatisfy { $0 == 0xFF })
        let flash = try FlashFile(path: path)
        #expect(flash.wear[sector: 0x3D] == 3)
        #expect(flash.wear[sector: 0] == 1)
        #expect(flash.wear.total == 130)
        #expect(try directory.contents() == ["erase.flash"])
    }

    @Test("a bare image is erased too and has its trailer then")
    func eraseBare() throws {
        let path = try directory.file("bare.bin", image)
        try FlashFile.eraseAll(path: path)
        #expect(try FlashFile(path: path).wear.total == 128)
    }

    @Test("a file that is missing is not made by an erase")
    func eraseMissing() throws {
        try expectRefused(.unavailable, "missing.flash does not exist") {
            try FlashFile.eraseAll(path: directory.path("missing.flash"))
        }
        #expect(try directory.contents() == [])
    }

    @Test("what is dumped is the flash without the trailer, in place of an older copy")
    func dump() throws {
        let path = try used("dump.flash")
        let whole = try directory.bytes(of: path)
        for copy in [directory.path("new.bin"), try directory.file("old.bin", [1, 2, 3])] {
            try FlashFile.dump(path: path, to: copy)
            #expect(try directory.bytes(of: copy) == whole[..<FlashImage.flashSize].map { $0 })
        }
        #expect(try directory.bytes(of: path) == whole)
        #expect(try directory.contents() == ["dump.flash", "new.bin", "old.bin"])
    }

    @Test("a file is not dumped over itself, by whatever name")
    func dumpToItself() throws {
        let path = try used("self.flash")
        let whole = try directory.bytes(of: path)
        let link = directory.path("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        for copy in [path, link] {
            try expectRefused(.invalid, "is the file that is to be copied") { try FlashFile.dump(path: path, to: copy) }
        }
        #expect(try directory.bytes(of: path) == whole)
    }

    @Test("an imported image is in the file to the byte, and a new file has no wear")
    func importNew() throws {
        let source = try directory.file("module.bin", image)
        let path = directory.path("import.flash")
        try FlashFile.importImage(path: path, from: source)
        #expect(try Array(directory.bytes(of: path).prefix(FlashImage.flashSize)) == image)
        #expect(try FlashFile(path: path).wear == FlashWear())
    }

    @Test("the chip into which an image is imported keeps its wear, and each sector has one more erase")
    func importExisting() throws {
        let source = try directory.file("module.bin", image)
        let path = try used("import.flash")
        try FlashFile.importImage(path: path, from: source)
        #expect(try Array(directory.bytes(of: path).prefix(FlashImage.flashSize)) == image)
        let wear = try FlashFile(path: path).wear
        #expect(wear[sector: 0x3D] == 3)
        #expect(wear.total == 130)
    }

    @Test("an image may be imported into itself")
    func importSelf() throws {
        let path = try directory.file("module.bin", image)
        try FlashFile.importImage(path: path, from: path)
        #expect(try Array(directory.bytes(of: path).prefix(FlashImage.flashSize)) == image)
        #expect(try FlashFile(path: path).wear.total == 128)
    }

    @Test(
        "an image of another size is refused and the file stays as it was",
        arguments: [0, 1, 524_287, 524_289, 525_352, 1_048_576])
    func importSize(size: Int) throws {
        let source = try directory.file("module.bin", [UInt8](repeating: 0, count: size))
        let path = try used("import.flash")
        let whole = try directory.bytes(of: path)
        try expectRefused(.invalid, "module.bin has \(size) bytes, not the 524288") {
            try FlashFile.importImage(path: path, from: source)
        }
        #expect(try directory.bytes(of: path) == whole)
    }

    @Test("what is no flash file is neither erased nor programmed nor dumped")
    func notOurs() throws {
        let source = try directory.file("module.bin", image)
        let letter = try directory.file("letter.txt", Array("Dear Sir".utf8))
        try expectRefused(.invalid, "has 8 bytes") { try FlashFile.eraseAll(path: letter) }
        try expectRefused(.invalid, "has 8 bytes") { try FlashFile.importImage(path: letter, from: source) }
        try expectRefused(.invalid, "has 8 bytes") { try FlashFile.dump(path: letter, to: directory.path("x")) }
        try expectRefused(.invalid, "is a directory") { try FlashFile.eraseAll(path: directory.path("")) }
        #expect(try directory.bytes(of: letter) == Array("Dear Sir".utf8))
        #expect(try directory.contents() == ["letter.txt", "module.bin"])
    }

    @Test("a file that a vesp uses is refused in every direction")
    func inUse() throws {
        let source = try directory.file("module.bin", image)
        let path = try used("used.flash")
        let flash = try FlashFile(path: path)
        let whole = try directory.bytes(of: path)
        try expectRefused(.inUse) { try FlashFile.eraseAll(path: path) }
        try expectRefused(.inUse) { try FlashFile.importImage(path: path, from: source) }
        try expectRefused(.inUse) { try FlashFile.dump(path: path, to: directory.path("x")) }
        try expectRefused(.inUse) { try FlashFile.dump(path: source, to: path) }
        try expectRefused(.inUse) { _ = try FlashInspection(path: path) }
        #expect(try directory.bytes(of: path) == whole)
        #expect(flash.wear.total == 2)
    }

    @Test("the file behind a symbolic link is replaced, and the link and the rights stay")
    func link() throws {
        let path = try used("real.flash")
        #expect(chmod(path, 0o600) == 0)
        let link = directory.path("link.flash")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "real.flash")
        try FlashFile.eraseAll(path: link)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "real.flash")
        #expect(try FlashFile(path: path).wear.total == 130)
        let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(rights == 0o600)
    }

    @Test("a kill before the rename leaves the old file whole")
    func cut() throws {
        let path = try used("cut.flash")
        let whole = try directory.bytes(of: path)
        // What a kill leaves beside the file at any byte of the new one.
        for count in [0, 1, FlashImage.flashSize, FlashImage.flashSize + FlashTrailer.size] {
            _ = try directory.file(".cut.flash.vesp-new", [UInt8](repeating: 0x11, count: count))
            let flash = try FlashFile(path: path)
            try flash.close()
            #expect(try directory.bytes(of: path) == whole)
        }
        try FlashFile.eraseAll(path: path)
        #expect(try FlashFile(path: path).wear.total == 130)
        #expect(try directory.contents() == ["cut.flash"])
    }

    @Test("of many that erase one file at once, each has done it or is told that it is in use")
    func race() async throws {
        let path = try used("race.flash")
        let outcomes = await withTaskGroup(of: FlashFileError.Kind?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do throws(FlashFileError) {
                        try FlashFile.eraseAll(path: path)
                        return nil
                    } catch {
                        return error.kind
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let winners = outcomes.count { $0 == nil }
        #expect(winners >= 1)
        #expect(outcomes.allSatisfy { $0 == nil || $0 == .inUse || $0 == .unavailable })
        #expect(try FlashFile(path: path).wear.total == UInt64(2 + 128 * winners))
    }

    @Test("an application image is one that both halves can hold")
    func applicationImage() throws {
        #expect(ApplicationImage.sizeLimit == 0x3B000)
        let largest = try directory.file("user1.bin", [UInt8](repeating: 0xEA, count: 0x3B000))
        #expect(try ApplicationImage(path: largest).bytes.count == 0x3B000)
        let larger = try directory.file("larger.bin", [UInt8](repeating: 0xEA, count: 0x3B001))
        try expectRefused(.invalid, "larger than the 241664 bytes") { _ = try ApplicationImage(path: larger) }
        let empty = try directory.file("empty.bin", [])
        try expectRefused(.invalid, "empty.bin is empty") { _ = try ApplicationImage(path: empty) }
        try expectRefused(.invalid, "is a directory") { _ = try ApplicationImage(path: directory.path("")) }
        try expectRefused(.invalid, "No such file") { _ = try ApplicationImage(path: directory.path("none.bin")) }
        try expectRefused(.invalid, "is not an ordinary file") { _ = try ApplicationImage(path: "/dev/zero") }
    }
}
