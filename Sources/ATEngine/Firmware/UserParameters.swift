import ATPrimitives

/// The AT user record as bytes; what is blank or nonsense reads as the default (reference 6).
struct UserParameters: Sendable, Equatable {
    static let size = 56
    static let line = 0
    static let softAPAddress = 12
    static let stationAddress = 16
    static let softAPMAC = 20
    static let stationMAC = 28
    static let dhcp = 36
    static let transparent = 40

    var bytes: [UInt8]

    /// The UART's settings; nil stands for the standard ones.
    var lineSettings: LineSettings? {
        let baud = word(Self.line)
        guard (1...LineSettings.maximumBaud).contains(baud) else { return nil }
        // Quirk: after AT+IPR on blank flash the other bytes are FF: 8 data bits, a stop field of 3 and the parity
        // bits set (reference 2.7a).
        return LineSettings(
            baud: baud, dataBits: 5 + (bytes[4] & 3), stopBits: StopBits(rawValue: bytes[5] & 3) ?? .one,
            parity: bytes[6] & 2 == 0 ? (bytes[6] & 1 == 0 ? .even : .odd) : (bytes[6] == 2 ? .none : .odd),
            requestToSend: bytes[7] & 1 != 0 && bytes[7] <= 3, clearToSend: bytes[7] & 2 != 0 && bytes[7] <= 3)
    }

    var stationAddress: IPv4Address? { address(Self.stationAddress) }
    var softAPAddress: IPv4Address? { address(Self.softAPAddress) }
    var stationMAC: MACAddress? { mac(Self.stationMAC) }
    var softAPMAC: MACAddress? { mac(Self.softAPMAC) }
    var servesDHCP: Bool { bytes[Self.dhcp] & 1 != 0 }
    var usesDHCP: Bool { bytes[Self.dhcp] & 2 != 0 }

    /// AT+CIPMODE as stored.
    var isTransparentMode: Bool { bytes[Self.transparent] == 1 }
    /// The stored far end, if there is a valid one (reference 3.8).
    var transparentRemote: Endpoint? {
        guard isTransparentMode, bytes[Self.transparent + 1] == 0,
            bytes[Self.transparent + 2] == 16 || bytes[Self.transparent + 2] == 32,
            let address = address(Self.transparent + 4)
        else { return nil }
        let port = UInt16(bytes[Self.transparent + 8]) | UInt16(bytes[Self.transparent + 9]) << 8
        return Endpoint(address: address, port: port)
    }

    private func word(_ offset: Int) -> UInt32 {
        UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
            | UInt32(bytes[offset + 3]) << 24
    }

    /// An address lies as it goes over the network, first byte first.
    private func address(_ offset: Int) -> IPv4Address? {
        let address = IPv4Address(bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3])
        return address == .any || address == .broadcast ? nil : address
    }

    private func mac(_ offset: Int) -> MACAddress? {
        var value: UInt64 = 0
        for index in 0..<6 { value = value << 8 | UInt64(bytes[offset + index]) }
        let mac = MACAddress(value: value)
        return mac == .zero || mac == .broadcast ? nil : mac
    }
}

extension LineSettings {
    /// The fastest rate that AT+UART and AT+IPR take (reference 2.7).
    static let maximumBaud: UInt32 = 5_000_000
}
