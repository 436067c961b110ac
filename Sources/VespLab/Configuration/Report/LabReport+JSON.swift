import ATAir
import ATPrimitives

// For programs; the same facts as the text has.
extension LabReport {
    /// The whole as JSON, on several lines.
    public var json: String {
        let value: JSONValue = .object([
            "file": .text(path),
            "seed": configuration.seed.map { .number($0) },
            "networks": .list(networks.map(networkValue)),
            "modules": .list(zip(configuration.modules, joins).map(moduleValue)),
            "policy": .object([
                "bind": .text("\(configuration.network.bind)"),
                "allow": .list(configuration.network.allow.map { .text("\($0)") }),
                "deny": .list(configuration.network.deny.map { .text("\($0)") }),
            ]),
        ])
        return value.pretty
    }

    private func networkValue(_ network: Network) -> JSONValue {
        let point = network.accessPoint
        let settings = point.settings
        return .object([
            "ssid": .text(shown(settings.ssid)),
            "bssid": .text("\(point.bssid)"),
            "channel": .number(settings.channel),
            "security": .text(settings.security.name),
            "hidden": .boolean(settings.isHidden),
            "softAPOf": network.softAP.map { .text($0.module) },
            "settingsFrom": network.softAP.map { .text($0.source.rawValue) },
            "subnet": .text("\(point.subnet)"),
            "gateway": .text("\(point.gateway)"),
            "dhcp": point.pool.map { .text("\($0.lowerBound)-\($0.upperBound)") } ?? .text("none"),
            "leaseTime": settings.leaseTime.map { .text($0.shortened) },
            "uplink": .text("\(settings.uplink)"),
            "capacity": .number(settings.capacity),
            "link": linkValue(settings),
            "position": settings.position.map(\.value),
            "range": settings.range.map { .number(DecimalNumber.text($0, places: 2)) },
            "heardBy": .list(
                network.hearers.map { hearers in
                    .object([
                        "dBm": .number(hearers.strength), "modules": .list(hearers.modules.map { .text($0) }),
                    ])
                }),
            "reaches": reachValue(network),
        ])
    }

    private func linkValue(_ settings: AccessPoint) -> JSONValue {
        .object([
            "latency": settings.link.latency.map { .text($0.shortened) },
            "jitter": .text(settings.link.jitter.shortened),
            "bandwidth": settings.link.bandwidth.map { .number($0) },
            "loss": .text(settings.link.lossText),
            "fading": .number(settings.fading),
        ])
    }

    /// What a module reaches that joins.
    private func reachValue(_ network: Network) -> JSONValue {
        var isHostReached = false
        var isLoopbackReached = false
        if case .host(let isLoopbackAllowed) = beyond(network) {
            isHostReached = true
            isLoopbackReached = isLoopbackAllowed
        }
        let owner = network.softAP.map { [$0.module] } ?? []
        let modules = owner + network.hearers.flatMap(\.modules)
        return .object([
            "loopback": .boolean(isLoopbackReached),
            "host": .boolean(isHostReached),
            "modules": .list(modules.map { .text($0) }),
            "guests": .list(
                network.guests.map { guest in
                    .object(["address": .text("\(guest.address)"), "program": .text("\(guest.program)")])
                }),
        ])
    }

    private func moduleValue(_ module: ModuleConfiguration, joins: JoinRequest?) -> JSONValue {
        .object([
            "name": .text(module.name),
            "mac": .text("\(module.mac)"),
            "softAPMAC": .text("\(module.mac.softAP)"),
            "serial": .text(module.serial.shown),
            "firmware": .text(module.firmware.rawValue),
            "flash": module.flash.map { .text(FilePath($0).shown) },
            "joins": joins.map { .text(shown($0.ssid)) },
            "timing": .text(module.timing.rawValue),
            "strictBugs": .boolean(module.strictBugs),
            "forward": .list(module.forwards.map { .text($0.text) }),
            "uart": .text(module.uart.rawValue),
            "bootText": .text(module.effectiveBootText.rawValue),
            "wakeWired": .boolean(module.isWakeWired),
            "latency": module.latency.map { .text($0.shortened) },
            "position": module.position.map(\.value),
        ])
    }
}

extension Position {
    /// In metres.
    fileprivate var value: JSONValue {
        .list([.number(DecimalNumber.text(x, places: 2)), .number(DecimalNumber.text(y, places: 2))])
    }
}
