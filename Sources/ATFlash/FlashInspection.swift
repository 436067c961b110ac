import ATEngine

/// What a file holds, looked at as a flash image; nothing is refused but what cannot be read.
public struct FlashInspection: Sendable, Hashable {
    /// What follows the flash in the file.
    public enum Trailer: Sendable, Hashable {
        /// Nothing: the image is as esptool reads it.
        case none
        /// A beginning of the trailer: vesp was killed when it appended one. It counts as none.
        case cutShort
        case whole(FlashWear)
        case damaged
        /// A later vesp has written it.
        case unknownVersion(UInt32)
        /// The file has not the size of a flash image, so there is no place to look for one.
        case unplaced
    }

    /// What a region holds.
    public enum Content: Sendable, Hashable {
        /// The file ends before the region does.
        case absent
        /// Every byte is FF.
        case blank
        /// The last byte that is not FF is the one before `used` bytes from the start.
        case data(used: Int)
    }

    /// The path as it was given.
    public let path: String
    /// The size of the file in bytes.
    public let size: Int
    public let trailer: Trailer
    /// The parameters; what the file does not reach is blank.
    public let settings: SettingsReport
    /// The parameter sectors, likewise.
    public let image: FlashImage
    /// The first 524,288 bytes, or what there is of them.
    private let flash: [UInt8]

    /// Reads a file of any size and content.
    /// - Throws: `unavailable` when it is not there or may not be read; `inUse` when a vesp has it; `invalid` when it is
    ///   no ordinary file; `io`.
    public init(path: String) throws(FlashFileError) {
        self.path = path
        let file = try FlashFileOpening.openPresent(path, for: .reading)
        let (size, flash) = try FlashFileError.whileReading(path) { () throws(SystemError) in
            let size = Int(try file.status().st_size)
            return (size, try file.read(count: min(size, FlashImage.flashSize), at: 0))
        }
        self.size = size
        self.flash = flash
        trailer =
            switch try FlashFileOpening.ending(of: file, path: path) {
            case .bare: .none
            case .cutShort: .cutShort
            case .whole(let trailer): .whole(trailer.wear)
            case .damaged(.version(let version)): .unknownVersion(version)
            case .damaged(.header), .damaged(.slots): .damaged
            case .otherSize: .unplaced
            }
        var image = FlashImage()
        for sector in FlashImage.sectors {
            let bytes = flash.dropFirst(sector * FlashImage.sectorSize).prefix(FlashImage.sectorSize)
            if bytes.count == FlashImage.sectorSize { image[sector: sector] = [UInt8](bytes) }
        }
        settings = SettingsReport(of: image)
        self.image = image
    }

    /// How often each sector was erased; nil when the file does not say.
    public var wear: FlashWear? {
        switch trailer {
        case .whole(let wear): wear
        case .none, .cutShort: FlashWear()
        case .damaged, .unknownVersion, .unplaced: nil
        }
    }

    /// What a region holds.
    public func content(of region: FlashRegion) -> Content {
        let bytes = flash.dropFirst(region.address).prefix(region.size)
        guard bytes.count == region.size else { return .absent }
        guard let last = bytes.lastIndex(where: { $0 != 0xFF }) else { return .blank }
        return .data(used: last - region.address + 1)
    }

    /// Why `vesp run` would not take the file, in a sentence; nil when it would.
    public var problem: String? {
        switch trailer {
        case .none, .cutShort, .whole: nil
        case .damaged: "The trailer is damaged: vesp run refuses the file, and its wear is not known."
        case .unknownVersion(let version):
            "The trailer is of version \(version), which this vesp does not know: vesp run refuses the file."
        case .unplaced:
            "The file has \(size) bytes, not the \(FlashImage.flashSize) of a 512 KB flash, alone or with a trailer of "
                + "vesp: vesp run refuses it."
        }
    }
}
