import ATAir
import ATEngine
import ATPrimitives
import ATWorld

extension WorldAction {
    private static let names = "ap, station, dns, peer, client, datagram, power, flash"

    /// Reads what follows `!` on a line.
    init(scanning scanner: inout LineScanner) throws(TranscriptError) {
        let name = try scanner.word("the event", "the events are \(Self.names)")
        switch name {
        case "ap": self = try Self.accessPoint(&scanner)
        case "station": self = try Self.station(&scanner)
        case "dns": self = try Self.name(&scanner)
        case "peer": self = try Self.peer(&scanner)
        case "client": self = try Self.client(&scanner)
        case "datagram": self = try Self.datagram(&scanner)
        case "power": self = .power(try scanner.value("a power event", Self.powerRemedy, Self.powerEvent))
        case "flash":
            try Self.keyword("erased", &scanner)
            self = .flashErased
        default: throw scanner.error("unknown event \(name)", "the events are \(Self.names)")
        }
        try scanner.end()
    }

    private static func accessPoint(_ scanner: inout LineScanner) throws(TranscriptError) -> WorldAction {
        let ssid = try scanner.quoted("the SSID")
        guard (1...32).contains(ssid.count) else {
            throw scanner.error("an SSID of \(ssid.count) bytes", "SSIDs have 1 to 32")
        }
        var properties: [AccessPointProperty] = []
        while let key = scanner.word() {
            if key == "gone", properties.isEmpty { return .accessPointGone(ssid: ssid) }
            properties.append(try property(key, &scanner))
        }
        return .accessPoint(ssid: ssid, properties)
    }

    private static func property(
        _ key: String, _ scanner: inout LineScanner
    ) throws(TranscriptError) -> AccessPointProperty {
        switch key {
        case "password": return .password(try scanner.quoted("the password"))
        case "security":
            return .security(
                try scanner.value("a security", "write open, wep, wpa, wpa2 or wpaWpa2", security))
        case "channel":
            return .channel(
                try scanner.value("a channel", "channels are 1 to 14") { text in
                    UInt8(text).flatMap { (1...14).contains($0) ? $0 : nil }
                })
        case "rssi": return .rssi(try scanner.value("an RSSI", "write dBm, as in -48") { Int8($0) })
        case "bssid": return .bssid(try scanner.value("a MAC address", macRemedy) { MACAddress($0) })
        case "hidden": return .hidden
        case "subnet":
            return .subnet(try scanner.value("a subnet", "write it as 192.168.1.0/24") { Subnet($0) })
        case "dhcp":
            try keyword("none", &scanner)
            return .noLeases
        case "uplink": return .uplink(try scanner.value("an uplink", "write host or none", uplink))
        case "capacity":
            return .capacity(
                try scanner.value("a number of stations", "write 1 to 1024") { text in
                    Int(text).flatMap { (1...1024).contains($0) ? $0 : nil }
                })
        default: return try linkProperty(key, &scanner)
        }
    }

    /// A property of the way to the access point.
    private static func linkProperty(
        _ key: String, _ scanner: inout LineScanner
    ) throws(TranscriptError) -> AccessPointProperty {
        switch key {
        case "latency": return .latency(try delay(&scanner))
        case "jitter": return .jitter(try delay(&scanner))
        case "bandwidth":
            return .bandwidth(
                try scanner.value("a bandwidth", "write bits a second, as in 250kbit or 54Mbit", bitsPerSecond))
        case "loss":
            return .loss(try scanner.value("a loss", "write 0% to 100%, as in 2% or 0.5%", lossPerMillion))
        case "fading":
            return .fading(
                try scanner.value("a fading", "write 0 to 60, in dB") { text in
                    UInt8(text).flatMap { $0 <= 60 ? $0 : nil }
                })
        default:
            throw scanner.error(
                "unknown property \(key) of an access point",
                "they are password, security, channel, rssi, bssid, hidden, subnet, dhcp, uplink, capacity, latency, "
                    + "jitter, bandwidth, loss and fading; or gone")
        }
    }

    private static func delay(_ scanner: inout LineScanner) throws(TranscriptError) -> Interval {
        try scanner.value("a delay", "write 0us to 60s, as in 20ms") { text in
            Interval(duration: text).flatMap { $0 <= .seconds(60) ? $0 : nil }
        }
    }

    private static func station(_ scanner: inout LineScanner) throws(TranscriptError) -> WorldAction {
        let verb = try scanner.word("the verb", "write station joins MAC or station leaves MAC")
        guard verb == "joins" || verb == "leaves" else {
            throw scanner.error("a station does not \(verb)", "write joins or leaves")
        }
        let mac = try scanner.value("a MAC address", macRemedy) { MACAddress($0) }
        return verb == "joins" ? .stationJoins(mac) : .stationLeaves(mac)
    }

