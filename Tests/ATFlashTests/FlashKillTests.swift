import ATEngine
import Foundation
import Testing

@testable import ATFlash

@Suite("A kill at any byte leaves a flash file that opens")
struct FlashKillTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("the trailer's update may be cut at each of its bytes", arguments: 1...3)
    func cutUpdate(erases: Int) throws {
        let path = directory.path("cut.flash")
        let flash = try FlashFile(path: path)
        for _ in 1..<erases { try flash.erase(sector: 0x7D) }
        let before = try directory.bytes(of: path)
        try flash.erase(sector: 0x7D)
        let after = try directory.bytes(of: path)
        try flash.close()
        let changed = before.indices.filter { before[$0] != after[$0] }
        let first = try #require(changed.first)
        let end = try #require(changed.last) + 1
        #expect(end - first <= FlashTrailer.slotSize, "an update must stay in one slot")
        var complete = 0
        for cut in first...end {
            try directory.overwrite(path, at: first, with: after[first..<cut] + before[cut..<end])
            let survivor = try FlashFile(path: path)
            let wear = Int(survivor.wear[sector: 0x7D])
            #expect(wear == (cut == end ? erases : erases - 1), "cut at \(cut)")
            complete += wear == erases ? 1 : 0
            try survivor.close()
        }
        #expect(complete == 1)
    }

    @Test("an update after a cut one does not spoil the slot that is left")
    func updateAfterCut() throws {
        let path = directory.path("again.flash")
        let flash = try FlashFile(path: path)
        try flash.erase(sector: 0x3E)
        let before = try directory.bytes(of: path)
        try flash.erase(sector: 0x3E)
        let after = try directory.bytes(of: path)
        try flash.close()
        let first = try #require(before.indices.first { before[$0] != after[$0] })
        // The second update is cut after one byte; the third is cut as well; the first must still be there.
        try directory.overwrite(path, at: first + 1, with: before[(first + 1)...])
        let survivor = try FlashFile(path: path)
        #expect(survivor.wear[sector: 0x3E] == 1)
        try survivor.erase(sector: 0x3E)
        try survivor.close()
        try directory.overwrite(path, at: first + 1, with: before[(first + 1)...])
        #expect(try FlashFile(path: path).wear[sector: 0x3E] == 1)
    }

    @Test("the appending of a trailer to a bare image may be cut at each of its bytes")
    func cutAppend() throws {
        var bare = [UInt8](repeating: 0xFF, count: FlashImage.flashSize)
        bare[0x3E000] = 0x55
        let path = try directory.file("append.bin", bare)
        for cut in 0...FlashTrailer.size {
            try directory.truncate(path, to: FlashImage.flashSize)
            try directory.overwrite(path, at: FlashImage.flashSize, with: FlashTrailer.fresh(.appended).prefix(cut))
            let flash = try FlashFile(path: path)
            #expect(flash.image[address: 0x3E000] == 0x55)
            #expect(flash.wear == FlashWear())
            if cut % 100 == 3 {
                try flash.erase(sector: 0x3D)
                try flash.close()
                #expect(try FlashFile(path: path).wear[sector: 0x3D] == 1)
            }
            try flash.close()
        }
    }

    @Test("the making of a new file may be cut at any point: it has no name yet, and the leftover is used again")
    func cutCreation() throws {
        let path = directory.path("made.flash")
        let unfinished = FlashFileCreation.unfinishedPath(for: path)
        #expect(unfinished == directory.path(".made.flash.vesp-new"))
        for size in [0, 1, 4096, FlashImage.flashSize, FlashImage.flashSize + FlashTrailer.size, 2_000_000] {
            _ = try directory.file(".made.flash.vesp-new", [UInt8](repeating: 0x11, count: size))
            let flash = try FlashFile(path: path)
            #expect(flash.image == FlashImage())
            try flash.close()
            #expect(try directory.contents() == ["made.flash"])
            #expect(try directory.bytes(of: path).count == FlashImage.flashSize + FlashTrailer.size)
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test("a file that another vesp is making is in use")
    func concurrentCreation() throws {
        let path = directory.path("both.flash")
        let other = try Descriptor(
            opening: FlashFileCreation.unfinishedPath(for: path), flags: O_RDWR | O_CREAT, mode: 0o644)
        #expect(try other.lock())
        let error = try #require(throws: FlashFileError.self) { try FlashFile(path: path) }
        #expect(error.kind == .inUse)
        try other.close()
    }

    @Test("of many that make one file at once, each has it or is told that it is in use")
    func race() async throws {
        let path = directory.path("race.flash")
        let outcomes = await withTaskGroup(of: FlashFileError.Kind?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do throws(FlashFileError) {
                        let flash = try FlashFile(path: path)
                        try flash.erase(sector: 0x3D)
                        try flash.close()
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
        #expect(outcomes.allSatisfy { $0 == nil || $0 == .inUse })
        #expect(try FlashFile(path: path).wear[sector: 0x3D] == UInt32(winners))
        #expect(try directory.contents() == ["race.flash"])
    }
}
