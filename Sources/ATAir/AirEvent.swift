import ATPrimitives

/// What the air tells a module.
public enum AirEvent: Sendable, Hashable {
    /// What the scan found, in the order in which the access points went on the air.
    case scanned([ScannedAccessPoint])
    /// The radio refused to scan.
    case scanRefused
    /// How far the station has come.
    case station(StationProgress)
    /// A station has joined the module's softAP; the address is 0.0.0.0 when it got none. Told again when a station
    /// that is joined gets another address, or loses it because its lease has ended.
    case stationJoined(MACAddress, IPv4Address)
    /// A station that was told of has left the softAP.
    case stationLeft(MACAddress)
}

/// What has happened and nobody has fetched yet, in order.
struct AirEventQueue: Sendable {
    /// No call makes more than a dozen events for each radio, and the owner drains after each call.
    static let maximumEvents = 16 * Air.maximumRadios

    private var events: [(radio: Air.Radio, event: AirEvent)] = []
    private var fetched = 0

    mutating func append(_ event: AirEvent, for radio: Air.Radio) {
        precondition(events.count < Self.maximumEvents, "the owner of the air does not drain its events")
        events.append((radio, event))
    }

    mutating func removeFirst() -> (Air.Radio, AirEvent)? {
        guard fetched < events.count else { return nil }
        let next = events[fetched]
        fetched += 1
        if fetched == events.count {
            events.removeAll(keepingCapacity: true)
            fetched = 0
        }
        return next
    }

    /// Forgets what a radio that has lost its power would have been told.
    mutating func removeAll(for radio: Air.Radio) {
        events.removeFirst(fetched)
        fetched = 0
        events.removeAll { $0.radio == radio }
    }
}