    private static func name(_ scanner: inout LineScanner) throws(TranscriptError) -> WorldAction {
        let name = try scanner.word("the name", "write dns NAME ADDRESS")
        let answer = try scanner.value("an answer", "write an address, fails or silent") { text -> NameAnswer? in
            switch text {
            case "fails": .fails
            case "silent": .silent
            default: IPv4Address(text).map(NameAnswer.address)
            }
        }
        return .name([UInt8](name.utf8), answer)
    }

    /// `peer ADDRESS:PORT accepts` says what answers there, `peer LINK sends "…"` makes the far end of a link act.
    private static func peer(_ scanner: inout LineScanner) throws(TranscriptError) -> WorldAction {
        var ahead = scanner
        if let first = ahead.word(), first.contains(":") || first.contains(".") {
            let endpoint = try scanner.endpoint()
            return .peer(
                endpoint, try scanner.value("what a peer does", "write accepts, refuses or silent", peerBehavior))
        }
        let link = try scanner.link()
        let verb = try scanner.word("what the peer does", linkRemedy)
        switch verb {
        case "sends": return .link(link, .sends(try scanner.quoted("the payload")))
        case "closes": return .link(link, .closes)
        case "resets": return .link(link, .resets)
        case "stops-reading": return .link(link, .stopsReading)
        case "stops-acking": return .link(link, .stopsAcknowledging)
        case "resumes": return .link(link, .resumes)
        default: throw scanner.error("a peer does not \(verb)", linkRemedy)
        }
    }

    private static func client(_ scanner: inout LineScanner) throws(TranscriptError) -> WorldAction {
        try keyword("connects", &scanner)
        let client = try scanner.endpoint()
        try keyword("to", &scanner)
        return .client(from: client, toPort: try scanner.port())
    }

    private static func datagram(_ scanner: inout LineScanner) throws(TranscriptError) -> WorldAction {
        let link = try scanner.link()
        try keyword("from", &scanner)
        let sender = try scanner.endpoint()
        let bytes = try scanner.quoted("the payload")
        guard !bytes.isEmpty else {
            throw scanner.error("a datagram without bytes", "write at least one; the module never sees an empty one")
        }
        return .datagram(link, from: sender, bytes)
    }

    private static func keyword(_ expected: String, _ scanner: inout LineScanner) throws(TranscriptError) {
        let word = try scanner.word("the word \(expected)", "write \(expected)")
        guard word == expected else { throw scanner.error("\(word) where \(expected) belongs", "write \(expected)") }
    }

    private static let macRemedy = "write six pairs of hexadecimal digits with colons"
    private static let powerRemedy = "write on, off, cycle, reset, watchdog or brownout"
    private static let linkRemedy = "write sends, closes, resets, stops-reading, stops-acking or resumes"

    private static func peerBehavior(_ text: String) -> PeerBehavior? {
        switch text {
        case "accepts": .accepts
        case "refuses": .refuses
        case "silent": .silent
        default: nil
        }
    }

    private static func security(_ text: String) -> Security? {
        switch text {
        case "open": .open
        case "wep": .wep
        case "wpa": .wpa
        case "wpa2": .wpa2
        case "wpaWpa2": .wpaWpa2
        default: nil
        }
    }

    private static func uplink(_ text: String) -> AccessPoint.Uplink? {
        switch text {
        case "host": .host
        case "none": AccessPoint.Uplink.none
        default: nil
        }
    }

    /// A whole number with `bit`, `kbit`, `Mbit` or `Gbit`.
    private static func bitsPerSecond(_ text: String) -> UInt64? {
        let units: [(name: String, bits: UInt64)] = [
            ("bit", 1), ("kbit", 1_000), ("Mbit", 1_000_000), ("Gbit", 1_000_000_000),
        ]
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let count = UInt64(digits), let unit = units.first(where: { $0.name == text.dropFirst(digits.count) }),
            (1...UInt64(1_000_000_000_000) / unit.bits).contains(count)
        else { return nil }
        return count * unit.bits
    }

    /// A percentage with up to four digits behind the point, in packets of a million.
    private static func lossPerMillion(_ text: String) -> UInt32? {
        guard text.hasSuffix("%") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = parts.first, let percent = UInt32(whole), percent <= 100
        else { return nil }
        let fraction = parts.count == 2 ? parts[1] : "0"
        guard (1...4).contains(fraction.utf8.count), fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let part = UInt32(fraction + String(repeating: "0", count: 4 - fraction.utf8.count))
        else { return nil }
        let loss = percent * 10_000 + part
        return loss <= 1_000_000 ? loss : nil
    }

    private static func powerEvent(_ text: String) -> PowerEvent? {
        switch text {
        case "on": .on
        case "off": .off
        case "cycle": .cycle
        case "reset": .reset
        case "watchdog": .watchdog
        case "brownout": .brownout
        default: nil
        }
    }
}
