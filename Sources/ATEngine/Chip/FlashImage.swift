import ATPrimitives

/// The parameter sectors of a 512 KB flash: what the firmware reads and writes while it runs (reference 6).
public struct FlashImage: Sendable, Hashable {
    public static let sectorSize = 4096
    /// The size of the whole flash in bytes, of which this holds six sectors.
    public static let flashSize = 524_288
    /// The sectors that an image holds: AT parameters 0x3D to 0x3F, system parameters 0x7D to 0x7F.
    public static let sectors: [Int] = [0x3D, 0x3E, 0x3F, 0x7D, 0x7E, 0x7F]

    private var bytes: [UInt8]

    /// All sectors erased: a module as it comes from the factory.
    public init() {
        bytes = [UInt8](repeating: 0xFF, count: Self.sectors.count * Self.sectorSize)
    }

    /// The 4096 bytes of one of `sectors`; setting it needs exactly that many.
    public subscript(sector sector: Int) -> [UInt8] {
        get {
            let start = Self.offset(of: sector)
            return [UInt8](bytes[start..<start + Self.sectorSize])
        }
        set {
            precondition(newValue.count == Self.sectorSize)
            let start = Self.offset(of: sector)
            bytes.replaceSubrange(start..<start + Self.sectorSize, with: newValue)
        }
    }

    /// The byte at an address of the flash that lies in one of `sectors`.
    public subscript(address address: Int) -> UInt8 {
        bytes[Self.offset(of: address / Self.sectorSize) + address % Self.sectorSize]
    }

    /// Sectors that an image does not hold are not its concern.
    mutating func apply(_ work: FlashWork.Kind) {
        switch work {
        case .erase(let sector):
            if Self.sectors.contains(sector) { erase(sector: sector) }
        case .write(let address, let bytes):
            guard Self.sectors.contains(address / Self.sectorSize) else { return }
            for (offset, byte) in bytes.enumerated() { write(byte, at: address + offset) }
        }
    }

    mutating func erase(sector: Int) {
        let start = Self.offset(of: sector)
        for index in start..<start + Self.sectorSize { bytes[index] = 0xFF }
    }

    /// Bits go from 1 to 0 only, as in the chip; an address range may not leave its sector.
    mutating func write(_ byte: UInt8, at address: Int) {
        bytes[Self.offset(of: address / Self.sectorSize) + address % Self.sectorSize] &= byte
    }

    private static func offset(of sector: Int) -> Int {
        precondition((0x3D...0x3F).contains(sector) || (0x7D...0x7F).contains(sector))
        return (sector < 0x40 ? sector - 0x3D : sector - 0x7D + 3) * sectorSize
    }
}
