extension MACAddress {
    /// The station's MAC of a module that was given none: `18:fe:34:` and three bytes from its name, the same in every run
    /// and on every machine (contract, `--mac`).
    /// - Parameter name: the module's name in UTF-8.
    public static func station(ofModule name: [UInt8]) -> MACAddress {
        var mixer = RandomSource(seed: RandomSource.seed(of: name))
        return MACAddress(value: 0x18FE_3400_0000 | mixer.next() >> 40)
    }
}
