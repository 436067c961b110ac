import ATPrimitives

/// One entry of the link table (reference 3.1).
///
/// A link is free, then on its way (a name is looked up, a handshake runs), then open, then on its way out. What has
/// gone wrong is reported a moment later (reference 3.4), so there is a phase for that too. Each input says what has
/// happened; one that does not fit the phase changes nothing.
struct Link: Sendable {
    enum Phase: Sendable, Equatable {
        case free
        /// CIPSTART holds the parser meanwhile.
        case resolving(Lookup)
        case connecting(Dialler)
        /// The connect has failed; ERROR and the CLOSED line are on their way.
        case refused(Dialler)
        case open
        /// The connection is gone; its line is on its way.
        case broken
        /// The module has sent FIN; `isClosed` when both sides are closed and only the stack's look is missing. CIPCLOSE
        /// of this one link holds the parser: `isAwaited`.
        case closing(isAwaited: Bool, isClosed: Bool)
    }

    /// Who dials, and waits for what becomes of it.
    enum Dialler: Sendable, Equatable {
        /// CIPSTART with an address, which leaves the parser free.
        case address
        /// CIPSTART with a name, which has held the parser since the lookup.
        case name
        /// Transparent mode, whose links come and go without a line.
        case transparentMode
    }

    enum Role: UInt8, Sendable {
        case client = 0
        case server = 1
    }

    private(set) var phase = Phase.free
    private(set) var transport = Transport.tcp
    private(set) var role = Role.client
    private(set) var socket = Socket(number: 0)
    /// Where data goes to.
    private(set) var remote = Endpoint(address: .any, port: 0)
    /// UDP: the far end that was asked for, to which `remote` returns in mode 0.
    private var peer = Endpoint(address: .any, port: 0)
    /// UDP: 0 the far end stays, 1 it changes once, 2 it changes (manual 6.2.2).
    private(set) var udpMode = 0
    /// The module's own port.
    private(set) var localPort: UInt16 = 0
    /// Data is out that the far end has not acknowledged.
    private(set) var isUnacknowledged = false
    /// When data last came or was acknowledged, for AT+CIPSTO.
    private(set) var lastActivity = Instant.zero

    /// An entry that is free.
    init() {}

    /// A link that the module is about to open. It is free until it is dialled, opened, or its name is looked up.
    init(_ transport: Transport, _ socket: Socket, to remote: Endpoint, localPort: UInt16, udpMode: Int = 0) {
        self.transport = transport
        self.socket = socket
        self.remote = remote
        peer = remote
        self.localPort = localPort
        self.udpMode = udpMode
    }

    /// A client that the server has let in.
    init(accepted socket: Socket, from remote: Endpoint, localPort: UInt16) {
        phase = .open
        role = .server
        self.socket = socket
        self.remote = remote
        self.localPort = localPort
    }

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
        case .free, .resolving, .refused, .broken, .closing(_, isClosed: true): false
        case .connecting, .open, .closing(_, isClosed: false): true
        }
    }

    var isFree: Bool { if case .free = phase { true } else { false } }
    var isOpen: Bool { if case .open = phase { true } else { false } }
    var isClosing: Bool { if case .closing = phase { true } else { false } }
    var isServerClient: Bool { role == .server && isEnabled }
}

// What happens to a link.
extension Link {
    /// The far end's name is looked up.
    mutating func lookUp(_ lookup: Lookup) {
        if isFree { phase = .resolving(lookup) }
    }

    /// The resolver has found the far end.
    mutating func found(_ address: IPv4Address) {
        remote.address = address
        peer.address = address
    }

    /// SYN is out.
    mutating func dialled(by dialler: Dialler) { phase = .connecting(dialler) }

    /// UDP: nothing has to be waited for.
    mutating func opened() { phase = .open }

    /// The handshake is done.
    /// - Returns: who has waited for it.
    mutating func connected(at now: Instant) -> Dialler? {
        guard case .connecting(let dialler) = phase else { return nil }
        phase = .open
        lastActivity = now
        return dialler
    }

    /// RST in answer to SYN, or no answer at all.
    mutating func refused() {
        if case .connecting(let dialler) = phase { phase = .refused(dialler) }
    }

    /// The connection is gone by RST or by silence.
    mutating func broke() {
        if isOpen { phase = .broken }
    }

    /// The module closes its side, or is told to wait for that.
    mutating func startClosing(isAwaited: Bool) {
        var isClosed = false
        if case .closing(_, let wasClosed) = phase { isClosed = wasClosed }
        phase = .closing(isAwaited: isAwaited, isClosed: isClosed)
    }

    /// Both sides are closed.
    mutating func closed() {
        if case .closing(let isAwaited, _) = phase { phase = .closing(isAwaited: isAwaited, isClosed: true) }
    }

    /// TCP: data is out.
    mutating func sent() { isUnacknowledged = true }

    /// The far end has acknowledged all data.
    mutating func acknowledged() { isUnacknowledged = false }

    mutating func wasActive(at now: Instant) { lastActivity = now }

    /// UDP: where data goes to after a datagram from `sender` (reference 3.9).
    mutating func received(from sender: Endpoint) {
        guard transport == .udp else { return }
        if udpMode > 0 { peer = sender }
        if udpMode == 1 { udpMode = 0 }
        remote = peer
    }

    mutating func free() { self = Link() }
}
