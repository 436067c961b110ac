import ATAir
import ATNetwork
import ATPrimitives

// For people, in lines of at most 100 characters where names let them be.
extension LabReport {
    /// The longest name for which the texts beside it move to the right.
    private static let labelLimit = 24

    /// The whole as lines.
    public var lines: [String] {
        let accessPoints = configuration.accessPoints.count
        let modules = configuration.modules.count
        let seed = configuration.seed.map { ", seed \($0)" } ?? ""
        return ["\(path): \(Self.count(modules, "module")), \(Self.count(accessPoints, "access point"))\(seed)"]
            + section("NETWORKS", networkTable.lines)
            + section("LINKS, where they are not perfect", entries { linkText(of: $0.accessPoint) })
            + section("WHO HEARS WHOM", entries { hearingText(of: $0) })
            + section("WHAT WHO JOINS REACHES", entries { reachText(of: $0) })
            + section("MODULES", moduleTable.lines + moduleNotes)
            + section("THIS COMPUTER", policyLines)
    }

    /// `1 module`, `2 modules`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private func section(_ heading: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", heading] + lines
    }

    private var networkTable: TextTable {
        TextTable(
            heading: ["SSID", "BSSID", "CH", "SECURITY", "SUBNET", "GATEWAY", "DHCP", "UPLINK"],
            rows: networks.map { network in
                let point = network.accessPoint
                return [
                    shown(point.settings.ssid), "\(point.bssid)", "\(point.settings.channel)",
                    point.settings.security.name, "\(point.subnet)", shortened(point.gateway, in: point.subnet),
                    poolText(of: point), "\(point.settings.uplink)",
                ]
            })
    }

    private func poolText(of point: ActiveAccessPoint) -> String {
        guard let pool = point.pool else { return "none" }
        return "\(shortened(pool.lowerBound, in: point.subnet))-\(shortened(pool.upperBound, in: point.subnet))"
    }

    /// An address without the bytes that all of its subnet have: `.0.100`.
    private func shortened(_ address: IPv4Address, in subnet: Subnet) -> String {
        let parts = "\(address)".split(separator: ".").dropFirst(subnet.prefixLength / 8)
        return parts.map { ".\($0)" }.joined()
    }

    /// One entry for each network that has a text.
    private func entries(_ text: (Network) -> String?) -> [String] {
        let labelWidth = min(Self.labelLimit, networks.map { shown($0.accessPoint.settings.ssid).count }.max() ?? 0)
        return networks.flatMap { network in
            text(network).map {
                TextTable.entry(shown(network.accessPoint.settings.ssid), labelWidth: labelWidth, $0)
            } ?? []
        }
    }

    private func linkText(of point: ActiveAccessPoint) -> String? {
        let settings = point.settings
        let texts = [
            settings.isHidden ? "hidden" : nil,
            settings.link.latency.map { "latency \($0.shortened)" },
            settings.link.jitter > .zero ? "jitter up to \(settings.link.jitter.shortened)" : nil,
            settings.link.bandwidth.map { Self.bandwidthText($0) },
            settings.link.lossPerMillion > 0 ? "loss \(settings.link.lossText)" : nil,
            settings.fading > 0 ? "fading \(settings.fading) dB" : nil,
            point.softAPOf == nil ? settings.position.map { "at \($0.text) m" } : nil,
            settings.range.map { "heard up to \(DecimalNumber.text($0, places: 2)) m" },
            settings.leaseTime.map { "leases for \($0.shortened)" },
        ]
        let given = texts.compactMap(\.self)
        return given.isEmpty || point.softAPOf != nil ? nil : given.joined(separator: ", ")
    }

    private static func bandwidthText(_ bits: UInt64) -> String {
        let units: [(String, UInt64)] = [("Gbit", 1_000_000_000), ("Mbit", 1_000_000), ("kbit", 1_000), ("bit", 1)]
        let unit = units.first { bits % $0.1 == 0 } ?? ("bit", 1)
        return "\(bits / unit.1) \(unit.0)/s"
    }

    private func hearingText(of network: Network) -> String {
        let owner = network.softAP?.module
        let others = configuration.modules.count - (owner == nil ? 0 : 1)
        if others == 0 { return "there is no other module" }
        if network.hearers.isEmpty { return "no module hears it" }
        let texts = network.hearers.map { hearers in
            let everyone = owner == nil ? "every module" : "every other module"
            let names = hearers.modules.count == others ? everyone : hearers.modules.joined(separator: ", ")
            return "\(hearers.strength) dBm: \(names)"
        }
        let heard = network.hearers.reduce(0) { $0 + $1.modules.count }
        return texts.joined(separator: "; ") + (heard < others ? "; \(others - heard) of \(others) not at all" : "")
    }

    private func reachText(of network: Network) -> String {
        let guests = network.guests.map { "\($0.address) (\($0.program))" }
        let guestText = guests.map { ", guest \($0)" }.joined()
        if let softAP = network.softAP {
            return
                "\(softAP.module) at \(network.accessPoint.gateway), all others there\(guestText)"
                + (softAP.source == .unreadable ? " (its flash cannot be read now: as from the factory)" : "")
        }
        switch beyond(network) {
        case .nothing: return "all others there\(guestText); nothing beyond the subnet"
        case .host(let isLoopbackAllowed):
            let computer =
                isLoopbackAllowed
                ? "this computer at \(network.accessPoint.gateway) and 127.0.0.1" : "not this computer"
            return "all others there\(guestText); \(computer); of its network what is allowed"
        }
    }

    private var policyLines: [String] {
        func blocks(_ blocks: [Subnet]) -> String { blocks.map(\.description).joined(separator: ", ") }
        let policy = configuration.network
        let isAllAllowed = policy.allow.contains { $0.prefixLength == 0 }
        let allowed = isAllAllowed ? "everything" : policy.allow.isEmpty ? "nothing" : blocks(policy.allow)
        let denied = policy.deny.isEmpty ? "" : " but \(blocks(policy.deny))"
        return TextTable.entry("modules reach", labelWidth: 14, allowed + denied)
            + TextTable.entry("servers are at", labelWidth: 14, "\(policy.bind)")
    }
}

