import ATEngine

/// What follows the flash in its file: the wear, in two slots that are written in turn.
///
/// Theory of operation: a header of 16 bytes (magic, version, checksum) is written once. Two slots of 524 bytes follow,
/// each a sequence number, the erases of 128 sectors and a checksum. An update overwrites the slot that is not current,
/// so a kill at any byte of it leaves the current one whole. A trailer that is appended to a bare image is always the
/// same bytes, with a first byte of its own: so one whose appending was cut short is told from a file that somebody has
/// shortened. All numbers are little-endian.
struct FlashTrailer {
    /// How the trailer came to be there; the raw value is its first byte.
    enum Origin: UInt8 {
        /// It was made with the image, under another name, so no part of it was ever missing.
        case created = 0x89
        /// It was appended to a bare image.
        case appended = 0x8A
    }

    /// What follows the first byte.
    private static let magic: [UInt8] = Array("VESPFL".utf8) + [0x0A]
    private static let version: UInt32 = 1
    private static let headerSize = 16
    static let slotSize = 8 + 4 * FlashWear.sectorCount + 4
    /// The trailer's size in bytes.
    static let size = headerSize + 2 * slotSize

    /// Why a trailer cannot be read.
    enum Damage: Error {
        case header
        case version(UInt32)
        case slots
    }

    private(set) var wear = FlashWear()
    private var sequence: UInt64 = 1
    /// The slot that holds `wear`, 0 or 1.
    private var current = 1

    /// The trailer of a flash that was never erased.
    init() {}

    /// Reads a trailer of `size` bytes.
    init(_ bytes: [UInt8]) throws(Damage) {
        let header = bytes[..<Self.headerSize]
        guard Origin(rawValue: bytes[0]) != nil, header.dropFirst().prefix(Self.magic.count) == Self.magic[...],
            Self.hasValidChecksum(header)
        else { throw .header }
        let version = UInt32(truncatingIfNeeded: Self.number(header.dropFirst(1 + Self.magic.count).prefix(4)))
        guard version == Self.version else { throw .version(version) }
        var found = false
        for slot in 0...1 {
            let content = bytes[Self.offset(ofSlot: slot)...].prefix(Self.slotSize)
            guard Self.hasValidChecksum(content) else { continue }
            let sequence = Self.number(content.prefix(8))
            if found, sequence < self.sequence { continue }
            found = true
            self.sequence = sequence
            current = slot
            wear = Self.wear(in: content)
        }
        guard found else { throw .slots }
    }

    /// The first trailer of a file, as bytes. Both slots are valid, so damage to either is survived.
    /// - Parameter wear: of a chip that had another file before.
    static func fresh(_ origin: Origin, wear: FlashWear = FlashWear()) -> [UInt8] {
        let header = [origin.rawValue] + magic + bytes(of: UInt64(version), count: 4)
        var trailer = FlashTrailer()
        trailer.wear = wear
        return withChecksum(header) + trailer.slot(sequence: 0) + trailer.slot(sequence: 1)
    }

    /// Counts one erase of a sector, 0 to 127.
    /// - Returns: the bytes that make it last, and where in the trailer they belong.
    mutating func countErase(ofSector sector: Int) -> (offset: Int, bytes: [UInt8]) {
        wear.countErase(ofSector: sector)
        sequence &+= 1
        current = 1 - current
        return (Self.offset(ofSlot: current), slot(sequence: sequence))
    }

    private func slot(sequence: UInt64) -> [UInt8] {
        var content = Self.bytes(of: sequence, count: 8)
        for sector in 0..<FlashWear.sectorCount {
            content += Self.bytes(of: UInt64(wear[sector: sector]), count: 4)
        }
        return Self.withChecksum(content)
    }

    private static func offset(ofSlot slot: Int) -> Int { headerSize + slot * slotSize }

    private static func wear(in slot: ArraySlice<UInt8>) -> FlashWear {
        var wear = FlashWear()
        for sector in 0..<FlashWear.sectorCount {
            let count = number(slot.dropFirst(8 + 4 * sector).prefix(4))
            wear[sector: sector] = UInt32(truncatingIfNeeded: count)
        }
        return wear
    }

    private static func withChecksum(_ content: [UInt8]) -> [UInt8] {
        content + bytes(of: UInt64(checksum(content[...])), count: 4)
    }

    private static func hasValidChecksum(_ content: ArraySlice<UInt8>) -> Bool {
        number(content.suffix(4)) == UInt64(checksum(content.dropLast(4)))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func bytes(of number: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
    }

    /// The CRC-32 of zlib and PNG. Bit by bit, since half a kilobyte an erase is not worth a table.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 0 ? 0 : 0xEDB8_8320) }
        }
        return ~remainder
    }
}
