import ATAir
import ATPrimitives

extension LabFileFormat where Value == [UInt8] {
    /// The name of a network, in UTF-8 or as `!!binary`.
    static var ssid: Self {
        Self("1 to 32 bytes", schema: ["type": textType, "minLength": 1, "maxLength": 32]) {
            value throws(ConfigurationError) in
            let bytes = try value.bytes("a name")
            do throws(InvalidValue) { return try AccessPoint.checkedSSID(bytes) } catch {
                throw value.error(error.description)
            }
        }
    }

    /// A password, in UTF-8 or as `!!binary`; whether it fits the security is seen later.
    static var password: Self {
        Self(
            "`wpa`, `wpa2`, `wpaWpa2`: 8 to 63 bytes or 64 hex digits; `wep`: 5 or 13 bytes, or 10 or 26 hex digits",
            schema: ["type": textType, "minLength": 1, "maxLength": 64]
        ) { value throws(ConfigurationError) in
            try value.bytes("a password")
        }
    }
}

extension LabFileFormat where Value == MACAddress {
    /// The MAC of one radio.
    static var stationMAC: Self {
        .text("MAC address, not a group address", expected: "a MAC address", pattern: macPattern) {
            text throws(InvalidValue) in
            try MACAddress(stationText: text)
        }
    }
}

extension LabFileFormat where Value == Subnet {
    /// The subnet of an access point.
    static var accessPointSubnet: Self {
        .text(
            "a block with a prefix of /8 to /30", expected: "a subnet",
            pattern: "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/([89]|[12][0-9]|30)$"
        ) { text throws(InvalidValue) in
            try Subnet(accessPointText: text)
        }
    }

    /// A block of addresses, or one.
    static var block: Self {
        .text(
            "an address or a block", expected: "an address",
            pattern: "^[0-9]{1,3}(\\.[0-9]{1,3}){3}(/([0-9]|[12][0-9]|3[0-2]))?$"
        ) { text throws(InvalidValue) in
            try Subnet(policyText: text)
        }
    }
}

extension LabFileFormat where Value == AccessPoint.Leases {
    /// What a DHCP server gives.
    static var leases: Self {
        .text(
            "`FIRST-LAST` inside `subnet`, which must be given then; or `none`", expected: "FIRST-LAST or none",
            pattern: "^(none|[0-9]{1,3}(\\.[0-9]{1,3}){3}-[0-9]{1,3}(\\.[0-9]{1,3}){3})$"
        ) { text throws(InvalidValue) in
            try AccessPoint.Leases(text: text)
        }
    }
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
