import ATAir
import ATNetwork
import ATPrimitives

extension AccessPoint {
    /// The access point of a module that runs without a lab and without `--ap` (contract, `--ap`).
    public static let standard = AccessPoint(
        ssid: Array("vesp".utf8), security: .wpa2, password: Array("vespvesp".utf8))

    /// Reads `--ap SSID[:PASSWORD]`: split at the first colon; WPA2 with a password that fits it, else open (contract,
    /// `--ap`).
    /// - Parameter warn: is told, in a sentence, that a password does not fit and the network is therefore open, since
    ///   that may be a slip of the hand.
    /// - Throws: when the SSID has not 1 to 32 bytes.
    public init(option text: String, warn: (String) -> Void) throws(InvalidValue) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let ssid = try Self.checkedSSID(Array((parts.first ?? "").utf8))
        var password: [UInt8] = []
        if parts.count > 1, !parts[1].isEmpty {
            do throws(InvalidValue) {
                let given = Array(parts[1].utf8)
                try PasswordRule(security: .wpa2).check(given)
                password = given
            } catch {
                warn("the access point \(InvalidValue.quoted(String(parts[0]))) is open, since \(error)")
            }
        }
        self.init(ssid: ssid, password: password)
    }
}

extension Forward {
    /// Reads `--forward [HOST:]PORT:MODULEPORT` (contract, `--forward`).
    /// - Throws: when HOST is not an IPv4 address or `localhost`, PORT not 0 to 65535, or MODULEPORT not 1 to 65535.
    public init(option text: String) throws(InvalidValue) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let remedy = "write [HOST:]PORT:MODULEPORT, such as 8080:80 or 0.0.0.0:8080:80"
        guard (2...3).contains(parts.count), let modulePort = parts.last, !text.hasPrefix("[") else {
            throw InvalidValue(text, "is not a forward", remedy: remedy)
        }
        guard let inner = Self.port(modulePort), inner > 0 else {
            throw InvalidValue(modulePort, "is not a port of the module", remedy: "give a number from 1 to 65535")
        }
        guard let outer = Self.port(parts[parts.count - 2]) else {
            throw InvalidValue(
                parts[parts.count - 2], "is not a port of the host", remedy: "give a number from 0 to 65535")
        }
        self.init(
            host: parts.count == 3 ? try IPv4Address(hostText: parts[0]) : nil, hostPort: outer, modulePort: inner)
    }

    private static func port(_ text: String) -> UInt16? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
    }
}

extension MACAddress {
    /// Reads the MAC of a station or access point, as `--mac` gives it.
    /// - Throws: when it is not six pairs of hex digits with colons, or is a group address or zero.
    public init(stationText text: String) throws(InvalidValue) {
        guard let address = MACAddress(text) else {
            throw InvalidValue(
                text, "is not a MAC address", remedy: "write six pairs of hex digits, such as 18:fe:34:00:00:01")
        }
        guard address != .zero, address[0] & 1 == 0 else {
            throw InvalidValue(
                text, "cannot be the address of one station",
                remedy: "choose one whose first byte is even, such as 18:fe:34:00:00:01")
        }
        self = address
    }

    /// The station's MAC of a module that was given none (contract, `--mac`).
    /// - Parameter name: the module's name.
    public static func station(ofModule name: String) -> MACAddress { station(ofModule: Array(name.utf8)) }
}
