import ATAir
import ATPrimitives

extension AccessPoint {
    /// How long a lease may last.
    private static let leaseTimes = Interval.seconds(1)...Interval.seconds(365 * 86_400)
    private static let undescribed = AccessPoint(ssid: [])

    /// The keys of one access point.
    static let keys: LabFileKeys<AccessPoint> = [
        LabFileKey("ssid", .ssid, omitted: .required(example: "Home"), "its name") { $0.ssid = $1 },
        LabFileKey(
            "password", .password, omitted: .words("an open network"), "what a station has to know"
        ) { $0.password = $1 },
        LabFileKey(
            "security", .choice(), omitted: .words("`wpa2` with a password, else `open`"), "what the password is for"
        ) { (point, security: SecurityName) in point.security = security.security },
        LabFileKey(
            "channel", .integer(1...14), omitted: .value(.number(undescribed.channel)),
            "where it is; a module hears 14 but cannot use it itself"
        ) { $0.channel = $1 },
        LabFileKey(
            "rssi", .integer(-100...0, unit: " dBm; weaker than \(Air.hearingLimit) is not heard"),
            omitted: .value(.number(undescribed.rssi)), "how strongly it is heard; with a `position`, at 1 m"
        ) { $0.rssi = $1 },
        LabFileKey(
            "bssid", .stationMAC, omitted: .words("from the SSID, the same in every run"), "its own MAC; each another"
        ) { $0.bssid = $1 },
        LabFileKey("hidden", .boolean, omitted: .value(false), "whether a scan shows it without its name") {
            $0.isHidden = $1
        },
        LabFileKey(
            "subnet", .accessPointSubnet, omitted: .words("the n-th of those gets `10.77.n.0/24`"),
            "the network behind it, with the gateway `.1`"
        ) { $0.subnet = $1 },
        LabFileKey(
            "dhcp", .leases, omitted: .words("100 addresses from `.100`, where there is room"), "what is leased"
        ) { $0.leases = $1 },
        LabFileKey("leaseTime", .duration(leaseTimes), omitted: .words("for ever"), "how long a lease lasts") {
            $0.leaseTime = $1
        },
        LabFileKey(
            "uplink",
            .choice(
                "`host`: the gateway is this computer's loopback, and all else is its network; `none`: nothing beyond "
                    + "the subnet"),
            omitted: .value("host"), "where the gateway leads"
        ) { (point, uplink: UplinkName) in point.uplink = uplink == .host ? .host : .none },
        LabFileKey(
            "capacity", .integer(1...1_024), omitted: .value(.number(undescribed.capacity)),
            "how many stations it takes"
        ) { $0.capacity = $1 },
        LabFileKey(
            "latency", .duration(Interval.latencyRange), omitted: .words("2 ms in real timing, none in fast timing"),
            "how long each packet takes each way; the module's own counts more"
        ) { $0.link.latency = $1 },
        LabFileKey(
            "jitter", .duration(Interval.latencyRange), omitted: .value("0"), "up to so much is added to each packet"
        ) { $0.link.jitter = $1 },
        LabFileKey("bandwidth", .bandwidth, omitted: .words("no limit"), "how much passes, each way, for each station")
        {
            $0.link.bandwidth = $1
        },
        LabFileKey("loss", .loss, omitted: .value("0%"), "how many packets are lost each way; TCP sends them again") {
            $0.link.lossPerMillion = $1
        },
        LabFileKey(
            "fading", .integer(0...60, unit: " dB"), omitted: .value(.number(undescribed.fading)),
            "by how much the strength goes up and down"
        ) { $0.fading = $1 },
        LabFileKey("position", .position, omitted: .words("in the same place as every module"), "where it is") {
            $0.position = $1
        },
        LabFileKey(
            "range", .distance, omitted: .words("as far as its strength reaches"), "from how far it is heard at most"
        ) { $0.range = $1 },
    ]

    /// Reads one access point of a lab file; nil when something is wrong with it.
    static func read(_ value: LabFileValue, _ problems: inout LabFileProblems) -> AccessPoint? {
        var accessPoint = undescribed
        guard let settings = keys.mapping(value, &problems), keys.read(settings, into: &accessPoint, &problems) else {
            return nil
        }
        return problems.note { () throws(ConfigurationError) in
            try accessPoint.completeSecurity(settings)
            try accessPoint.checkLeases(settings)
            return accessPoint
        }
    }

    /// `security` says what the password is for; without it, a password means WPA2 (contract, `--ap`).
    private mutating func completeSecurity(_ settings: LabFileMapping) throws(ConfigurationError) {
        guard let value = settings["password"] else {
            guard let given = settings["security"], security != .open else { return }
            throw ConfigurationError(
                file: given.file, line: given.line, key: "\(settings.place.key).password",
                sentence: "the key is missing; add a password, or make the security open.")
        }
        if settings["security"] == nil { security = .wpa2 }
        do throws(InvalidValue) { try PasswordRule(security: security).check(password) } catch {
            throw value.error(error.description)
        }
    }

    private func checkLeases(_ settings: LabFileMapping) throws(ConfigurationError) {
        guard let value = settings["dhcp"], case .range(let range) = leases else { return }
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
        guard range != first...first else {
            throw value.error(
                "the range holds nothing but the gateway \(first); give addresses from \(subnet.address(at: 2)) to "
                    + "\(last), or none.")
        }
    }

    static func checkedSSID(_ ssid: [UInt8]) throws(InvalidValue) -> [UInt8] {
        guard (1...32).contains(ssid.count) else {
            throw InvalidValue(
                String(decoding: ssid, as: UTF8.self), "has \(ssid.count) bytes, and an SSID has 1 to 32",
                remedy: "choose another name")
        }
        return ssid
    }
}

/// How a lab file names what secures an access point.
enum SecurityName: String, CaseIterable {
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
