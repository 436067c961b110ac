import ATAir
import ATEngine
import ATPrimitives

/// Where an address leads that a module talks to (contract, Network).
enum Route: Hashable {
    /// To this address of the host's network, if the policy lets it.
    case host(IPv4Address)
    /// Nobody answers there.
    case nowhere
}

/// What a module is attached to, as far as routing goes.
struct RoutingTable {
    /// The station's network; nil while it is not associated.
    let station: NetworkAttachment?
    /// The address of the station; nil without a station.
    let stationAddress: IPv4Address?
    /// The address of the softAP; nil without one.
    let softAPAddress: IPv4Address?

    /// Whether the station can talk: it is associated and has an address.
    var isStationUp: Bool {
        guard station != nil, let stationAddress else { return false }
        return stationAddress != .any
    }

    /// Whether anything can reach the module or be reached by it.
    var isAttached: Bool { isStationUp || softAPAddress != nil }

    func route(to address: IPv4Address) -> Route {
        if let softAPAddress, Subnet(containing: softAPAddress, prefixLength: 24).contains(address) { return .nowhere }
        let loopback = Subnet(containing: .loopback, prefixLength: 8)
        guard isStationUp, let station else {
            // A module that is only a softAP has no uplink, but reaches the host it runs on.
            let isSoftAPOnly = stationAddress == nil && softAPAddress != nil
            return isSoftAPOnly && loopback.contains(address) ? .host(address) : .nowhere
        }
        if station.subnet.contains(address) {
            return address == station.gateway && station.uplink == .host ? .host(.loopback) : .nowhere
        }
        return station.uplink == .host && address != .any ? .host(address) : .nowhere
    }
}
