import ATPrimitives

/// Why the air does not take an access point as it is described.
public enum AccessPointRefusal: Error, Sendable, Hashable {
    /// The SSID has not 1 to 32 bytes.
    case ssidLength
    /// The channel is not 1 to 14.
    case channelOutOfRange
    /// The password has more than 64 bytes.
    case passwordTooLong
    /// No station would fit.
    case noCapacity
    /// The subnet's prefix is not 8 to 30, so that there is no room for a gateway and a station.
    case subnetSize
    /// The subnet has addresses of another access point's subnet, and the two are not one network.
    case subnetOverlaps
    /// The DHCP range leaves the subnet.
    case leasesOutsideSubnet
    /// The lease time is not 1 s to 4,294,967,294 s.
    case leaseTimeOutOfRange
    /// The latency, the jitter, the bandwidth or the loss of its link is out of range.
    case linkOutOfRange
    /// The fading is more than 60 dB.
    case fadingOutOfRange
    /// The position is outside of the plane.
    case positionOutOfRange
    /// The range is less than 1 cm.
    case rangeOutOfRange
    /// Another access point has this BSSID.
    case bssidTaken
    /// There are `Air.maximumAccessPoints` already.
    case tooManyAccessPoints
    /// There is no such access point on the air, or it is a module's softAP.
    case unknownAccessPoint
}

extension AccessPoint {
    /// The subnet sizes that have room for a gateway and at least one station.
    static let subnetPrefixes = 8...30
    /// DHCP counts seconds in 32 bits, all ones meaning for ever (RFC 2131 3.3).
    static let leaseTimes = Interval.seconds(1)...Interval.seconds(0xFFFF_FFFE)
    /// From the lowest to the highest value that an `rssi` in the usual range can have (inferred).
    static let maximumFading: UInt8 = 60

    /// Checks what can be checked without looking at the rest of the air.
    /// - Throws: the first thing that is out of range.
    func validate() throws(AccessPointRefusal) {
        guard (1...32).contains(ssid.count) else { throw .ssidLength }
        guard (1...14).contains(channel) else { throw .channelOutOfRange }
        guard password.count <= 64 else { throw .passwordTooLong }
        guard capacity >= 1 else { throw .noCapacity }
        if let subnet {
            guard Self.subnetPrefixes.contains(subnet.prefixLength) else { throw .subnetSize }
        }
        if let leaseTime {
            guard Self.leaseTimes.contains(leaseTime) else { throw .leaseTimeOutOfRange }
        }
        guard link.isInRange else { throw .linkOutOfRange }
        guard fading <= Self.maximumFading else { throw .fadingOutOfRange }
        if let position {
            guard position == position.inPlane else { throw .positionOutOfRange }
        }
        if let range {
            guard range >= 1 else { throw .rangeOutOfRange }
        }
    }
}

extension LinkSettings {
    private static let delays = Interval.zero...Interval.seconds(60)

    /// Whether all values are what their descriptions allow.
    var isInRange: Bool {
        Self.delays.contains(latency ?? .zero) && Self.delays.contains(jitter) && bandwidth != 0
            && lossPerMillion <= 1_000_000
    }
}
