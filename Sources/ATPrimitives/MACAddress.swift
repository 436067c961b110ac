/// A MAC address: of a station, of a softAP, or as the BSSID of an access point.
public struct MACAddress: Sendable, Hashable {
    /// The six bytes as one number, first byte highest; the upper 16 bits are zero.
    public var value: UInt64

    public static let zero = MACAddress(value: 0)
    public static let broadcast = MACAddress(value: 0xFFFF_FFFF_FFFF)

    public init(value: UInt64) {
        self.value = value & 0xFFFF_FFFF_FFFF
    }

    /// The byte at `index`, 0 (the first) to 5.
    public subscript(index: Int) -> UInt8 {
        precondition((0..<6).contains(index))
        return UInt8(truncatingIfNeeded: value >> UInt64(8 * (5 - index)))
    }

    /// The MAC of the softAP of a module whose station has this one: bit 1 of the first byte is set
    /// (shipped firmware, reference 2.17).
    public var softAP: MACAddress { MACAddress(value: value | 0x0200_0000_0000) }
}
