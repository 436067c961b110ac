import ATEngine

/// What a run of sectors is for (reference 6).
public struct FlashRegion: Sendable, Hashable {
    /// For example `user1.bin`.
    public let name: String
    /// Its sectors of 4096 bytes.
    public let sectors: Range<Int>

    /// The address of the first byte.
    public var address: Int { sectors.lowerBound * FlashImage.sectorSize }
    /// The size in bytes.
    public var size: Int { sectors.count * FlashImage.sectorSize }

    /// The half that boots from 0x01000.
    public static let user1 = FlashRegion(name: "user1.bin", sectors: FlashImage.user1Sectors)
    /// The half that boots from 0x41000.
    public static let user2 = FlashRegion(name: "user2.bin", sectors: FlashImage.user2Sectors)

    /// The whole flash in the order of addresses.
    public static let all = [
        FlashRegion(name: "boot.bin", sectors: 0x00..<0x01),
        user1,
        FlashRegion(name: "user parameters, copy 0", sectors: 0x3D..<0x3E),
        FlashRegion(name: "user parameters, copy 1", sectors: 0x3E..<0x3F),
        FlashRegion(name: "user parameters, flag", sectors: 0x3F..<0x40),
        FlashRegion(name: "not used", sectors: 0x40..<0x41),
        user2,
        FlashRegion(name: "RF initialisation data", sectors: 0x7C..<0x7D),
        FlashRegion(name: "system parameters, copy 0", sectors: 0x7D..<0x7E),
        FlashRegion(name: "system parameters, copy 1", sectors: 0x7E..<0x7F),
        FlashRegion(name: "system parameters, flag", sectors: 0x7F..<0x80),
    ]
}
