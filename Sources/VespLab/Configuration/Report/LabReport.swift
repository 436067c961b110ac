import ATAir
import ATNetwork
import ATPrimitives

/// What a lab comes to before any host has said a word: its networks, its modules, who hears whom and who reaches what.
public struct LabReport {
    /// A network: that of an access point or of a module's softAP.
    struct Network {
        let accessPoint: ActiveAccessPoint
        /// The module whose softAP it is, and where that is known from.
        let softAP: (module: String, source: StartingModule.Source)?
        /// By strength, the strongest first.
        let hearers: [Hearers]
        let guests: [Guest]
    }

    /// Modules that hear a network equally.
    struct Hearers {
        /// In dBm.
        let strength: Int8
        let modules: [String]
    }

    /// The path of the lab file as it was given.
    let path: String
    let configuration: LabConfiguration
    let networks: [Network]
    /// The network that each module joins by itself, as its flash says, at its number.
    let joins: [JoinRequest?]

    /// Works out what a lab comes to.
    /// - Parameters:
    ///   - configuration: of the lab.
    ///   - path: of its file.
    /// - Throws: `LabError` when the air refuses an access point.
    public init(_ configuration: LabConfiguration, path: String) throws(LabError) {
        self.path = path
        self.configuration = configuration
        var air = Air(seed: configuration.seed ?? 0, delays: .none)
        for accessPoint in configuration.accessPoints {
            do throws(AccessPointRefusal) { _ = try air.add(accessPoint, at: .zero) } catch {
                throw LabError(error, of: accessPoint)
            }
        }
        let radios = configuration.modules.map { air.attach(RadioSettings($0)) }
        let starts = configuration.modules.map(StartingModule.init)
        for (radio, start) in zip(radios, starts) { air.setSoftAP(start.softAP, of: radio, at: .zero) }
        joins = starts.map(\.join)
        networks = air.accessPoints.map { accessPoint in
            Network(
                accessPoint: accessPoint,
                softAP: accessPoint.softAPOf.map {
                    (configuration.modules[$0.number].name, starts[$0.number].source)
                },
                hearers: Self.hearers(of: accessPoint, among: configuration.modules, radios, in: air),
                guests: configuration.guests.filter { accessPoint.subnet.contains($0.address) })
        }
    }

    private static func hearers(
        of accessPoint: ActiveAccessPoint, among modules: [ModuleConfiguration], _ radios: [Air.Radio], in air: Air
    ) -> [Hearers] {
        var modulesByStrength: [Int8: [String]] = [:]
        // Modules in one place hear the same; each place is asked for once.
        var strengths: [Position?: Int8?] = [:]
        for (module, radio) in zip(modules, radios) where radio != accessPoint.softAPOf {
            let strength = strengths[module.position] ?? air.hears(radio, accessPoint.id)
            strengths[module.position] = .some(strength)
            if let strength { modulesByStrength[strength, default: []].append(module.name) }
        }
        return modulesByStrength.sorted { $0.key > $1.key }.map { Hearers(strength: $0.key, modules: $0.value) }
    }

    /// What is to be reached through a network beyond its subnet.
    enum Beyond {
        /// Nothing at all.
        case nothing
        /// What the policy allows of this computer's network; `isLoopbackAllowed` tells of this computer itself.
        case host(isLoopbackAllowed: Bool)
    }

    func beyond(_ network: Network) -> Beyond {
        switch network.accessPoint.settings.uplink {
        case .none: .nothing
        case .host: .host(isLoopbackAllowed: configuration.network.permits(.loopback))
        }
    }
}

extension Security {
    /// The name that the lab file has for it.
    var name: String {
        SecurityName.allCases.first { $0.security == self }?.rawValue ?? "\(rawValue)"
    }
}

extension Position {
    /// In metres, as in a lab file.
    var text: String { "[\(DecimalNumber.text(x, places: 2)), \(DecimalNumber.text(y, places: 2))]" }
}

/// Bytes of a name as text: as they are where they are printable UTF-8; else, and for the backslash, as `\xHH`.
func shown(_ bytes: [UInt8]) -> String {
    let text = String(validating: bytes, as: UTF8.self)
    let isPlain = text?.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
        default: scalar != "\\"
        }
    }
    if let text, isPlain == true { return text }
    return bytes.map { byte in
        if byte == UInt8(ascii: "\\") { return "\\\\" }
        if (0x20...0x7E).contains(byte) { return String(UnicodeScalar(byte)) }
        return "\\x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
}
