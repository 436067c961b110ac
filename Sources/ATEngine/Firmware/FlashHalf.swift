/// The two places of an image in the flash (reference 6).
enum FlashHalf: UInt8, Sendable {
    case user1 = 1
    case user2 = 2

    var other: FlashHalf { self == .user1 ? .user2 : .user1 }
    /// The first sector and the one after the last: up to the AT parameters, up to the RF data.
    var sectors: Range<Int> { self == .user1 ? 0x01..<0x3D : 0x41..<0x7C }
    var capacity: Int { sectors.count * FlashImage.sectorSize }
}
