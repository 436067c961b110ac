import ATPrimitives

/// The link table and what holds for all links.
struct Links: Sendable {
    /// Link ids are 0 to 4 (manual 6.2.2).
    static let count = 5
    /// The most that one segment carries, and so one +IPD of TCP (reference 3.5).
    static let segmentSize = 1460
    /// The largest datagram (reference 3.5).
    static let datagramSize = 1472
    /// The ports that the module picks from (reference 2.21).
    static let randomPorts: ClosedRange<UInt16> = 1024...49999

    /// AT+CIPCLOSE=5 on its walk.
    private struct Walk {
        /// It has closed a TCP client link.
        var hasClosedClient = false
    }

    private var links = [Link](repeating: Link(), count: count)
    /// AT+CIPMUX.
    var areMultiple = false
    /// AT+CIPMODE.
    var isTransparentMode = false
    /// The value that CIPSTATUS prints, 2 to 5; changed by certain events only (reference 3.3).
    private(set) var status = 4
    /// The link of the last CIPSEND, whose connection AT+CIPMODE stores (reference 2.27).
    private(set) var lastSent: LinkID = 0
    private var walk: Walk?
    /// Whether a link was open since the station got its address (manual 6.2.1).
    private(set) var wasOpenSinceAddress = false

    subscript(id: LinkID) -> Link {
        get { links[id] }
        _modify { yield &links[id] }
    }

    static var ids: Range<LinkID> { 0..<count }

    var enabledCount: Int { links.reduce(0) { $0 + ($1.isEnabled ? 1 : 0) } }
    /// Whether a link is on its way to being open or free, so that a line is to come.
    var areUnderWay: Bool { links.contains { !$0.isFree && !$0.isOpen } }
    var firstFree: LinkID? { links.firstIndex { $0.isFree } }
    var hasServerClients: Bool { links.contains { $0.isServerClient } }

    func id(of socket: Socket) -> LinkID? { links.firstIndex { !$0.isFree && $0.socket == socket } }
    func id(of lookup: Lookup) -> LinkID? { links.firstIndex { $0.phase == .resolving(lookup) } }
    func usesPort(_ port: UInt16, _ transport: Transport) -> Bool {
        links.contains { !$0.isFree && $0.transport == transport && $0.localPort == port }
    }
}

// The events that STATUS and its like are made of (reference 3.3).
extension Links {
    /// CIFSR or CWJAP? has shown an address.
    mutating func addressWasShown() { status = 2 }

    /// The station has an address.
    mutating func stationIsOnline() { wasOpenSinceAddress = enabledCount > 0 }

    /// CWJAP or CWQAP has left the network.
    mutating func stationHasLeft() { status = 5 }

    /// A TCP link is open.
    mutating func connectionIsOpen() {
        status = 3
        wasOpenSinceAddress = true
    }

    /// A UDP link is open; STATUS stays as it is.
    mutating func datagramsAreOpen() { wasOpenSinceAddress = true }

    /// A link's end was reported. When it was the last one, STATUS becomes 4.
    mutating func free(_ id: LinkID) {
        links[id].free()
        if enabledCount == 0 { status = 4 }
    }

    /// CIPSEND= has asked for payload.
    mutating func willSend(on id: LinkID) { lastSent = id }
}

// The walk of AT+CIPCLOSE=5 over all links (reference 2.23).
extension Links {
    var isClosingAll: Bool { walk != nil }

    mutating func startClosingAll() { walk = Walk() }

    /// The walk closes a TCP client link, and goes on from its end.
    mutating func closesClient() { walk?.hasClosedClient = true }

    /// All links are gone.
    /// - Returns: whether a TCP client link was among them.
    mutating func endClosingAll() -> Bool {
        defer { walk = nil }
        return walk?.hasClosedClient ?? false
    }
}

extension Engine {
    /// A port that no link of the module has.
    mutating func randomPort(_ transport: Transport) -> UInt16 {
        while true {
            let offset = chip.random.number(below: UInt64(Links.randomPorts.count))
            let port = Links.randomPorts.lowerBound + UInt16(offset)
            if !session.links.usesPort(port, transport) { return port }
        }
    }

    /// The line of a link: its id and a comma in multiple mode or if the firmware prints it anyway, then `text`.
    mutating func putLinkLine(_ id: LinkID, _ text: StaticString, showsID: Bool = false) {
        if showsID || session.links.areMultiple {
            id.print(to: &self)
            put(UInt8(ascii: ","))
        }
        line(text)
    }

    /// The phase that a link is in lasts so long at most; nil is for ever.
    mutating func limitPhase(of id: LinkID, to limit: Interval?) {
        if let limit {
            session.timers.start(.link(.phase, id), at: now + limit)
        } else {
            session.timers.stop(.link(.phase, id))
        }
    }

    /// The entry is free again, with a word about it.
    mutating func free(_ id: LinkID) {
        session.links.free(id)
        for kind in LinkTimer.allCases { session.timers.stop(.link(kind, id)) }
        serverClientHasGone()
    }

    /// The entry is free again before anything has come of it: STATUS stays as it is.
    mutating func forget(_ id: LinkID) {
        session.links[id].free()
        limitPhase(of: id, to: nil)
    }

    /// What CIPSTATUS prints as STATUS.
    var linkStatus: Int {
        switch firmware.policy.status {
        case .written:
            session.links.status
        case .computed:
            if session.links.enabledCount > 0 {
                3
            } else if session.station.hasAddress && session.mode.hasStation && !session.links.wasOpenSinceAddress {
                2
            } else {
                4
            }
        }
    }
}
