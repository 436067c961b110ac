import ATAir
import ATPrimitives

/// The IP network between the modules of one air: TCP, UDP and echo requests, packet by packet. Pure: time and the air
/// come with each call, events are fetched with `nextEvent`, and the same calls with the same seed give the same
/// events.
///
/// Every call first brings the network to its time, and when it returns, all that was due is done; over a perfect way
/// that is everything. Times that go back are read as the latest time seen. After each call the owner drains
/// `nextEvent`, and for each `payload` calls `offerPayload` until the module takes no more; what is left it offers
/// again after the next call that changed something in the module. Sockets are those of the engine: their numbers are a
/// module's own.
///
/// A packet crosses the sender's way to its access point if its station sends, then the receiver's if that is a
/// station; each has a delay line of its own in each direction. What reaches the module itself is there at once and
/// never lost.
public struct VirtualNetwork: Sendable {
    /// Connections of a module that it knows (reference 3.7: the chip's stack has 5); a SYN beyond is not answered.
    public static let maximumConnections = 5
    /// Connections that a module has closed and that still shut down; if there are more, the oldest is cut off.
    public static let maximumShutDowns = 5
    /// UDP sockets of a module. It has 5 links; the rest is for those that were replaced.
    public static let maximumDatagramSockets = 16
    /// Datagrams that wait at one socket; further ones are lost (inferred).
    public static let maximumDatagrams = 8
    /// The largest payload of a datagram; the chip does not reassemble IP fragments (reference 3.5).
    public static let maximumDatagramSize = 1472
    /// Servers of a module; the firmware has one (reference 3.7).
    public static let maximumServers = 5
    /// Echo requests of a module without a reply; the oldest is forgotten.
    public static let maximumEchoes = 8
    /// Packets on their way and timers; packets beyond are lost.
    public static let maximumPackets = 16_384
    /// No call makes more than a few events for each packet under way, and the owner drains after each call.
    static let maximumEvents = 4 * maximumPackets

    let seed: UInt64
    var clock: Instant = .zero
    /// One for each radio, at its number.
    var nodes: [Node] = []
    var agenda = Agenda<Due>()
    var events = RadioEventQueue<NetworkEvent>(limit: maximumEvents)
    /// What the connection at work brings about; empty between calls.
    var output = TCPOutput()
    private var numbers: UInt64 = 0

    /// A network without traffic.
    /// - Parameter seed: decides everything that is random; each module has streams of its own. May be the air's.
    public init(seed: UInt64) {
        self.seed = seed
    }

    /// When `advance` has something to do; nil while nothing is under way.
    public var nextDeadline: Instant? { agenda.nextTime }

    /// What has happened and was not fetched yet, oldest first.
    public mutating func nextEvent() -> (Air.Radio, NetworkEvent)? {
        events.removeFirst()
    }

    /// Brings the network to `now`. The air is there already.
    public mutating func advance(to now: Instant, air: Air) {
        while let time = agenda.nextTime, let due = agenda.removeFirst(dueAt: now) {
            clock = max(clock, time)
            perform(due, air: air)
        }
        clock = max(clock, now)
    }

    /// Opens a TCP connection (`Effect.connect`). The answer is `connected`, `reset`, `unreachable`, or none.
    public mutating func connect(
        _ socket: Socket, of radio: Air.Radio, from localPort: UInt16, to remote: Endpoint, at now: Instant, air: Air
    ) {
        begin(radio, at: now, air: air)
        connect(socket, of: radio, from: localPort, to: remote, air: air)
        advance(to: clock, air: air)
    }

    /// Opens a UDP socket (`Effect.open`). Whoever reaches the module may send to its port, wherever the link leads.
    public mutating func open(_ socket: Socket, of radio: Air.Radio, port: UInt16, at now: Instant, air: Air) {
        begin(radio, at: now, air: air)
        guard nodes[radio.number].datagramSockets.count < Self.maximumDatagramSockets else {
            return events.append(.unreachable(socket), for: radio)
        }
        nodes[radio.number].datagramSockets.append(UDPSocket(socket: socket, port: port))
    }

    /// Sends bytes (`Effect.send`): over TCP in their order, `acknowledged` is the answer; over UDP as one datagram to
    /// `remote`, which may be a broadcast address. TCP ignores `remote`.
    public mutating func send(
        _ bytes: Span<UInt8>, on socket: Socket, of radio: Air.Radio, to remote: Endpoint, at now: Instant, air: Air
    ) {
        begin(radio, at: now, air: air)
        if let place = nodes[radio.number].connection(of: socket) {
            sendSegments(bytes, of: radio, at: place, air: air)
        } else if let place = nodes[radio.number].datagramSocket(of: socket) {
            sendDatagram(bytes, from: nodes[radio.number].datagramSockets[place].port, of: radio, to: remote, air: air)
        }
        advance(to: clock, air: air)
    }

