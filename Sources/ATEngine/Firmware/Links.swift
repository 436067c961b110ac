import ATPrimitives

/// One entry of the link table (reference 3.1).
struct Link: Sendable {
    /// A link is free, then on its way (a name is looked up, a handshake runs), then open, then on its way out. What has
    /// gone wrong is reported a moment later (reference 3.4), so there is a phase for that too.
    enum Phase: Sendable, Equatable {
        case free
        case resolving(Lookup)
        case connecting
        /// The connect has failed; ERROR and the CLOSED line are on their way.
        case refused
        case open
        /// The connection is gone; its line is on its way.
        case broken
        /// The module has sent FIN; `isClosed` when both sides are closed and only the stack's look is missing.
        case closing(isClosed: Bool)
    }

    enum Role: UInt8, Sendable {
        case client = 0
        case server = 1
    }

    var phase = Phase.free
    var transport = Transport.tcp
    var role = Role.client
    var socket = Socket(number: 0)
    /// Where data goes to.
    var remote = Endpoint(address: .any, port: 0)
    /// UDP: the far end that was asked for, to which `remote` returns in mode 0.
    var peer = Endpoint(address: .any, port: 0)
    /// UDP: 0 the far end stays, 1 it changes once, 2 it changes (manual 6.2.2).
    var udpMode = 0
    /// The module's own port.
    var localPort: UInt16 = 0
    /// A command waits for what becomes of this link and holds the parser.
    var isAwaited = false
    /// Data is out that the far end has not acknowledged.
    var isUnacknowledged = false
    /// Opened by the firmware for transparent mode: comes and goes without a line.
    var isSilent = false
    /// When data last came or was acknowledged, for AT+CIPSTO.
    var lastActivity = Instant.zero

    /// Whether the firmware's table calls the link enabled: a TCP link that is still connecting is not (reference 3.1).
    var isEnabled: Bool {
        switch phase {
        case .free, .connecting, .refused: false
        case .resolving: transport == .udp
        case .open, .broken, .closing: true
        }
    }

    /// Whether the world knows the link's socket, and it has not ended there.
    var hasSocket: Bool {
        switch phase {
        case .free, .resolving, .refused, .broken, .closing(isClosed: true): false
        case .connecting, .open, .closing(isClosed: false): true
        }
    }

    var isFree: Bool { phase == .free }
    var isOpen: Bool { phase == .open }
    var isClosing: Bool { if case .closing = phase { true } else { false } }
    var isServerClient: Bool { role == .server && isEnabled }
}

/// The link table and the settings of all links.
struct Links: Sendable {
    /// Link ids are 0 to 4 (manual 6.2.2).
    static let count = 5
    /// The most that one segment carries, and so one +IPD of TCP (reference 3.5).
    static let segmentSize = 1460
    /// The largest datagram (reference 3.5).
    static let datagramSize = 1472
    /// The ports that the module picks from (reference 2.21).
    static let randomPorts: ClosedRange<UInt16> = 1024...49999

    private var links = [Link](repeating: Link(), count: count)
    /// AT+CIPMUX.
    var areMultiple = false
    /// AT+CIPMODE.
    var isTransparentMode = false
    /// The value that CIPSTATUS prints, 2 to 5; changed by certain events only (reference 3.3).
    var status = 4
    /// The link of the last CIPSEND, whose connection AT+CIPMODE stores (reference 2.27).
    var lastSent: LinkID = 0
    /// AT+CIPCLOSE=5 is under way.
    var isClosingAll = false
    /// It has closed a TCP client link.
    var hasClosedClient = false
    /// Whether a link was open since the station got its address (manual 6.2.1).
    var wasOpenSinceAddress = false

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

    mutating func setPhase(_ phase: Link.Phase, of id: LinkID, for delay: Interval?) {
        session.links[id].phase = phase
        if let delay {
            session.timers.start(.link(.phase, id), at: now + delay)
        } else {
            session.timers.stop(.link(.phase, id))
        }
    }

    /// The entry is free again. When it was the last one, STATUS becomes 4 (reference 3.3).
    mutating func free(_ id: LinkID) {
        session.links[id] = Link()
        for kind in LinkTimer.allCases { session.timers.stop(.link(kind, id)) }
        if session.links.enabledCount == 0 { session.links.status = 4 }
        serverClientHasGone()
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
