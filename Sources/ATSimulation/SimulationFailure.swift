import ATAir
import ATPrimitives
import ATWorld

/// Why a simulation cannot go on, or cannot do what it was told.
public enum SimulationFailure: Error, Sendable, Hashable {
    case doesNotBoot
    /// Effects and answers go round in a circle, or timers without end.
    case restless
    case noConnection(LinkID)
    case peerHasClosed(LinkID)
    case tooMuchPending(LinkID)
    case accessPoint(AccessPointRefusal)
    case stationRefused
    case stationUnknown

    init(_ error: WorldError, _ link: LinkID) {
        self =
            switch error {
            case .notConnected: .noConnection(link)
            case .alreadyClosed: .peerHasClosed(link)
            case .tooMuchPending: .tooMuchPending(link)
            }
    }
}

extension SimulationFailure: CustomStringConvertible {
    /// A clause.
    public var description: String {
        switch self {
        case .doesNotBoot: "the module does not get ready after power-on"
        case .restless: "the module and the world do not come to rest"
        case .noConnection(let link): "link \(link) of the module has no connection"
        case .peerHasClosed(let link): "the peer of link \(link) has closed already"
        case .tooMuchPending(let link): "too many bytes wait for the module on link \(link)"
        case .stationRefused: "the module has no softAP that this station could join"
        case .stationUnknown: "this station has not joined the module's softAP"
        case .accessPoint(let refusal): "the air refuses this access point: \(refusal)"
        }
    }
}
