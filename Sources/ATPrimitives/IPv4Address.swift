/// An IPv4 address.
public struct IPv4Address: Sendable, Hashable, Comparable {
    /// The address as a number, first byte highest: 192.168.4.1 is `0xC0A80401`.
    public var value: UInt32

    public static let any = IPv4Address(value: 0)
    public static let broadcast = IPv4Address(value: .max)
    public static let loopback = IPv4Address(127, 0, 0, 1)
    /// The address of a softAP that was given none (reference 4.1).
    public static let softAP = IPv4Address(192, 168, 4, 1)

    public init(value: UInt32) {
        self.value = value
    }

    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        value = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// The four bytes in the order in which they are written.
    public var octets: (UInt8, UInt8, UInt8, UInt8) {
        (
            UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
            UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)
        )
    }

    public static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.value < right.value }
}

/// An address and a TCP or UDP port.
public struct Endpoint: Sendable, Hashable {
    public var address: IPv4Address
    public var port: UInt16

    public init(address: IPv4Address, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// A block of IPv4 addresses with a common prefix.
public struct Subnet: Sendable, Hashable {
    /// The first address of the block.
    public let base: IPv4Address
    /// How many leading bits are common, 0 to 32.
    public let prefixLength: Int

    /// The block of 2^(32 - `prefixLength`) addresses that holds `address`; `prefixLength` is 0 to 32.
    public init(containing address: IPv4Address, prefixLength: Int) {
        precondition((0...32).contains(prefixLength))
        self.prefixLength = prefixLength
        base = IPv4Address(value: address.value & Self.mask(prefixLength))
    }

    /// The network of a softAP with this address: the /24 around it (shipped firmware, reference 4.1).
    public init(ofSoftAP address: IPv4Address) {
        self.init(containing: address, prefixLength: 24)
    }

    public var mask: IPv4Address { IPv4Address(value: Self.mask(prefixLength)) }
    public var broadcast: IPv4Address { IPv4Address(value: base.value | ~mask.value) }

    public func contains(_ address: IPv4Address) -> Bool { address.value & mask.value == base.value }

    /// The address `offset` places after the first of the block.
    public func address(at offset: UInt32) -> IPv4Address { IPv4Address(value: base.value &+ offset) }

    private static func mask(_ prefixLength: Int) -> UInt32 {
        prefixLength == 0 ? 0 : UInt32.max << UInt32(32 - prefixLength)
    }
}
