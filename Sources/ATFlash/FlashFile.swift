import ATEngine
import Glibc

/// The flash of one module as a file: 524,288 bytes as esptool would read them, then our trailer with the wear
/// (contract, Flash file).
///
/// It is used on one event loop by one module. Calls are synchronous and small, since the write must have reached the
/// file before the `OK` that confirms it is sent. What `erase` and `write` have done survives the end of the process at
/// any point; `close` makes it survive a power cut of the computer too.
public final class FlashFile {
    /// The sectors that the firmware reads, as the file has them.
    public private(set) var image = FlashImage()
    /// The path as it was given.
    public let path: String
    private let file: Descriptor
    private var trailer: FlashTrailer
    /// Whether the file ends with the trailer; a bare image gets it with the first change.
    private var hasTrailer: Bool

    /// How often each sector was erased; it is kept in the file.
    public var wear: FlashWear { trailer.wear }

    /// Opens the image at `path`, or makes a blank one if nothing is there, and locks it against other vesps.
    /// - Throws: `inUse`; `invalid` when something else is there, which is left as it is; `unavailable` when nothing is
    ///   there and it cannot be made; `io`.
    public init(path: String) throws(FlashFileError) {
        self.path = path
        file = try FlashFileOpening.open(path: path)
        let found = try FlashFileOpening.trailer(of: file, path: path)
        trailer = found ?? FlashTrailer()
        hasTrailer = found != nil
        for sector in FlashImage.sectors {
            image[sector: sector] = try perform("could not be read") { () throws(SystemError) in
                try file.read(count: FlashImage.sectorSize, at: sector * FlashImage.sectorSize)
            }
        }
    }

    /// Sets one sector to FF and counts it; the file has it when this returns.
    /// - Parameter sector: 0 to 127, the address divided by 4096.
    /// - Throws: `io`; the sector is then in an unknown state, as after a power cut.
    public func erase(sector: Int) throws(FlashFileError) {
        precondition((0..<FlashWear.sectorCount).contains(sector))
        let blank = [UInt8](repeating: 0xFF, count: FlashImage.sectorSize)
        try change { () throws(SystemError) in
            try file.write(blank, at: sector * FlashImage.sectorSize)
            let update = trailer.countErase(ofSector: sector)
            try file.write(update.bytes, at: FlashImage.flashSize + update.offset)
        }
        if FlashImage.sectors.contains(sector) { image[sector: sector] = blank }
    }

    /// Clears the bits that are 0 in `bytes` and leaves the others, as the chip does; the file has it when this returns.
    /// - Parameters:
    ///   - address: of the first byte; the range may not leave its 4096-byte sector.
    ///   - bytes: what to write.
    /// - Throws: `io`; the range is then in an unknown state, as after a power cut.
    public func write(address: Int, _ bytes: Span<UInt8>) throws(FlashFileError) {
        let sector = address / FlashImage.sectorSize
        let start = address % FlashImage.sectorSize
        precondition(address >= 0 && sector < FlashWear.sectorCount)
        precondition(start + bytes.count <= FlashImage.sectorSize)
        var merged: [UInt8] = []
        try change { () throws(SystemError) in
            merged = try file.read(count: bytes.count, at: address)
            for index in merged.indices { merged[index] &= bytes[index] }
            try file.write(merged, at: address)
        }
        guard FlashImage.sectors.contains(sector) else { return }
        var content = image[sector: sector]
        content.replaceSubrange(start..<start + merged.count, with: merged)
        image[sector: sector] = content
    }

    /// Brings what was written to the disk itself, and gives up the file and its lock. Further calls do nothing.
    /// - Throws: `io`; the file is closed all the same.
    public func close() throws(FlashFileError) {
        guard file.isOpen else { return }
        // The lock goes even when the disk refuses: `close` of the descriptor runs after either outcome.
        let synchronized = Result { () throws(SystemError) in try file.synchronize() }
        let closed = Result { () throws(SystemError) in try file.close() }
        try perform("could not be brought to the disk") { () throws(SystemError) in
            try synchronized.get()
            try closed.get()
        }
    }

    /// Changes the file, which gets its trailer first if it is a bare image.
    private func change(_ body: () throws(SystemError) -> Void) throws(FlashFileError) {
        try perform("could not be written") { () throws(SystemError) in
            if !hasTrailer {
                try file.write(FlashTrailer.fresh(.appended), at: FlashImage.flashSize)
                hasTrailer = true
            }
            try body()
        }
    }

    private func perform<Value>(
        _ problem: String, _ body: () throws(SystemError) -> Value
    ) throws(FlashFileError) -> Value {
        do throws(SystemError) { return try body() } catch {
            throw FlashFileError(
                .io, path: path, problem: problem, remedy: "check the disk and its free space",
                errorNumber: error.number)
        }
    }
}