extension LinkSettings {
    /// The loss in per cent.
    var lossText: String { DecimalNumber.text(Int64(lossPerMillion), places: 4) + "%" }
}

// The modules.
extension LabReport {
    private var moduleTable: TextTable {
        TextTable(
            heading: ["NAME", "STATION MAC", "SOFTAP MAC", "FIRMWARE", "TIMING", "SERIAL"],
            rows: configuration.modules.map { module in
                [
                    module.name, "\(module.mac)", "\(module.mac.softAP)", module.firmware.rawValue,
                    module.timing.rawValue, module.serial.shown,
                ]
            })
    }

    /// What only some modules have.
    private var moduleNotes: [String] {
        let notes = zip(configuration.modules, joins).compactMap { module, join -> (String, String)? in
            let texts = [
                module.flash.map { "flash \(FilePath($0).shown)" },
                join.map { "joins \(shown($0.ssid)) by itself" },
                module.position.map { "at \($0.text) m" },
                module.latency.map { "latency \($0.shortened)" },
                module.forwards.isEmpty
                    ? nil : "forwards " + module.forwards.map(\.text).joined(separator: " and "),
                module.uart == .strict ? "strict UART" : nil,
                module.strictBugs ? "strict bugs" : nil,
                module.isWakeWired ? nil : "sleeps until a reset",
            ]
            let given = texts.compactMap(\.self)
            return given.isEmpty ? nil : (module.name, given.joined(separator: ", "))
        }
        let labelWidth = min(Self.labelLimit, notes.map(\.0.count).max() ?? 0)
        return notes.isEmpty ? [] : [""] + notes.flatMap { TextTable.entry($0.0, labelWidth: labelWidth, $0.1) }
    }
}

extension Forward {
    /// As `--forward` has it.
    var text: String { (host.map { "\($0):" } ?? "") + "\(hostPort):\(modulePort)" }
}
