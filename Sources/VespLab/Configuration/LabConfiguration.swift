import ATAir
import ATNetwork
import ATPrimitives

/// What a lab is made of: the radio, the modules, and what they may reach (contract, Lab file).
public struct LabConfiguration: Sendable, Hashable {
    /// The access points in the order of the file; the air fills in what is left out.
    public var accessPoints: [AccessPoint]
    /// At least one. Names, MAC addresses, serial ports and flash files are different.
    public var modules: [ModuleConfiguration]
    public var network: NetworkPolicy
    /// Programs of the host that appear as stations; their addresses are different.
    public var guests: [Guest] = []
    /// Seeds everything random; nil takes a seed from the system.
    public var seed: UInt64?

    /// - Parameters:
    ///   - accessPoints: at most `Air.maximumAccessPoints`.
    ///   - modules: at least one.
    ///   - network: what the modules may reach.
    ///   - seed: nil takes a seed from the system.
    public init(
        accessPoints: [AccessPoint], modules: [ModuleConfiguration], network: NetworkPolicy = NetworkPolicy(),
        seed: UInt64? = nil
    ) {
        self.accessPoints = accessPoints
        self.modules = modules
        self.network = network
        self.seed = seed
    }

    /// Reads a lab file. Its relative paths are taken from the directory of the file.
    /// - Parameter path: of a YAML file of at most 1 MiB.
    /// - Throws: the first thing that is wrong, with its place and what to do (contract, Lab file).
    public static func load(path: String) throws(ConfigurationError) -> LabConfiguration {
        try LabConfiguration(LabFile(path: path))
    }

    /// Makes sense of a lab file.
    init(_ file: LabFile) throws(ConfigurationError) {
        let lab = try file.root.mapping(of: ["air", "modules", "network", "seed"])
        accessPoints = try lab["air"].map { air throws(ConfigurationError) in try Self.accessPoints(air) } ?? []
        modules = try ModuleConfiguration.list(
            lab.required("modules", example: "[{name: esp}]"), directory: Self.directory(of: file.path))
        network =
            try lab["network"].map { value throws(ConfigurationError) in try NetworkPolicy(value) } ?? NetworkPolicy()
        seed = try lab["seed"].map { value throws(ConfigurationError) in try value.integer(in: 0...UInt64.max) }
    }

    /// The directory part of a path; empty for a file of the working directory.
    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func accessPoints(_ value: LabFileValue) throws(ConfigurationError) -> [AccessPoint] {
        let air = try value.mapping(of: ["accessPoints"])
        guard let list = air["accessPoints"] else { return [] }
        let values = try list.list("access points, as in [{ssid: Home}]")
        guard values.count <= Air.maximumAccessPoints else {
            throw list.error("there are \(values.count) access points; give at most \(Air.maximumAccessPoints).")
        }
        var accessPoints: [AccessPoint] = []
        var owners = Ownership(noun: "BSSID")
        for value in values {
            let accessPoint = try AccessPoint(value)
            if let bssid = accessPoint.bssid {
                try owners.claim(bssid.description, for: value, key: "bssid", remedy: "leave one of them out")
            }
            accessPoints.append(accessPoint)
        }
        return accessPoints
    }
}

/// A program of the host that appears as a station: whatever is sent to any port of `address`, in any network with that
/// address, goes to `program`, and what comes from there is from `address`.
public struct Guest: Sendable, Hashable {
    public let address: IPv4Address
    public let program: Endpoint

    public init(address: IPv4Address, program: Endpoint) {
        self.address = address
        self.program = program
    }
}
