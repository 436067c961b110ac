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

    /// All that is wrong with a lab file, in the order of its lines, at most 100 things; empty when nothing is.
    /// - Parameter path: of a file that may be anything.
    public static func problems(ofFile path: String) -> [ConfigurationError] {
        var problems = LabFileProblems()
        if let file = problems.note({ () throws(ConfigurationError) in try LabFile(path: path) }) {
            _ = LabSections(file, &problems)
        }
        return problems.sorted
    }

    /// Makes sense of a lab file.
    init(_ file: LabFile) throws(ConfigurationError) {
        var problems = LabFileProblems()
        let sections = LabSections(file, &problems)
        if let first = problems.sorted.first { throw first }
        self.init(
            accessPoints: sections.accessPoints.map(\.value), modules: sections.modules.map(\.value),
            network: sections.network.policy, seed: sections.seed)
        guests = sections.network.guests.map(\.value)
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
