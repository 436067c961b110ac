import ATEngine

/// How often each sector of a flash was erased since its file was made.
public struct FlashWear: Sendable, Hashable {
    /// How many sectors the flash has: 128 of 4096 bytes.
    public static let sectorCount = FlashImage.flashSize / FlashImage.sectorSize

    private var counts = [UInt32](repeating: 0, count: sectorCount)

    /// No sector was ever erased.
    public init() {}

    /// The erases of one sector, 0 to 127.
    public subscript(sector sector: Int) -> UInt32 {
        get { counts[sector] }
        set { counts[sector] = newValue }
    }

    /// Counts one erase of a sector, 0 to 127; a count that is full stays so.
    mutating func countErase(ofSector sector: Int) {
        counts[sector] += counts[sector] == .max ? 0 : 1
    }

    /// All erases of all sectors together.
    public var total: UInt64 { counts.reduce(0) { $0 + UInt64($1) } }
}
