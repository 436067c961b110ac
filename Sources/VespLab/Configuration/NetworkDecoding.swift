import ATNetwork
import ATPrimitives

extension NetworkPolicy {
    /// Reads the `network` of a lab file.
    init(_ value: LabFileValue) throws(ConfigurationError) {
        let settings = try value.mapping(of: ["bind", "allow", "deny", "hosts"])
        let standard = NetworkPolicy()
        self.init(
            bind: try settings["bind"].map { value throws(ConfigurationError) in
                try value.value("an address") { text throws(InvalidValue) in try IPv4Address(hostText: text) }
            } ?? standard.bind,
            allow: try settings["allow"].map(Self.blocks) ?? standard.allow,
            deny: try settings["deny"].map(Self.blocks) ?? standard.deny,
            hosts: try settings["hosts"].map(Self.hosts) ?? [:])
    }

    private static func blocks(_ value: LabFileValue) throws(ConfigurationError) -> [Subnet] {
        var blocks: [Subnet] = []
        for value in try value.list("addresses, as in [\"192.168.1.0/24\"]") {
            blocks.append(
                try value.value("an address") { text throws(InvalidValue) in try Subnet(policyText: text) })
        }
        return blocks
    }

    private static func hosts(_ value: LabFileValue) throws(ConfigurationError) -> [String: HostEntry] {
        var hosts: [String: HostEntry] = [:]
        var names: Set<String> = []
        for entry in try value.entries("of names to addresses, as in {api.example.com: 127.0.0.1}") {
            guard !entry.name.isEmpty, entry.name != ".", !entry.name.contains(where: \.isWhitespace) else {
                throw entry.place.error(
                    "\(InvalidValue.quoted(entry.name)) is not the name of a host; write one such as api.example.com.")
            }
            let lowercase = entry.name.lowercased()
            guard names.insert(lowercase.hasSuffix(".") ? String(lowercase.dropLast()) : lowercase).inserted else {
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
