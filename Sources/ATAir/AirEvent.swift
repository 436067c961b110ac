import ATPrimitives

/// What the air tells a module.
public enum AirEvent: Sendable, Hashable {
    /// What the scan found, in the order in which the access points went on the air.
    case scanned([ScannedAccessPoint])
    /// The radio refused to scan.
    case scanRefused
    /// How far the station has come.
    case station(StationProgress)
    /// A station has joined the module's softAP; the address is 0.0.0.0 when it got none. Told again when a station
    /// that is joined gets another address, or loses it because its lease has ended.
    case stationJoined(MACAddress, IPv4Address)
    /// A station that was told of has left the softAP.
    case stationLeft(MACAddress)
}
