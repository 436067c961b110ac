import ATAir
import ATEngine
import ATPrimitives
import ATWorld

/// What a `!` line says: something that happens around the module.
public enum WorldAction: Sendable, Hashable {
    /// Adds an access point, or changes these properties of one that is there.
    case accessPoint(ssid: [UInt8], [AccessPointProperty])
    case accessPointGone(ssid: [UInt8])
    case stationJoins(MACAddress)
    case stationLeaves(MACAddress)
    case name([UInt8], NameAnswer)
    case peer(Endpoint, PeerBehavior)
    /// The far end of a link of the module acts.
    case link(LinkID, PeerAction)
    case client(from: Endpoint, toPort: UInt16)
    case datagram(LinkID, from: Endpoint, [UInt8])
    case power(PowerEvent)
    /// All FF at the next power-on.
    case flashErased

    /// Whether it happens to one of the modules; the air, the names and the peers are everybody's.
    var isAboutOneModule: Bool {
        switch self {
        case .accessPoint, .accessPointGone, .name, .peer: false
        case .stationJoins, .stationLeaves, .link, .client, .datagram, .power, .flashErased: true
        }
    }

    /// What a port must offer so that this can happen there: the first word of the line.
    public var need: String {
        switch self {
        case .accessPoint, .accessPointGone: "ap"
        case .stationJoins, .stationLeaves: "station"
        case .name: "dns"
        case .peer, .link: "peer"
        case .client: "client"
        case .datagram: "datagram"
        case .power: "power"
        case .flashErased: "flash"
        }
    }
}

/// One property of an access point in an `! ap` line.
public enum AccessPointProperty: Sendable, Hashable {
    case password([UInt8])
    case security(Security)
    /// 1 to 14.
    case channel(UInt8)
    /// In dBm.
    case rssi(Int8)
    case bssid(MACAddress)
    case hidden
    case subnet(Subnet)
    /// `dhcp none`: nobody gives leases.
    case noLeases
    case uplink(AccessPoint.Uplink)
    /// How many stations it takes.
    case capacity(Int)
    /// How long a packet takes each way.
    case latency(Interval)
    /// How much is added to it at most.
    case jitter(Interval)
    /// In bits a second each way.
    case bandwidth(UInt64)
    /// How many packets of a million are lost each way.
    case loss(UInt32)
    /// In dB up and down.
    case fading(UInt8)
}
