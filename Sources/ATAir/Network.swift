import ATPrimitives

/// An IP network behind one or more access points: those of one SSID and subnet share it, and its leases
/// (contract, Network). Every softAP has one of its own.
public struct Network: Sendable {
    /// A network, for as long as the air knows it. Never used again.
    public struct ID: Sendable, Hashable {
        public let number: UInt32
    }

    /// How many the air remembers, those of softAPs not counted; the one longest without an access point is forgotten
    /// first.
    static let maximumNetworks = 2 * Air.maximumAccessPoints

    public let id: ID
    let ssid: [UInt8]
    /// Whether the air chose the subnet.
    let isAutomatic: Bool
    let isOfSoftAP: Bool
    var subnet: Subnet
    /// The access point's own address, where its DHCP and DNS servers are too.
    var gateway: IPv4Address
    var leases = LeaseTable()

    /// The subnet of the n-th access point that was given none, n from 1 (contract, Network).
    static func automaticSubnet(_ ordinal: UInt32) -> Subnet {
        Subnet(containing: IPv4Address(value: firstAutomatic.value &+ ordinal << 8), prefixLength: 24)
    }

    /// The n of an automatic subnet.
    static func automaticOrdinal(of subnet: Subnet) -> UInt32 {
        (subnet.base.value &- firstAutomatic.value) >> 8
    }

    private static var firstAutomatic: IPv4Address { IPv4Address(10, 77, 0, 0) }
}

/// Where an interface of a module is attached, as far as routing needs it.
public struct NetworkAttachment: Sendable, Hashable {
    public let accessPoint: AccessPoint.ID
    public let network: Network.ID
    public let subnet: Subnet
    public let gateway: IPv4Address
    public let uplink: AccessPoint.Uplink
    /// The module's own address there; nil while it has none.
    public let address: IPv4Address?
}

/// Who answers at an address of a network.
public enum AddressOwner: Sendable, Hashable {
    /// The gateway of access points that are no module.
    case gateway
    /// The module whose softAP made the network.
    case softAP(Air.Radio)
    /// A module that has joined.
    case station(Air.Radio)
    /// A station that is no module.
    case scriptedStation(MACAddress)
}

/// A station that is associated with an access point.
public struct JoinedStation: Sendable, Hashable {
    public let mac: MACAddress
    /// 0.0.0.0 while it has none.
    public internal(set) var address: IPv4Address
    /// Nil for a station that is no module.
    public let radio: Air.Radio?
}

extension Subnet {
    /// Whether some address is in both.
    func overlaps(_ other: Subnet) -> Bool { contains(other.base) || other.contains(base) }
}
