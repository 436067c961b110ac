import ATAir
import ATPrimitives

/// One of a module's two ways into the air.
public enum Interface: UInt8, Sendable, Hashable, CaseIterable {
    case station
    case softAP
}

/// Where an address leads that a module talks to (contract, Network).
public enum Route: Sendable, Hashable {
    /// Into the simulated network of this interface, or to the module itself: `VirtualNetwork` carries it.
    case virtual(Interface)
    /// To all others in the networks that the module is attached to.
    case broadcast
    /// To this address of the host's network, if the policy lets it.
    case host(IPv4Address)
    /// Nobody answers there.
    case nowhere
}

/// What a module is attached to now, as far as routing goes.
public struct RoutingTable: Sendable {
    /// The station's network; nil while it is not associated or has no address.
    let station: NetworkAttachment?
    /// The softAP's network; nil while it is off.
    let softAP: NetworkAttachment?
    private let hasStation: Bool

    /// - Parameters:
    ///   - radio: whose.
    ///   - air: knows who is attached where.
    ///   - hasStation: whether the module's mode has a station at all, joined or not (1 and 3, not 2).
    public init(of radio: Air.Radio, in air: Air, hasStation: Bool) {
        let attachment = air.network(of: radio)
        let address = attachment?.address ?? .any
        station = address == .any ? nil : attachment
        softAP = air.softAPNetwork(of: radio)
        self.hasStation = hasStation
    }

    /// Whether the station can talk: it is associated and has an address.
    public var isStationUp: Bool { station != nil }

    /// Whether anything can reach the module or be reached by it.
    public var isAttached: Bool { isStationUp || softAP != nil }

    /// The one place of routing. Addresses of its own lead to itself; the softAP's subnet lies behind the softAP, in
    /// mode 3 too (reference 3.4); all else goes out through the station.
    public func route(to address: IPv4Address) -> Route {
        guard address != .any else { return .nowhere }
        if let own = interface(owning: address) { return .virtual(own) }
        if Interface.allCases.contains(where: { isBroadcast(address, on: $0) }) { return .broadcast }
        if let softAP, softAP.subnet.contains(address) { return .virtual(.softAP) }
        guard let station else {
            // A module that is only a softAP has no uplink, but reaches the host it runs on.
            return !hasStation && softAP != nil && Self.loopback.contains(address) ? .host(address) : .nowhere
        }
        if station.subnet.contains(address) {
            return address == station.gateway && station.uplink == .host ? .host(.loopback) : .virtual(.station)
        }
        return station.uplink == .host && address != .broadcast ? .host(address) : .nowhere
    }

    /// The interface that has this address.
    func interface(owning address: IPv4Address) -> Interface? {
        if let softAP, softAP.address == address { return .softAP }
        if let station, station.address == address { return .station }
        return nil
    }

    func attachment(of interface: Interface) -> NetworkAttachment? {
        switch interface {
        case .station: station
        case .softAP: softAP
        }
    }

    /// Whether this is the broadcast address of an interface that is up; 255.255.255.255 is that of each (inferred).
    func isBroadcast(_ address: IPv4Address, on interface: Interface) -> Bool {
        guard let attachment = attachment(of: interface) else { return false }
        return address == .broadcast || address == attachment.subnet.broadcast
    }

    private static let loopback = Subnet(containing: .loopback, prefixLength: 8)
}
