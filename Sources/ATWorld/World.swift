import ATPrimitives

/// What is simulated behind the air for one module: names, scripted peers, ping, TCP with acknowledgements, UDP, and
/// clients of the module's server. Everything answers with no latency (transcript format, The world of a case); the
/// owner calls in, then drains `nextEvent`, then offers payload until the module takes no more.
///
/// Collections are arrays searched from the front: a case has a handful of peers, and their order is the script's.
public struct World: Sendable {
    /// What a peer that has stopped reading still takes, in bytes: four segments, as in the chip's own TCP
    /// (reference 3.5).
    public static let receiveWindow = 5840
    /// The largest TCP segment that the module is offered, in bytes (reference 3.5).
    public static let segmentSize = 1460
    /// How many bytes may wait for the module on one socket.
    public static let pendingLimit = 4 << 20

    private var names: [(name: [UInt8], answer: NameAnswer)] = []
    private var peers: [(endpoint: Endpoint, behavior: PeerBehavior)] = []
    private var connections: [Connection] = []
    private var datagramSockets: [DatagramSocket] = []
    private var listeningPorts: [UInt16] = []
    /// Bounded by the inputs: no call adds more than a few, and the owner drains after each.
    private var events: [WorldEvent] = []

    /// A world in which no name is known and nobody answers.
    public init() {}

    // MARK: The script

    /// Says what answers at an endpoint; replaces what was said before. Connections that exist stay as they are.
    public mutating func setPeer(_ endpoint: Endpoint, _ behavior: PeerBehavior) {
        peers.removeAll { $0.endpoint == endpoint }
        peers.append((endpoint, behavior))
    }

    /// Says what the name server answers. Case does not count in a name, nor does one trailing dot.
    public mutating func setAnswer(_ answer: NameAnswer, for name: [UInt8]) {
        let key = Self.canonical(name)
        names.removeAll { $0.name == key }
        names.append((key, answer))
    }

    /// Makes the far end of a TCP connection act.
    /// - Throws: `WorldError` if there is no such connection, or the far end can't do this any more.
    public mutating func perform(_ action: PeerAction, on socket: Socket) throws(WorldError) {
        guard let index = connections.firstIndex(where: { $0.socket == socket }) else { throw .notConnected }
        try connections[index].perform(action)
        settle(at: index)
    }

    /// Sends a datagram to one of the module's UDP sockets.
    /// - Throws: `WorldError` if it is no open UDP socket, or too much waits for the module already.
    public mutating func sendDatagram(_ bytes: [UInt8], to socket: Socket, from sender: Endpoint) throws(WorldError) {
        guard let index = datagramSockets.firstIndex(where: { $0.socket == socket }) else { throw .notConnected }
        try datagramSockets[index].receive(bytes, from: sender)
    }

    /// Whether the script has said anything about this address.
    public func knows(_ address: IPv4Address) -> Bool {
        peers.contains { $0.endpoint.address == address }
    }

    /// Whether the module has a server on this port. If it has, the owner asks the module to accept the client, and
    /// tells the outcome with `admit`.
    public func isListening(onPort port: UInt16) -> Bool { listeningPorts.contains(port) }

    /// The module has accepted a client; the far end behaves as a peer that accepts.
    public mutating func admit(_ client: Endpoint, on socket: Socket) {
        connections.append(Connection(socket: socket, peer: client, isEstablished: true))
    }

    /// Whether a socket of the module still has a far end here: a UDP socket, or a connection that neither side has
    /// reset and not both have closed.
    public func isOpen(_ socket: Socket) -> Bool {
        connections.contains { $0.socket == socket } || datagramSockets.contains { $0.socket == socket }
    }

    // MARK: What the module asks

    public mutating func resolve(_ lookup: Lookup, name: [UInt8]) {
        let key = Self.canonical(name)
        switch names.first(where: { $0.name == key })?.answer ?? .fails {
        case .address(let address): events.append(.resolved(lookup, address))
        case .fails: events.append(.resolved(lookup, nil))
        case .silent: break
        }
    }

    /// Opens a TCP connection; a silent peer never answers.
    public mutating func connect(_ socket: Socket, to endpoint: Endpoint) {
        switch behavior(at: endpoint) {
        case .accepts:
            connections.append(Connection(socket: socket, peer: endpoint, isEstablished: true))
            events.append(.connected(socket))
        case .refuses: events.append(.reset(socket))
        case .silent: connections.append(Connection(socket: socket, peer: endpoint, isEstablished: false))
        }
    }

