import ATPrimitives

/// An access point as the lab describes it. What is left out (`bssid`, `subnet`) the air fills in.
public struct AccessPoint: Sendable, Hashable {
    /// An access point or softAP from the moment it goes on the air until it leaves it. Never used again.
    public struct ID: Sendable, Hashable {
        public let number: UInt32
    }

    /// Where the gateway leads.
    public enum Uplink: UInt8, Sendable, CaseIterable {
        /// To the host's network.
        case host
        /// Nowhere: the subnet is all there is.
        case none
    }

    /// What the DHCP server gives.
    public enum Leases: Sendable, Hashable {
        /// 100 addresses from `.100` on; in a subnet too small for that, from `.2` to its last (contract, Lab file).
        case standard
        /// These addresses, in this order.
        case range(ClosedRange<IPv4Address>)
        /// There is no DHCP server.
        case none
    }

    /// 1 to 32 bytes of any value.
    public var ssid: [UInt8]
    /// Nil: derived from the SSID, see `MACAddress.bssid(ofSSID:ordinal:)`.
    public var bssid: MACAddress?
    /// 1 to 14.
    public var channel: UInt8
    /// How strongly a module hears it that is no farther than a metre away, in dBm; below `Air.hearingLimit` nobody
    /// does.
    public var rssi: Int8
    public var security: Security
    /// Up to 64 bytes. 64 bytes are a raw key in hex digits and are compared as given. An open network has none.
    public var password: [UInt8]
    /// Whether a scan that does not ask for the name shows an empty one.
    public var isHidden: Bool
    /// Nil: the air gives it 10.77.n.0/24, see `Air.add(_:at:)`. The gateway is the address after the first.
    public var subnet: Subnet?
    public var leases: Leases
    public var uplink: Uplink
    /// How many stations it takes, at least 1.
    public var capacity: Int
    /// What the way to it is like.
    public var link = LinkSettings()
    /// By how many dB at most its strength goes up and down, each time it is heard, 0 to 60; 0 is not at all. Every
    /// strength between is equally likely. Who cannot hear it without fading never does.
    public var fading: UInt8 = 0
    /// Where it is, for the strength with which it is heard (see `Air.hears`); nil is in the same place as every
    /// module.
    public var position: Position?
    /// From how far it is heard at most, in centimetres, at least 1; nil is as far as its strength reaches.
    public var range: Int64?
    /// How long a lease lasts, 1 s to 4,294,967,294 s (what DHCP can say); a station renews it in time as long as the
    /// server serves it. Nil is for ever.
    public var leaseTime: Interval?

    /// Describes an access point.
    /// - Parameters:
    ///   - ssid: 1 to 32 bytes.
    ///   - channel: 1 to 14.
    ///   - rssi: dBm.
    ///   - security: nil means WPA2 if there is a password, else open (contract, `--ap`).
    ///   - password: up to 64 bytes.
    ///   - capacity: at least 1; 32 is what small routers take (inferred).
    public init(
        ssid: [UInt8], bssid: MACAddress? = nil, channel: UInt8 = 1, rssi: Int8 = -50, security: Security? = nil,
        password: [UInt8] = [], isHidden: Bool = false, subnet: Subnet? = nil, leases: Leases = .standard,
        uplink: Uplink = .host, capacity: Int = 32
    ) {
        self.ssid = ssid
        self.bssid = bssid
        self.channel = channel
        self.rssi = rssi
        self.security = security ?? (password.isEmpty ? .open : .wpa2)
        self.password = password
        self.isHidden = isHidden
        self.subnet = subnet
        self.leases = leases
        self.uplink = uplink
        self.capacity = capacity
    }
}

extension AccessPoint {
    /// Whether a station that shows `offered` is let in. An open network lets everybody in, whatever password the
    /// station has (inferred); a secured one wants exactly its own, and never an empty one.
    func accepts(password offered: [UInt8]) -> Bool {
        security == .open || !offered.isEmpty && offered == password
    }

    /// The addresses that DHCP gives in `subnet`, nil without DHCP. The gateway may lie inside and is left out later.
    public func pool(in subnet: Subnet) -> ClosedRange<IPv4Address>? {
        switch leases {
        case .none: return nil
        case .range(let range): return range
        case .standard:
            let last = IPv4Address(value: subnet.broadcast.value - 1)
            let usual = subnet.address(at: 100)
            let first = usual < last ? usual : subnet.address(at: 2)
            return first...min(last, IPv4Address(value: min(first.value, .max - 99) + 99))
        }
    }
}
