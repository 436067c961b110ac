import ATPrimitives
import NIOCore
import NIOPosix
import Testing

@testable import ATNetwork

/// What the delegate was told.
enum Told: Hashable, Sendable {
    case connected(UInt32)
    case unreachable(UInt32)
    case reset(UInt32)
    case acknowledged(UInt32)
    case finished(UInt32)
    case closed(UInt32)
    case client(UInt32)
    case turnedAway
    case resolved(UInt32, IPv4Address?)
    case pong(UInt32, fast: Bool)
    case serving(UInt16, Endpoint)
    case stoppedServing(UInt16)
    case cannotServe(UInt16)
    case datagramPort(UInt16, Endpoint)
}

/// Stands for a module: writes down what it is told and takes what it is given as the test says. Lives on the loop.
final class ModuleDouble: HostNetworkDelegate {
    let network: HostNetwork
    private(set) var told: [Told] = []
    private(set) var received: [UInt32: [UInt8]] = [:]
    private(set) var senders: [UInt32: [Endpoint]] = [:]
    /// How often bytes were offered.
    private(set) var offers = 0
    /// Whether something was told from inside a call.
    private(set) var wasInterrupted = false
    /// How many of the bytes offered it takes; all unless told otherwise.
    var take: (Int) -> Int = { $0 }
    /// Whether it sends back what it has taken.
    var echoes = false
    /// Whether it takes clients.
    var takesClients = true
    var onAcknowledged: () -> Void = {}
    private var isCalling = false
    private var nextClient: UInt32 = 1_000

    init(network: HostNetwork) {
        self.network = network
    }

    func call<R>(_ body: (HostNetwork) -> R) -> R {
        isCalling = true
        defer { isCalling = false }
        return body(network)
    }

    func send(_ socket: UInt32, _ bytes: [UInt8], to endpoint: Endpoint = Endpoint(address: .any, port: 0)) {
        call { $0.send(Socket(number: socket), bytes.span, to: endpoint, via: endpoint) }
    }

    private func note(_ event: Told) {
        if isCalling { wasInterrupted = true }
        told.append(event)
    }

    func hostNetwork(connected socket: Socket) { note(.connected(socket.number)) }
    func hostNetwork(unreachable socket: Socket) { note(.unreachable(socket.number)) }
    func hostNetwork(reset socket: Socket) { note(.reset(socket.number)) }
    func hostNetwork(acknowledged socket: Socket) {
        note(.acknowledged(socket.number))
        onAcknowledged()
    }
    func hostNetwork(finished socket: Socket) { note(.finished(socket.number)) }
    func hostNetwork(closed socket: Socket) { note(.closed(socket.number)) }

    func hostNetwork(received bytes: Span<UInt8>, from sender: Endpoint, on socket: Socket) -> Int {
        if isCalling { wasInterrupted = true }
        offers += 1
        let count = take(bytes.count)
        var taken: [UInt8] = []
        for index in 0..<count { taken.append(bytes[index]) }
        if count > 0 {
            received[socket.number, default: []] += taken
            senders[socket.number, default: []].append(sender)
        }
        if echoes, count > 0 { send(socket.number, taken, to: sender) }
        return count
    }

    func hostNetwork(client: Endpoint, onPort port: UInt16) -> Socket? {
        guard takesClients else {
            note(.turnedAway)
            return nil
        }
        nextClient += 1
        note(.client(nextClient))
        return Socket(number: nextClient)
    }

    func hostNetwork(resolved lookup: Lookup, to address: IPv4Address?) { note(.resolved(lookup.number, address)) }
    func hostNetwork(pong ping: Ping, milliseconds: Int) {
        note(.pong(ping.number, fast: (0..<1_000).contains(milliseconds)))
    }
    func hostNetwork(serving port: UInt16, at host: Endpoint) { note(.serving(port, host)) }
    func hostNetwork(stoppedServing port: UInt16) { note(.stoppedServing(port)) }
    func hostNetwork(cannotServe port: UInt16, error: NetworkError) { note(.cannotServe(port)) }
    func hostNetwork(datagramPort port: UInt16, at host: Endpoint) { note(.datagramPort(port, host)) }
}

/// A condition did not come true in time.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// A network with a module double on a loop of its own.
struct Bench: Sendable {
    let loop: any EventLoop
    private let module: NIOLoopBound<ModuleDouble>

    /// Runs `body` with a bench, then closes the network and checks that nothing was told at a wrong time.
    static func with(
        policy: NetworkPolicy = NetworkPolicy(), forwards: [Forward] = [],
        echoMethods: [EchoMethod] = EchoMethod.allCases, echoProgram: String = "ping",
        _ body: (Bench) async throws -> Void
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let module = try await loop.submit {
            let network = HostNetwork(
                loop: loop, policy: policy, forwards: forwards, threadPool: .singleton, echoMethods: echoMethods,
                echoProgram: EchoProgram(program: echoProgram))
            let module = ModuleDouble(network: network)
            network.delegate = module
            return NIOLoopBound(module, eventLoop: loop)
        }.get()
        let bench = Bench(loop: loop, module: module)
        do {
            try await loop.flatSubmit { module.value.network.start() }.get()
            try await body(bench)
        } catch {
            try await bench.close()
            throw error
        }
        try await bench.close()
        #expect(try await bench.on { !$0.wasInterrupted }, "the module was told something while it was calling")
    }

    func on<R: Sendable>(_ body: @escaping @Sendable (ModuleDouble) throws -> R) async throws -> R {
        try await loop.submit { try body(module.value) }.get()
    }

    func told() async throws -> [Told] { try await on { $0.told } }

    /// Waits for a condition.
    func until(
        _ what: String, within limit: Duration = .seconds(20), _ condition: @escaping @Sendable (ModuleDouble) -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !on(condition) {
            guard ContinuousClock.now < deadline else {
                throw TimedOut(description: "\(what); told: \(try await told())")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    func until(_ event: Told) async throws {
        try await until("\(event)") { $0.told.contains(event) }
    }

    /// Lets the loop turn often enough for everything that is on its way within this host to arrive.
    func settle() async throws {
        for _ in 0..<50 {
            _ = try await on { _ in }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    func connect(_ socket: UInt32, to port: UInt16) async throws {
        try await on { $0.connect(socket, to: port) }
        try await until(.connected(socket))
    }

    private func close() async throws {
        try await loop.flatSubmit { module.value.network.close() }.get()
    }
}

extension ModuleDouble {
    func connect(_ socket: UInt32, to port: UInt16) {
        let endpoint = Endpoint(address: .loopback, port: port)
        call { $0.connect(Socket(number: socket), to: endpoint, via: endpoint) }
    }

    func count(_ event: Told) -> Int { told.count { $0 == event } }
}
