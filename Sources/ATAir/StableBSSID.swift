import ATPrimitives

extension MACAddress {
    /// The BSSID of an access point that was given none: the same SSID has the same one in every run and on every
    /// machine. It is locally administered and unicast, so it begins with `02` (contract, Lab file).
    /// - Parameters:
    ///   - ssid: any bytes.
    ///   - ordinal: 0 for the first access point of that name, 1 for the second, and so on.
    public static func bssid(ofSSID ssid: [UInt8], ordinal: Int = 0) -> MACAddress {
        var mixer = RandomSource.stream(seed: RandomSource.seed(of: ssid), salt: UInt64(truncatingIfNeeded: ordinal))
        return MACAddress(value: 0x0200_0000_0000 | mixer.next() >> 24)
    }
}
