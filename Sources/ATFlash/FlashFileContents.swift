import ATEngine
import Glibc

// What is done to a whole flash from outside, as a programmer does to a chip. The file is replaced as a whole, so a
// kill at any byte leaves the old content or the new one; the chip is the same before and after, so its wear goes on.
extension FlashFile {
    /// Erases the whole chip: every byte is FF afterwards, and each sector has one more erase.
    /// - Parameter path: of a flash image that exists and that nobody uses.
    /// - Throws: `unavailable` when nothing is there; `invalid`, `inUse` or `io` as `init`. The file is then as it was.
    public static func eraseAll(path: String) throws(FlashFileError) {
        try FlashFileOpening.openPresent(path, for: .writing).closeOrReport(path)
        try program(path, with: [UInt8](repeating: 0xFF, count: FlashImage.flashSize))
    }

    /// Copies the flash as esptool would read it, 524,288 bytes without the trailer.
    /// - Parameters:
    ///   - path: of a flash image that nobody uses.
    ///   - imagePath: of the copy; an ordinary file that is there is replaced.
    /// - Throws: as `eraseAll`; `invalid` when both are the same file. What is at `imagePath` is then as it was.
    public static func dump(path: String, to imagePath: String) throws(FlashFileError) {
        let file = try FlashFileOpening.openPresent(path, for: .reading)
        _ = try FlashFileOpening.trailer(of: file, path: path)
        let content = try file.readFlash(path)
        let isSame = Result { () throws(SystemError) in try file.isNamed(imagePath) }
        try file.closeOrReport(path)
        if case .success(true) = isSame {
            throw FlashFileError(
                .invalid, path: imagePath, problem: "is the file that is to be copied",
                remedy: "give another path for the copy")
        }
        try FlashFileCreation.put(at: imagePath) { (_) throws(FlashFileError) in content }
    }

    /// Programs the chip with an image that esptool has read from a real module.
    ///
    /// A file that is made has no wear. In one that is there each sector has one more erase, as when esptool writes.
    /// - Parameters:
    ///   - path: of the flash image, which is made if it is missing.
    ///   - imagePath: of a file of exactly 524,288 bytes.
    /// - Throws: `invalid` when the image has another size, or `path` is no flash image of ours; `unavailable`, `inUse`,
    ///   `io`. What is at `path` is then as it was.
    public static func importImage(path: String, from imagePath: String) throws(FlashFileError) {
        let file = try FlashFileOpening.openPresent(imagePath, for: .reading)
        guard case .bare = try FlashFileOpening.ending(of: file, path: imagePath) else {
            let size = try file.size(imagePath)
            throw .size(of: imagePath, size, remedy: "read the module with esptool read_flash 0 0x80000")
        }
        let content = try file.readFlash(imagePath)
        // Given up before the other is locked: they may be one file.
        try file.closeOrReport(imagePath)
        try program(path, with: content)
    }

    private static func program(_ path: String, with content: [UInt8]) throws(FlashFileError) {
        try FlashFileCreation.put(at: path) { (old) throws(FlashFileError) in
            guard let old else { return content + FlashTrailer.fresh(.created) }
            var wear = try FlashFileOpening.trailer(of: old, path: path)?.wear ?? FlashWear()
            for sector in 0..<FlashWear.sectorCount { wear.countErase(ofSector: sector) }
            return content + FlashTrailer.fresh(.created, wear: wear)
        }
    }
}

extension Descriptor {
    /// The first 524,288 bytes of a file that has them.
    fileprivate func readFlash(_ path: String) throws(FlashFileError) -> [UInt8] {
        do throws(SystemError) { return try read(count: FlashImage.flashSize, at: 0) } catch {
            throw FlashFileError(reading: path, error)
        }
    }

    func size(_ path: String) throws(FlashFileError) -> Int {
        do throws(SystemError) { return Int(try status().st_size) } catch {
            throw FlashFileError(reading: path, error)
        }
    }

    func closeOrReport(_ path: String) throws(FlashFileError) {
        do throws(SystemError) { try close() } catch { throw FlashFileError(reading: path, error) }
    }
}

extension FlashFileError {
    /// What stopped the reading of a file that was open.
    init(reading path: String, _ error: SystemError) {
        self.init(
            .io, path: path, problem: "could not be read", remedy: "check the disk", errorNumber: error.number)
    }
}
