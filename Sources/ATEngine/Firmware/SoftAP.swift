import ATPrimitives

/// The module's own access point (reference 2.12, 2.13, 4.1).
struct SoftAP: Sendable {
    /// What AT+CWSAP sets.
    struct Configuration: Sendable, Equatable {
        var ssid: [UInt8]
        var password: [UInt8]
        /// 1 to 13.
        var channel: UInt8
        var security: Security
    }

    /// A station that has joined; the address is 0.0.0.0 when it has none.
    struct Client: Sendable {
        let mac: MACAddress
        let address: IPv4Address
    }

    /// How many stations the chip takes (reference 4.1).
    static let clientLimit = 4

    /// What is stored and what the query shows.
    fileprivate(set) var configuration: Configuration
    /// What is on the air; the manual's edition changes it at the next start.
    fileprivate(set) var active: Configuration
    fileprivate(set) var mac: MACAddress
    fileprivate(set) var address: IPv4Address
    /// AT+CWDHCP: whether stations get leases.
    fileprivate(set) var servesDHCP: Bool
    private(set) var clients: [Client] = []

    init(configuration: Configuration, mac: MACAddress, address: IPv4Address, servesDHCP: Bool) {
        self.configuration = configuration
        active = configuration
        self.mac = mac
        self.address = address
        self.servesDHCP = servesDHCP
    }

    /// The name of a softAP that has none: `ESP_` and the last three bytes of its MAC (reference 4.1).
    static func defaultName(_ mac: MACAddress) -> [UInt8] {
        var name = [UInt8](repeating: 0, count: 0)
        for byte in [UInt8(ascii: "E"), UInt8(ascii: "S"), UInt8(ascii: "P"), UInt8(ascii: "_")] { name.append(byte) }
        for index in 3..<6 {
            for digit in [mac[index] >> 4, mac[index] & 15] {
                name.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
            }
        }
        return name
    }

    mutating func add(_ client: Client) {
        clients.removeAll { $0.mac == client.mac }
        if clients.count < Self.clientLimit { clients.append(client) }
    }

    mutating func remove(_ mac: MACAddress) { clients.removeAll { $0.mac == mac } }
    mutating func removeClients() { clients.removeAll() }
}

extension Engine {
    /// The softAP goes on the air with its settings, or changes them there.
    mutating func announceSoftAP() {
        let active = session.softAP.active
        effects.append(
            .softAP(
                SoftAPSettings(
                    ssid: active.ssid, password: active.password, channel: active.channel, security: active.security,
                    bssid: session.softAP.mac, address: session.softAP.address, dhcp: session.softAP.servesDHCP)))
    }

    mutating func stopSoftAP() {
        session.softAP.removeClients()
        effects.append(.softAP(nil))
    }

    /// AT+CWSAP=: the key is derived, the settings are stored, the softAP starts anew.
    mutating func configureSoftAP(_ asked: SoftAP.Configuration) {
        var configuration = asked
        // Two bytes of FF stand for the default name (reference 2.12).
        if asked.ssid.starts(with: [0xFF, 0xFF]) { configuration.ssid = SoftAP.defaultName(session.softAP.mac) }
        if configuration.security != .open && configuration.password.count < 64 { stall(for: delays.keyDerivation) }
        session.softAP.configuration = configuration
        storeSystemParameters(softAP: configuration)
        guard firmware.policy.softAPChangesAtOnce else { return }
        session.softAP.active = configuration
        session.softAP.removeClients()
        announceSoftAP()
    }

    /// AT+CIPAP=: the DHCP server goes on with the new address.
    mutating func setSoftAPAddress(_ address: IPv4Address) {
        session.softAP.address = address
        session.softAP.servesDHCP = true
        storeAddress(address, at: UserParameters.softAPAddress)
        if session.mode.hasSoftAP { announceSoftAP() }
    }

    /// AT+CIFSR=: not while the DHCP server runs, and not stored (reference 2.24).
    mutating func setUnstoredSoftAPAddress(_ address: IPv4Address) -> Outcome {
        guard !session.softAP.servesDHCP else { return .error }
        session.softAP.address = address
        announceSoftAP()
        return .ok
    }

    /// AT+CWDHCP for the softAP; false if there is none now.
    mutating func setSoftAPDHCP(_ isOn: Bool) -> Bool {
        guard session.mode.hasSoftAP else { return false }
        guard isOn != session.softAP.servesDHCP else { return true }
        session.softAP.servesDHCP = isOn
        announceSoftAP()
        return true
    }

    /// AT+CIPAPMAC=: a different MAC restarts the softAP, if there is one (reference 2.17).
    mutating func setSoftAPMAC(_ mac: MACAddress) {
        storeUserParameters(at: UserParameters.softAPMAC, mac)
        guard session.mode.hasSoftAP, mac != session.softAP.mac else { return }
        session.softAP.mac = mac
        session.softAP.removeClients()
        announceSoftAP()
    }

    /// AT+CWMODE=: interfaces start and stop at once (reference 2.8). A station that starts waits for CWJAP; only a boot
    /// joins by itself (reference 2.15).
    mutating func setMode(_ mode: WiFiMode) {
        let old = session.mode
        guard mode != old else { return }
        session.mode = mode
        storeSystemParameters()
        if old.hasStation && !mode.hasStation { stopStation() }
        if old.hasSoftAP && !mode.hasSoftAP { stopSoftAP() }
        if mode.hasSoftAP && !old.hasSoftAP { announceSoftAP() }
    }
}
