import ATEngine

// What is done to a whole flash from outside, as a programmer does to a chip. The file is replaced as a whole, so a
// kill at any byte leaves the old content or the new one; the chip is the same before and after, so its wear goes on.
extension FlashFile {
    /// Erases the whole chip: every byte is FF afterwards, and each sector has one more erase.
    /// - Parameter path: of a flash image that exists and that nobody uses.
    /// - Throws: `unavailable` when nothing is there; `invalid`, `inUse` or `io` as `init`. The file is then as it was.
    public static func eraseAll(path: String) throws(FlashFileError) {
        let blank = [UInt8](repeating: 0xFF, count: FlashImage.flashSize)
        try FlashFileCreation.put(at: path) { (old) throws(FlashFileError) in
            guard let old else { throw .missing(path) }
            return try programmed(old, path, with: blank)
        }
    }

    /// Copies the flash as esptool would read it, 524,288 bytes without the trailer.
    /// - Parameters:
    ///   - path: of a flash image that nobody uses.
    ///   - imagePath: of the copy; an ordinary file that is there is replaced.
    /// - Throws: as `eraseAll`; `invalid` when both are the same file. What is at `imagePath` is then as it was.
    public static func dump(path: String, to imagePath: String) throws(FlashFileError) {
        let file = try FlashFileOpening.openPresent(path, for: .reading)
        _ = try FlashFileOpening.trailer(of: file, path: path)
        let (content, isSame) = try FlashFileError.whileReading(path) { () throws(SystemError) in
            (try file.read(count: FlashImage.flashSize, at: 0), try file.isNamed(imagePath))
        }
        guard !isSame else {
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
        let (size, content) = try FlashFileError.whileReading(imagePath) { () throws(SystemError) in
            let size = Int(try file.status().st_size)
            let bytes = size == FlashImage.flashSize ? try file.read(count: size, at: 0) : []
            // Given up before the other is locked: they may be one file.
            try file.close()
            return (size, bytes)
        }
        guard size == FlashImage.flashSize else {
            throw .size(of: imagePath, size, remedy: "read the module with esptool read_flash 0 0x80000")
        }
        try FlashFileCreation.put(at: path) { (old) throws(FlashFileError) in
            guard let old else { return content + FlashTrailer.fresh(.created) }
            return try programmed(old, path, with: content)
        }
    }

    /// The file of a chip that is erased and written as a whole.
    private static func programmed(
        _ old: Descriptor, _ path: String, with content: [UInt8]
    ) throws(FlashFileError) -> [UInt8] {
        var wear = try FlashFileOpening.trailer(of: old, path: path)?.wear ?? FlashWear()
        for sector in 0..<FlashWear.sectorCount { wear.countErase(ofSector: sector) }
        return content + FlashTrailer.fresh(.created, wear: wear)
    }
}

extension FlashFileError {
    /// Nothing is there.
    static func missing(_ path: String) -> FlashFileError {
        FlashFileError(.unavailable, path: path, problem: "does not exist", remedy: "give the path of a file that does")
    }

    /// Does something with a file that is open for reading; what stops it is an input error.
    static func whileReading<Value>(
        _ path: String, _ body: () throws(SystemError) -> Value
    ) throws(FlashFileError) -> Value {
        do throws(SystemError) { return try body() } catch {
            throw FlashFileError(
                .io, path: path, problem: "could not be read", remedy: "check the disk", errorNumber: error.number)
        }
    }
}
