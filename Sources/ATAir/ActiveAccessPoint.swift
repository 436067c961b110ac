import ATPrimitives

/// An access point or softAP as it is on the air, with what its description left open filled in.
public struct ActiveAccessPoint: Sendable, Hashable {
    public let id: AccessPoint.ID
    public internal(set) var settings: AccessPoint
    public internal(set) var bssid: MACAddress
    public internal(set) var network: Network.ID
    public internal(set) var subnet: Subnet
    /// Its own address.
    public internal(set) var gateway: IPv4Address
    /// The module whose softAP this is; nil for an access point that is no module.
    public let softAPOf: Air.Radio?
    /// The subnet that the air chose, kept in case that the description has none again.
    var automaticSubnet: Subnet?

    /// The addresses that its DHCP server gives; nil without one.
    public var pool: ClosedRange<IPv4Address>? { settings.pool(in: subnet) }

    /// Whether stations notice that this was `other` before, so that they lose their association.
    func isAnotherRadio(than other: ActiveAccessPoint) -> Bool {
        settings.ssid != other.settings.ssid || bssid != other.bssid || settings.channel != other.settings.channel
            || settings.security != other.settings.security || subnet != other.subnet
    }
}
