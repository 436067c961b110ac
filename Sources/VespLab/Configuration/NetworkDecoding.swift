import ATNetwork
import ATPrimitives

/// What the `network` of a lab file says.
struct NetworkSection {
    private var bind = NetworkPolicy().bind
    private var allow = NetworkPolicy().allow
    private var deny = NetworkPolicy().deny
    private var hosts: [String: NetworkPolicy.HostEntry] = [:]
    /// With the places where they stand.
    private(set) var guests: [LabPart<Guest>] = []

    var policy: NetworkPolicy { NetworkPolicy(bind: bind, allow: allow, deny: deny, hosts: hosts) }

    static let keys: LabFileKeys<NetworkSection> = [
        LabFileKey(
            "bind", .hostAddress, omitted: .value("127.0.0.1"),
            "where on this computer servers, and UDP links open to strangers, listen"
        ) { $0.bind = $1 },
        LabFileKey(
            "allow", .blocks, omitted: .value(.list(["0.0.0.0/0"])), "what modules may reach on the host's network"
        ) { $0.allow = $1 },
        LabFileKey("deny", .blocks, omitted: .value(.list([])), "exceptions from `allow`; refused at once") {
            $0.deny = $1
        },
        LabFileKey("hosts", .hosts, omitted: .words("none; the system's resolver"), "what names mean") {
            $0.hosts = $1
        },
        LabFileKey(
            "guests", .guests, omitted: .words("none"), "programs of this computer that appear as stations"
        ) { $0.guests = $1 },
    ]
}

extension LabFileFormat where Value == IPv4Address {
    /// An address on which this computer listens.
    fileprivate static var hostAddress: Self {
        .text(
            "an IPv4 address of this computer, or `localhost`", expected: "an address",
            pattern: "^(localhost|[0-9]{1,3}(\\.[0-9]{1,3}){3})$"
        ) {
            text throws(InvalidValue) in
            try IPv4Address(hostText: text)
        }
    }
}

extension LabFileFormat where Value == [Subnet] {
    /// Addresses and blocks.
    fileprivate static var blocks: Self {
        .list(of: .block, "list of addresses or blocks", expected: "addresses, as in [\"192.168.1.0/24\"]")
    }
}

extension LabFileFormat where Value == [String: NetworkPolicy.HostEntry] {
    /// Names and what they mean.
    fileprivate static var hosts: Self {
        Self(
            "mapping of names to an IPv4 address, or to `fails`",
            schema: ["type": "object", "additionalProperties": .object(["type": "string"])]
        ) { value throws(ConfigurationError) in
            var hosts: [String: NetworkPolicy.HostEntry] = [:]
            var names: Set<String> = []
            for entry in try value.entries("of names to addresses, as in {api.example.com: 127.0.0.1}") {
                guard !entry.name.isEmpty, entry.name != ".", !entry.name.contains(where: \.isWhitespace) else {
                    throw entry.place.error(
                        "\(InvalidValue.quoted(entry.name)) is not the name of a host; write one such as "
                            + "api.example.com.")
                }
                let lowercase = entry.name.lowercased()
                guard names.insert(lowercase.hasSuffix(".") ? String(lowercase.dropLast()) : lowercase).inserted
                else {
                    throw entry.place.error(
                        "the name is there already, since case and a last full stop do not count; keep one.")
                }
                hosts[entry.name] = try entry.value.value("an address, or fails") { text throws(InvalidValue) in
                    if text == "fails" { return .fails }
                    if let address = IPv4Address(text) { return .address(address) }
                    throw InvalidValue(text, "is not an address", remedy: "write one such as 127.0.0.1, or fails")
                }
            }
            return hosts
        }
    }
}

extension LabFileFormat where Value == [LabPart<Guest>] {
    /// Programs and the addresses under which they appear.
    fileprivate static var guests: Self {
        Self(
            "mapping of addresses in simulated networks to `PROGRAM-ADDRESS:PORT`",
            schema: [
                "type": "object",
                "additionalProperties": .object([
                    "type": "string", "pattern": "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|localhost):[0-9]{1,5}$",
                ]),
            ]
        ) { value throws(ConfigurationError) in
            var guests: [LabPart<Guest>] = []
            for entry in try value.entries("of addresses to programs, as in {192.168.4.50: \"127.0.0.1:9000\"}") {
                guard let address = IPv4Address(entry.name) else {
                    throw entry.place.error(
                        "\(InvalidValue.quoted(entry.name)) is not an IPv4 address; write one such as 192.168.4.50.")
                }
                guard !guests.contains(where: { $0.value.address == address }) else {
                    throw entry.place.error("the address is there already; keep one.")
                }
                let program = try entry.value.value("a program's address and port") { text throws(InvalidValue) in
                    try Endpoint(programText: text)
                }
                guests.append(LabPart(Guest(address: address, program: program), of: entry.place, name: nil))
            }
            return guests
        }
    }
}

extension Endpoint {
    /// Reads where a program listens: an IPv4 address or `localhost`, and a port from 1 to 65535.
    fileprivate init(programText text: String) throws(InvalidValue) {
        let numbers = text.hasPrefix("localhost:") ? text.replacing("localhost", with: "127.0.0.1") : text
        guard let endpoint = Endpoint(numbers), endpoint.port > 0, endpoint.address != .any else {
            throw InvalidValue(
                text, "is not where a program listens", remedy: "write its address and port, such as 127.0.0.1:9000")
        }
        self = endpoint
    }
}