    /// Closes a socket (`Effect.close`). TCP: FIN goes after what was sent; `acknowledged` and `closed` follow. UDP: no
    /// answer.
    public mutating func close(_ socket: Socket, of radio: Air.Radio, at now: Instant, air: Air) {
        begin(radio, at: now, air: air)
        if let place = nodes[radio.number].connection(of: socket) {
            close(of: radio, at: place, as: .closed(socket), air: air)
        } else {
            forgetDatagrams(socket, of: radio)
        }
        advance(to: clock, air: air)
    }

    /// Sends RST and forgets the socket (`Effect.abort`). Nothing is told of it any more.
    public mutating func abort(_ socket: Socket, of radio: Air.Radio, at now: Instant, air: Air) {
        begin(radio, at: now, air: air)
        if let place = nodes[radio.number].connection(of: socket) {
            abort(of: radio, at: place, air: air)
            events.removeAll(of: socket, for: radio)
        } else {
            forgetDatagrams(socket, of: radio)
        }
        advance(to: clock, air: air)
    }

    /// Shuts the socket down in the background and forgets it (`Effect.release`): the far end gets FIN. Nothing is told
    /// of it any more.
    public mutating func release(_ socket: Socket, of radio: Air.Radio, at now: Instant, air: Air) {
        begin(radio, at: now, air: air)
        if let place = nodes[radio.number].connection(of: socket) {
            close(of: radio, at: place, as: .forgotten, air: air)
            events.removeAll(of: socket, for: radio)
        } else {
            forgetDatagrams(socket, of: radio)
        }
        advance(to: clock, air: air)
    }

    /// The module was reset or has lost its power: everything of it is forgotten without a packet. Far ends see
    /// silence, and RST for what they send once the module has its address again.
    public mutating func releaseAll(of radio: Air.Radio, at now: Instant, air: Air) {
        begin(radio, at: now, air: air)
        nodes[radio.number].connections = []
        nodes[radio.number].datagramSockets = []
        nodes[radio.number].listeningPorts = []
        nodes[radio.number].echoes = []
        events.removeAll(for: radio)
    }

    /// The module listens (`Effect.listen`): `client` tells that somebody has come.
    public mutating func listen(onPort port: UInt16, of radio: Air.Radio, at now: Instant, air: Air) {
        begin(radio, at: now, air: air)
        guard !nodes[radio.number].listeningPorts.contains(port),
            nodes[radio.number].listeningPorts.count < Self.maximumServers
        else { return }
        nodes[radio.number].listeningPorts.append(port)
    }

    /// The module no longer listens (`Effect.unlisten`); clients that have come stay.
    public mutating func unlisten(onPort port: UInt16, of radio: Air.Radio, at now: Instant, air: Air) {
        begin(radio, at: now, air: air)
        nodes[radio.number].listeningPorts.removeAll { $0 == port }
    }

    /// The module's answer to `client`.
    /// - Parameter socket: the client's from now on; nil shuts it down with FIN (reference 3.7).
    public mutating func admit(_ arrival: Arrival, as socket: Socket?, at now: Instant, air: Air) {
        begin(arrival.radio, at: now, air: air)
        admit(arrival, as: socket, air: air)
        advance(to: clock, air: air)
    }

    /// Sends one echo request of 32 bytes (`Effect.ping`, reference 2.30). The answer is `pong`, or none.
    public mutating func ping(
        _ ping: Ping, of radio: Air.Radio, to address: IPv4Address, at now: Instant, air: Air
    ) {
        begin(radio, at: now, air: air)
        sendEchoRequest(ping, of: radio, to: address, air: air)
        advance(to: clock, air: air)
    }

    /// Offers a module one segment or one datagram of a socket.
    /// - Parameters:
    ///   - body: gives it to the module and returns how many bytes it took: of TCP any number, of UDP all or 0. It must
    ///     not call the network.
    /// - Returns: whether anything was taken; then there may be events and more to offer.
    public mutating func offerPayload(
        to radio: Air.Radio, on socket: Socket, at now: Instant, air: Air, _ body: (Span<UInt8>, Endpoint) -> Int
    ) -> Bool {
        begin(radio, at: now, air: air)
        let hasTaken: Bool
        if let place = nodes[radio.number].connection(of: socket) {
            hasTaken = offerSegment(of: radio, at: place, air: air, body)
        } else if let place = nodes[radio.number].datagramSocket(of: socket) {
            hasTaken = nodes[radio.number].datagramSockets[place].offer(body)
        } else {
            hasTaken = false
        }
        advance(to: clock, air: air)
        return hasTaken
    }

    // What the other files need.

    /// A number that orders packets and names connections.
    mutating func nextNumber() -> UInt64 {
        numbers += 1
        return numbers
    }

    /// Brings the network to the time of a call, and makes the module known.
    private mutating func begin(_ radio: Air.Radio, at now: Instant, air: Air) {
        advance(to: now, air: air)
        addNode(of: radio)
    }

    mutating func addNode(of radio: Air.Radio) {
        while nodes.count <= radio.number { nodes.append(Node(seed: seed, number: nodes.count)) }
    }

    private mutating func forgetDatagrams(_ socket: Socket, of radio: Air.Radio) {
        nodes[radio.number].datagramSockets.removeAll { $0.socket == socket }
        events.removeAll(of: socket, for: radio)
    }
}