    /// Opens a UDP socket; who is at the other end does not matter, since scripted peers swallow datagrams.
    public mutating func openDatagramSocket(_ socket: Socket) {
        datagramSockets.append(DatagramSocket(socket: socket))
    }

    /// The module sends on a socket. Only the number of bytes counts: scripted peers do not look at them.
    public mutating func send(byteCount: Int, on socket: Socket) {
        guard let index = connections.firstIndex(where: { $0.socket == socket && $0.isEstablished }) else { return }
        connections[index].moduleSends(byteCount: byteCount)
        settle(at: index)
    }

    /// TCP: the module sends FIN. UDP: the socket is gone.
    public mutating func close(_ socket: Socket) {
        datagramSockets.removeAll { $0.socket == socket }
        guard let index = connections.firstIndex(where: { $0.socket == socket && $0.isEstablished }) else { return }
        connections[index].moduleCloses()
        settle(at: index)
    }

    /// The module has given the socket up, by RST or because it was reset.
    public mutating func forget(_ socket: Socket) {
        datagramSockets.removeAll { $0.socket == socket }
        connections.removeAll { $0.socket == socket }
    }

    public mutating func listen(onPort port: UInt16) {
        if !listeningPorts.contains(port) { listeningPorts.append(port) }
    }

    public mutating func stopListening(onPort port: UInt16) {
        listeningPorts.removeAll { $0 == port }
    }

    /// Answers after 0 ms if anything at the address accepts or refuses, else not at all.
    public mutating func ping(_ ping: Ping, _ address: IPv4Address) {
        if isAlive(address) { events.append(.pong(ping, milliseconds: 0)) }
    }

    /// The module restarted, sleeps, or lost its power: it knows no socket and no server any more.
    public mutating func moduleIsGone() {
        connections = []
        datagramSockets = []
        listeningPorts = []
        events = []
    }

    // MARK: What the module hears

    /// The oldest event that the module has not heard yet.
    public mutating func nextEvent() -> WorldEvent? {
        events.isEmpty ? nil : events.removeFirst()
    }

    /// Offers the module one segment or datagram from each socket that has any.
    /// - Parameter body: gives it to the module and returns how many bytes it took: for TCP any number, for UDP all
    ///   or 0.
    /// - Returns: whether the module took anything; then there may be events and more to offer.
    public mutating func offerPayload(
        _ body: (_ payload: [UInt8], _ socket: Socket, _ sender: Endpoint) -> Int
    ) -> Bool {
        var hasTaken = false
        for index in connections.indices {
            guard let segment = connections[index].nextSegment else { continue }
            let count = body(segment, connections[index].socket, connections[index].peer)
            guard count > 0 else { continue }
            hasTaken = true
            connections[index].moduleTakes(count)
            events += connections[index].takeEvents()
        }
        connections.removeAll { $0.isGone }
        for index in datagramSockets.indices {
            guard let datagram = datagramSockets[index].pending.first else { continue }
            guard body(datagram.bytes, datagramSockets[index].socket, datagram.sender) > 0 else { continue }
            hasTaken = true
            datagramSockets[index].moduleTakesFirst()
        }
        return hasTaken
    }

    // MARK: Inside

    private mutating func settle(at index: Int) {
        events += connections[index].takeEvents()
        if connections[index].isGone { connections.remove(at: index) }
    }

    /// An unmentioned port of a host that is alive answers with RST, as any TCP does (inferred); an unmentioned address
    /// answers nothing.
    private func behavior(at endpoint: Endpoint) -> PeerBehavior {
        if let peer = peers.first(where: { $0.endpoint == endpoint }) { return peer.behavior }
        return isAlive(endpoint.address) ? .refuses : .silent
    }

    private func isAlive(_ address: IPv4Address) -> Bool {
        peers.contains { $0.endpoint.address == address && $0.behavior != .silent }
    }

    private static func canonical(_ name: [UInt8]) -> [UInt8] {
        let lowercase = name.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        return lowercase.last == UInt8(ascii: ".") ? lowercase.dropLast() : lowercase
    }
}
