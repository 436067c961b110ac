import ATPrimitives
import NIOCore
import NIOPosix

/// The host's network as one module reaches it: TCP links and servers, UDP links, names and echo requests, within a
/// policy (contract, Network).
///
/// It lives on one event loop: every call is made there, and the delegate is called there, never from inside a call. An
/// address comes twice where the module does not see the real one: `shown` is what the module says and sees, `actual`
/// is where it leads, which is also what the policy is about. `close()` must be called at the end.
public final class HostNetwork {
    /// Who is told.
    public weak var delegate: (any HostNetworkDelegate)?
    public let policy: NetworkPolicy

    let loop: any EventLoop
    private(set) var isAttached = true
    /// Counts the modules that have lived here, so that an answer for one is not given to the next.
    private(set) var generation = 0

    private let forwards: [Forward]
    private let threadPool: NIOThreadPool
    private let echoMethods: [EchoMethod]
    private let echoProgram: EchoProgram
    private lazy var resolver = NameResolver(network: self, threadPool: threadPool)
    private lazy var echo = EchoRequester(
        network: self, threadPool: threadPool, methods: echoMethods, program: echoProgram)
    private var reserved: [ReservedPort] = []
    private var servers: [UInt16: Server] = [:]
    private var lingering: [TCPConnection] = []
    private var isClosed = false
    private var channels: [ObjectIdentifier: any Channel] = [:]

    // What the extension in `Reporting.swift` works on.
    var carriers: [Socket: Carrier] = [:]
    /// Clients that came when the radio had just gone; one for each host port at most.
    var arrivals: [TCPConnection] = []
    var reports = ReportQueue()
    var wakeUps: Set<Socket> = []
    var wakesAll = false
    var isFlushScheduled = false
    /// How long a connection that the module has forgotten may shut down.
    var lingerTime = NetworkLimits.lingerTime
    /// How many public calls are under way: the module is busy then, and nothing is told.
    var callDepth = 0

    /// - Parameters:
    ///   - loop: where everything happens.
    ///   - policy: what the module may reach, where it is bound and what names mean.
    ///   - forwards: host ports that reach servers of the module.
    ///   - threadPool: where the system's resolver, and `ping` if that is needed, may block.
    public convenience init(
        loop: any EventLoop, policy: NetworkPolicy, forwards: [Forward] = [], threadPool: NIOThreadPool = .singleton
    ) {
        self.init(
            loop: loop, policy: policy, forwards: forwards, threadPool: threadPool, echoMethods: EchoMethod.allCases,
            echoProgram: EchoProgram(program: "ping"))
    }

    init(
        loop: any EventLoop, policy: NetworkPolicy, forwards: [Forward], threadPool: NIOThreadPool,
        echoMethods: [EchoMethod], echoProgram: EchoProgram
    ) {
        self.loop = loop
        self.policy = policy
        self.forwards = forwards
        self.threadPool = threadPool
        self.echoMethods = echoMethods
        self.echoProgram = echoProgram
    }

    /// Binds the forwards' host ports. Connecting to one is refused until the module's server listens.
    ///
    /// - Returns: A failed future with `NetworkError` if one, or the address of the policy, cannot be had (exit status 69).
    public func start() -> EventLoopFuture<Void> {
        loop.makeCompletedFuture {
            try ListeningSocket.tryAddress(policy.bind)
            for forward in forwards { reserved.append(try ReservedPort(forward, policy: policy)) }
        }
    }

    /// Whether the module's radio is there. Without it nothing moves: what is sent over TCP is held, datagrams, echo
    /// requests and questions are lost, nothing is read, connecting hangs, and no end is told until it is back.
    public func setAttached(_ attached: Bool) {
        loop.preconditionInEventLoop()
        guard attached != isAttached else { return }
        isAttached = attached
        guard attached else { return }
        wakesAll = true
        scheduleFlush()
    }

