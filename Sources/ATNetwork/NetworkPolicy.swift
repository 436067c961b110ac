import ATPrimitives

/// What the modules of a lab may reach on the host's network, where they are bound, and what names mean (contract,
/// Network).
public struct NetworkPolicy: Sendable, Hashable {
    /// What a listed name stands for.
    public enum HostEntry: Sendable, Hashable {
        case address(IPv4Address)
        /// The name does not exist.
        case fails
    }

    /// What the hosts table says about a name.
    enum Answer: Hashable {
        case address(IPv4Address)
        case notFound
        case notListed
    }

    /// The update server of Espressif, which no test may meet by accident (contract, Network).
    private static let updateServer = "iot.espressif.cn"

    /// Where servers, and UDP links that strangers may reach, are bound.
    public var bind: IPv4Address
    /// What may be reached.
    public var allow: [Subnet]
    /// What may not be reached, even if it is allowed.
    public var deny: [Subnet]

    private let entries: [String: HostEntry]

    /// - Parameters:
    ///   - bind: where servers are bound; the host's loopback unless told otherwise.
    ///   - allow: what may be reached; everything unless told otherwise.
    ///   - deny: exceptions from `allow`.
    ///   - hosts: names that are not asked of the system's resolver; letter case and one trailing dot do not count.
    public init(
        bind: IPv4Address = .loopback,
        allow: [Subnet] = [Subnet(containing: .any, prefixLength: 0)],
        deny: [Subnet] = [],
        hosts: [String: HostEntry] = [:]
    ) {
        self.bind = bind
        self.allow = allow
        self.deny = deny
        entries = Dictionary(
            hosts.map { (Self.canonical($0.key), $0.value) },
            // Two spellings of one name: the one that fails wins, so that the result does not depend on their order.
            uniquingKeysWith: { first, second in first == .fails ? first : second })
    }

    /// Whether a module may reach an address of the host's network.
    public func permits(_ address: IPv4Address) -> Bool {
        // Linux takes 0.0.0.0 for loopback when it is sent to.
        let address = address == .any ? .loopback : address
        return allow.contains { $0.contains(address) } && !deny.contains { $0.contains(address) }
    }

    /// What the table says about a name.
    func answer(for name: String) -> Answer {
        let name = Self.canonical(name)
        switch entries[name] {
        case .address(let address): return .address(address)
        case .fails: return .notFound
        case nil: return name == Self.updateServer ? .notFound : .notListed
        }
    }

    private static func canonical(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
