import ATAir
import ATPrimitives

/// One side of a TCP connection from its first SYN on. Never used again.
struct ConnectionID: Sendable, Hashable {
    let number: UInt64
}

/// What the network keeps of one module.
struct Node: Sendable {
    /// What the module knows of a TCP connection.
    enum Use: Sendable, Hashable {
        /// A client that it has not taken yet.
        case arriving
        case open(Socket)
        /// It has closed its side and wants to know the end.
        case closed(Socket)
        /// Nothing: the connection shuts down in the background.
        case forgotten

        var socket: Socket? {
            switch self {
            case .open(let socket), .closed(let socket): socket
            case .arriving, .forgotten: nil
            }
        }
        /// Whether the module has closed its side.
        var isShutDown: Bool {
            switch self {
            case .closed, .forgotten: true
            case .arriving, .open: false
            }
        }
    }

    /// One TCP connection. The end that a module has with itself is another one.
    struct Connection: Sendable {
        let id: ConnectionID
        var use: Use
        var tcp: TCPConnection
        /// Whether the module was told that there is something to offer, and has not taken all of it.
        var isPayloadTold = false
        /// When the agenda looks at its deadline next.
        var nextLook: Instant?
    }

    /// An echo request without a reply.
    struct Echo: Sendable {
        let number: UInt64
        let ping: Ping
        let sent: Instant
    }

    /// From the station to its access point, and back.
    var uplink: DelayLine
    var downlink: DelayLine
    /// Gives the first sequence numbers, so that what is left of an old connection is known as such.
    private var random: RandomSource
    /// Those that the module has closed come last, the oldest of them first.
    var connections: [Connection] = []
    /// In the order of opening.
    var datagramSockets: [UDPSocket] = []
    var listeningPorts: [UInt16] = []
    /// The oldest first.
    var echoes: [Echo] = []

    /// - Parameters:
    ///   - seed: the network's.
    ///   - number: the radio's.
    init(seed: UInt64, number: Int) {
        let salt = Self.salt + UInt64(number) * 3
        uplink = DelayLine(random: .stream(seed: seed, salt: salt))
        downlink = DelayLine(random: .stream(seed: seed, salt: salt + 1))
        random = .stream(seed: seed, salt: salt + 2)
    }

    func connection(of socket: Socket) -> Int? {
        connections.firstIndex { $0.use.socket == socket }
    }

    func connection(_ id: ConnectionID) -> Int? {
        connections.firstIndex { $0.id == id }
    }

    func connection(from local: Endpoint, to remote: Endpoint) -> Int? {
        connections.firstIndex { $0.tcp.local == local && $0.tcp.remote == remote }
    }

    func datagramSocket(of socket: Socket) -> Int? {
        datagramSockets.firstIndex { $0.socket == socket }
    }

    /// Connections that the module knows or will be told of.
    var openCount: Int { connections.count { !$0.use.isShutDown } }
    /// Connections that only shut down, the oldest of them.
    var oldestShutDown: Int? { connections.firstIndex { $0.use.isShutDown } }

    /// Whether a connection that the module has not closed uses this port.
    func usesPort(_ port: UInt16) -> Bool {
        connections.contains { !$0.use.isShutDown && $0.use != .arriving && $0.tcp.local.port == port }
    }

    mutating func nextInitialSequence() -> SequenceNumber {
        SequenceNumber(value: UInt32(truncatingIfNeeded: random.next()))
    }

    /// The module has closed its side: the connection goes behind the others.
    /// - Returns: its new place.
    mutating func shutDown(at place: Int, as use: Use) -> Int {
        var connection = connections.remove(at: place)
        connection.use = use
        connections.append(connection)
        return connections.count - 1
    }

    /// Apart from the streams that others draw from the same seed.
    private static let salt: UInt64 = 0x4E45_5457_4F52_4B00
}
