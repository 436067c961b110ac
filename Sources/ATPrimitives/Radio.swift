/// How far a station has come with the access point it was told to join.
public enum StationProgress: Sendable, Hashable {
    /// Authenticated and associated; with DHCP an address follows.
    case associated
    /// A lease has come; the station can talk.
    case leased(IPv4Address, mask: IPv4Address, gateway: IPv4Address)
    /// Associated, but nobody answers DHCP: no address will come unless something changes, and one that was leased is
    /// gone.
    case unleased
    /// The access point refused the password. The radio tries no further.
    case wrongPassword
    /// No access point with that name is heard. The radio goes on looking.
    case notFound
    /// The access point refused for another reason, for example because it is full.
    case refused
    /// The association ended; the radio looks for the access point again.
    case lost
}

/// One access point as a scan shows it.
public struct ScannedAccessPoint: Sendable, Hashable {
    public var ssid: [UInt8]
    public var bssid: MACAddress
    /// 1 to 14.
    public var channel: UInt8
    /// Signal strength in dBm.
    public var rssi: Int8
    public var security: Security

    public init(ssid: [UInt8], bssid: MACAddress, channel: UInt8, rssi: Int8, security: Security) {
        self.ssid = ssid
        self.bssid = bssid
        self.channel = channel
        self.rssi = rssi
        self.security = security
    }
}

/// What a scan looks for.
public struct ScanFilter: Sendable, Hashable {
    /// Only this name; empty means any.
    public var ssid: [UInt8]
    /// Only this BSSID; nil means any.
    public var bssid: MACAddress?
    /// Only this channel, 1 to 13; 0 means all.
    public var channel: UInt8

    public init(ssid: [UInt8] = [], bssid: MACAddress? = nil, channel: UInt8 = 0) {
        self.ssid = ssid
        self.bssid = bssid
        self.channel = channel
    }
}

/// Which access point a station wants, and what it shows for it.
public struct JoinRequest: Sendable, Hashable {
    /// 1 to 32 bytes of any value.
    public var ssid: [UInt8]
    /// Up to 64 bytes; empty for an open network.
    public var password: [UInt8]
    /// The station's MAC.
    public var mac: MACAddress
    /// The station's fixed address; nil when it wants a lease.
    public var address: IPv4Address?

    public init(ssid: [UInt8], password: [UInt8], mac: MACAddress, address: IPv4Address?) {
        self.ssid = ssid
        self.password = password
        self.mac = mac
        self.address = address
    }
}

/// The softAP as it is on the air.
public struct SoftAPSettings: Sendable, Hashable {
    public var ssid: [UInt8]
    public var password: [UInt8]
    /// 1 to 13.
    public var channel: UInt8
    public var security: Security
    public var bssid: MACAddress
    /// The softAP's own address; its network is the /24 around it.
    public var address: IPv4Address
    /// Whether the DHCP server gives leases.
    public var dhcp: Bool

    public init(
        ssid: [UInt8], password: [UInt8], channel: UInt8, security: Security, bssid: MACAddress,
        address: IPv4Address, dhcp: Bool
    ) {
        self.ssid = ssid
        self.password = password
        self.channel = channel
        self.security = security
        self.bssid = bssid
        self.address = address
        self.dhcp = dhcp
    }
}