    /// The module was reset or has lost its power: every socket is released and every server closed. Nothing that was
    /// asked before is answered.
    public func releaseAll() {
        generation += 1
        for socket in carriers.keys.sorted(by: { $0.number < $1.number }) { release(socket) }
        for port in servers.keys.sorted() { unlisten(port: port) }
        for client in arrivals { client.release() }
        arrivals = []
        echo.cancel()
    }

    /// Ends everything that is open, for good.
    ///
    /// - Returns: A future that is fulfilled when all sockets are closed.
    public func close() -> EventLoopFuture<Void> {
        releaseAll()
        isClosed = true
        reports.removeAll()
        echo.close()
        for port in reserved { port.close() }
        reserved = []
        let ends = channels.values.map(\.closeFuture)
        for connection in lingering { connection.end() }
        for channel in channels.values { channel.close(promise: nil) }
        return EventLoopFuture.andAllComplete(ends, on: loop)
    }
}

// The module's links.
extension HostNetwork {
    /// Opens a TCP connection. The answer is `connected`, `reset`, `unreachable`, or none.
    public func connect(_ socket: Socket, to shown: Endpoint, via actual: Endpoint) {
        beginCall()
        defer { endCall() }
        guard mayOpen(socket, to: actual) else { return refuse(socket) }
        let connection = TCPConnection(network: self, socket: socket, peer: shown)
        carriers[socket] = .tcp(connection)
        connection.dial(actual)
    }

    /// Opens a UDP link. Only `unreachable` is an answer.
    ///
    /// - Parameter localPort: the module's port, which is also the host's if anybody may send to the link and the port is
    ///   free; otherwise `datagramPort` is told.
    public func open(_ socket: Socket, to shown: Endpoint, via actual: Endpoint, localPort: UInt16) {
        beginCall()
        defer { endCall() }
        guard mayOpen(socket, to: actual) else { return refuse(socket) }
        let link = DatagramLink(network: self, socket: socket, to: shown, via: actual, localPort: localPort)
        guard link.open() else { return refuse(socket) }
        carriers[socket] = .udp(link)
    }

    /// Sends bytes: over TCP in their order, `acknowledged` is the answer; over UDP as one datagram to `actual`, which
    /// is lost if the policy forbids it or `actual` is nil, since nobody is there. TCP ignores the addresses.
    public func send(_ socket: Socket, _ bytes: Span<UInt8>, to shown: Endpoint, via actual: Endpoint?) {
        beginCall()
        defer { endCall() }
        switch carriers[socket] {
        case .tcp(let connection): connection.send(bytes)
        case .udp(let link): if let actual { link.send(bytes, to: shown, via: actual) }
        case .refused, nil: break
        }
    }

    /// TCP: sends FIN after what was sent; `acknowledged` tells that the far end has it (it may be left out if the far
    /// end had closed its side before), and `closed` the end. UDP: closes the socket, and nothing is told.
    public func close(_ socket: Socket) {
        beginCall()
        defer { endCall() }
        if case .tcp(let connection) = carriers[socket] {
            connection.close()
        } else {
            forget(socket)?.release()
        }
    }

    /// Sends RST and forgets the socket. Nothing is told of it any more.
    public func abort(_ socket: Socket) {
        beginCall()
        defer { endCall() }
        forget(socket)?.abort()
    }

    /// Shuts the socket down in the background and forgets it: the far end gets FIN, and has 10 seconds to close its
    /// side. Nothing is told of it any more.
    public func release(_ socket: Socket) {
        beginCall()
        defer { endCall() }
        forget(socket)?.release()
    }

    /// The module may take more: what is held for the socket is offered again, in a moment.
    public func resume(_ socket: Socket) {
        guard carriers[socket] != nil else { return }
        wakeUps.insert(socket)
        scheduleFlush()
    }

