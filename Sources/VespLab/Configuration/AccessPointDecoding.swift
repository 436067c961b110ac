import ATAir
import ATPrimitives

extension AccessPoint {
    private static let keys = [
        "ssid", "password", "security", "channel", "rssi", "bssid", "hidden", "subnet", "dhcp", "uplink",
    ]

    /// Reads one access point of a lab file.
    init(_ value: LabFileValue) throws(ConfigurationError) {
        let settings = try value.mapping(of: Self.keys)
        let ssid = try settings.required("ssid", example: "Home").value("a name", Self.checkedSSID)
        self.init(ssid: ssid)
        try readSecurity(settings)
        // Channel 14 is heard in Japan, and a module may hear one though it cannot use it (manual 5.2.3).
        if let channel = settings["channel"] { self.channel = try channel.integer(in: 1...14) }
        if let rssi = settings["rssi"] { self.rssi = try rssi.integer(in: -100...0) }
        if let bssid = settings["bssid"] {
            self.bssid = try bssid.value("a MAC address") { text throws(InvalidValue) in
                try MACAddress(stationText: text)
            }
        }
        if let hidden = settings["hidden"] { isHidden = try hidden.boolean() }
        if let subnet = settings["subnet"] {
            self.subnet = try subnet.value("a subnet") { text throws(InvalidValue) in try Subnet(accessPointText: text)
            }
        }
        if let dhcp = settings["dhcp"] { leases = try Self.leases(dhcp, in: subnet) }
        if let uplink = settings["uplink"] {
            let name = try uplink.choice(of: UplinkName.self)
            self.uplink = name == .host ? .host : .none
        }
    }

    /// `security` says what the password is for; without it, a password means WPA2 (contract, `--ap`).
    private mutating func readSecurity(_ settings: LabFileMapping) throws(ConfigurationError) {
        let security = try settings["security"].map { value throws(ConfigurationError) in
            try value.choice(of: SecurityName.self).security
        }
        guard let value = settings["password"] else {
            self.security = security ?? .open
            guard self.security == .open else {
                throw ConfigurationError(
                    file: settings.place.file, line: settings["security"]?.line, key: "\(settings.place.key).password",
                    sentence: "the key is missing; add a password, or make the security open.")
            }
            return
        }
        self.security = security ?? .wpa2
        let rule = PasswordRule(security: self.security)
        password = try value.value("a password") { text throws(InvalidValue) in try rule.checked(text) }
    }

    static func checkedSSID(_ text: String) throws(InvalidValue) -> [UInt8] {
        let ssid = Array(text.utf8)
        guard (1...32).contains(ssid.count) else {
            throw InvalidValue(text, "has \(ssid.count) bytes, and an SSID has 1 to 32", remedy: "choose another name")
        }
        return ssid
    }

    private static func leases(_ value: LabFileValue, in subnet: Subnet?) throws(ConfigurationError) -> Leases {
        let leases = try value.value("FIRST-LAST or none") { text throws(InvalidValue) in try Leases(text: text) }
        guard case .range(let range) = leases else { return leases }
        guard let subnet else {
            throw value.error("a range of addresses needs its subnet; give subnet as well, or leave dhcp out.")
        }
        let first = subnet.address(at: 1)
        let last = IPv4Address(value: subnet.broadcast.value - 1)
        guard first <= range.lowerBound, range.upperBound <= last else {
            throw value.error(
                "\(range.lowerBound)-\(range.upperBound) is not inside the subnet \(subnet); give addresses from \(first) "
                    + "to \(last).")
        }
        return leases
    }
}

/// How a lab file names what secures an access point.
private enum SecurityName: String, CaseIterable {
    case open
    case wep
    case wpa
    case wpa2
    case wpaWpa2

    var security: Security {
        switch self {
        case .open: .open
        case .wep: .wep
        case .wpa: .wpa
        case .wpa2: .wpa2
        case .wpaWpa2: .wpaWpa2
        }
    }
}

/// How a lab file names where a gateway leads.
private enum UplinkName: String, CaseIterable {
    case host
    case none
}

extension AccessPoint.Leases {
    /// `FIRST-LAST`, or `none` for no DHCP server.
    fileprivate init(text: String) throws(InvalidValue) {
        if text == "none" {
            self = .none
            return
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { IPv4Address(String($0)) }
        guard ends.count == 2, let first = ends[0], let last = ends[1] else {
            throw InvalidValue(
                text, "is not a range of addresses",
                remedy: "write the first and the last, such as 192.168.1.100-192.168.1.199, or none")
        }
        guard first <= last else { throw InvalidValue(text, "ends before it begins", remedy: "swap the addresses") }
        self = .range(first...last)
    }
}
