import ATPrimitives

extension IPv4Address {
    /// Reads an address on which the host listens: an IPv4 address or `localhost`.
    init(hostText text: String) throws(InvalidValue) {
        if text == "localhost" {
            self = .loopback
            return
        }
        guard let address = IPv4Address(text) else {
            throw InvalidValue(
                text, "is not an IPv4 address", remedy: "write one such as 127.0.0.1, or 0.0.0.0 for all")
        }
        self = address
    }
}

extension Subnet {
    /// The sizes of an access point's subnet: a smaller one has no room for a gateway and a station.
    private static let accessPointPrefixes = 8...30
    /// This host, loopback, multicast and beyond (RFC 6890).
    private static let reserved = [
        Subnet(containing: .any, prefixLength: 8), Subnet(containing: .loopback, prefixLength: 8),
        Subnet(containing: IPv4Address(224, 0, 0, 0), prefixLength: 3),
    ]

    /// Reads the subnet of an access point, for example `192.168.1.0/24`.
    init(accessPointText text: String) throws(InvalidValue) {
        guard text.contains("/") else {
            throw InvalidValue(text, "has no prefix length", remedy: "write a subnet such as 192.168.1.0/24")
        }
        let subnet = try Subnet(policyText: text)
        guard Self.accessPointPrefixes.contains(subnet.prefixLength) else {
            throw InvalidValue(text, "is not the size of a network", remedy: "give a prefix from /8 to /30")
        }
        guard !Self.reserved.contains(where: { $0.contains(subnet.base) }) else {
            throw InvalidValue(
                text, "has addresses that no station can have", remedy: "choose a block such as 192.168.1.0/24")
        }
        self = subnet
    }

    /// Reads a block of addresses, for example `10.0.0.0/8`, or a single address.
    init(policyText text: String) throws(InvalidValue) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let prefix = parts.count == 1 ? "32" : parts[parts.count - 1]
        guard parts.count <= 2, let address = IPv4Address(parts[0]), let length = Int(prefix),
            prefix.utf8.allSatisfy({ (0x30...0x39).contains($0) }), (0...32).contains(length)
        else {
            throw InvalidValue(
                text, "is not an address or a block of them",
                remedy: "write 192.168.1.7, or a block such as 192.168.1.0/24")
        }
        let block = Subnet(containing: address, prefixLength: length)
        guard block.base == address else {
            throw InvalidValue(text, "has bits after the prefix", remedy: "write \(block)")
        }
        self = block
    }
}

extension RawRepresentable<String> where Self: CaseIterable {
    /// The raw values of all cases, as a list for people.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The case with this raw value.
    init(choosing text: String) throws(InvalidValue) {
        guard let choice = Self(rawValue: text) else {
            if let meant = Suggestion.nearest(to: text, among: Self.allCases.map(\.rawValue)) {
                throw InvalidValue("\(InvalidValue.quoted(text)) is not one of \(Self.names); did you mean \(meant)?")
            }
            throw InvalidValue(text, "is not known here", remedy: "give one of \(Self.names)")
        }
        self = choice
    }
}