    private func mayOpen(_ socket: Socket, to target: Endpoint) -> Bool {
        loop.preconditionInEventLoop()
        precondition(carriers[socket] == nil, "a socket is opened once")
        return !isClosed && carriers.count < NetworkLimits.sockets && policy.permits(target.address)
    }

    private func refuse(_ socket: Socket) {
        carriers[socket] = .refused
        report(.unreachable(socket))
    }

    private func forget(_ socket: Socket) -> Carrier? {
        reports.removeAll(of: socket)
        wakeUps.remove(socket)
        return carriers.removeValue(forKey: socket)
    }
}

// The module's servers, names and echo requests.
extension HostNetwork {
    /// The module listens: `serving` tells where on the host, and `client` that somebody has come.
    public func listen(port: UInt16) {
        beginCall()
        defer { endCall() }
        if let server = servers[port] { return server.reopen() }
        guard !isClosed, servers.count < NetworkLimits.servers else { return }
        let server = Server(port: port, network: self)
        servers[port] = server
        server.open(reserved: reserved.filter { $0.modulePort == port })
    }

    /// The module no longer listens; its clients stay. `stoppedServing` tells the end.
    public func unlisten(port: UInt16) {
        beginCall()
        defer { endCall() }
        servers[port]?.close()
    }

    /// Looks a name up: in the policy's table, else with the system's resolver, IPv4 answers only. The answer is
    /// `resolved`, or none while the radio is away.
    ///
    /// - Parameter name: any bytes; what cannot be a name is not found.
    public func resolve(_ lookup: Lookup, name: [UInt8]) {
        beginCall()
        defer { endCall() }
        guard !isClosed, isAttached else { return }
        resolver.resolve(lookup, name: name)
    }

    /// Sends one echo request: type 8, identifier 0xAFAF, 32 data bytes (reference 2.30). The answer is `pong`, or none.
    public func ping(_ ping: Ping, to actual: IPv4Address) {
        beginCall()
        defer { endCall() }
        guard !isClosed, isAttached, policy.permits(actual) else { return }
        echo.send(ping, to: actual)
    }
}

// What the parts ask of it.
extension HostNetwork {
    /// Notes a channel, to be closed at the end.
    ///
    /// - Throws: `NetworkError` if that is over.
    func track(_ channel: any Channel) throws {
        guard !isClosed else { throw NetworkError(.closed, at: Endpoint(address: policy.bind, port: 0)) }
        let key = ObjectIdentifier(channel)
        channels[key] = channel
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.channels[key] = nil }
    }

    /// A client for the module; nil if the module does not want it.
    func accept(_ connection: TCPConnection, from client: Endpoint, onPort port: UInt16) -> Socket? {
        guard !isClosed, servers[port] != nil, carriers.count < NetworkLimits.sockets,
            let socket = delegate?.hostNetwork(client: client, onPort: port)
        else { return nil }
        carriers[socket] = .tcp(connection)
        return socket
    }

    func arrived(_ client: TCPConnection) { arrivals.append(client) }

    /// Inside a call nothing is taken, but soon after: when a write fails SwiftNIO reads what is there before it returns.
    func offer(_ bytes: Span<UInt8>, from sender: Endpoint, on socket: Socket) -> Int {
        // What has been reported before is told before.
        guard callDepth == 0, !reports.contains(of: socket) else {
            resume(socket)
            return 0
        }
        return delegate?.hostNetwork(received: bytes, from: sender, on: socket) ?? 0
    }

    /// A forgotten connection shuts down; if there are too many, the oldest is cut off.
    func linger(_ connection: TCPConnection) {
        lingering.append(connection)
        if lingering.count > NetworkLimits.lingering { lingering[0].end() }
    }

    func lingered(_ connection: TCPConnection) {
        lingering.removeAll { $0 === connection }
    }

    func closed(_ server: Server, port: UInt16) {
        if servers[port] === server { servers[port] = nil }
    }

    func moveServersOn() {
        for port in servers.keys.sorted() { servers[port]?.moveOn() }
    }
}
