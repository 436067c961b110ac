import ATPrimitives
import NIOCore
import NIOPosix
import Synchronization

@testable import ATSerial

/// A module that keeps what it gets, and may send it back through a small queue.
final class EchoModule: SerialPortDelegate, Sendable {
    struct State {
        var capacity = 4096
        var isEcho = false
        var received: [UInt8] = []
        /// What an echo has not been able to send.
        var queue: [UInt8] = []
        var largestOffer = 0
        var hasEnded = false
        var canWriteCount = 0
        var failure: SerialPortError?
        var controls: [SerialControls] = []
        var clientLines: [LineSettings] = []
    }

    let state = Mutex(State())
    let port: SerialPort
    let loop: any EventLoop

    init(port: SerialPort, on loop: any EventLoop) {
        self.port = port
        self.loop = loop
    }

    var receiveCapacity: Int {
        state.withLock { $0.isEcho ? $0.capacity - $0.queue.count : $0.capacity }
    }

    func serialPort(received bytes: Span<UInt8>) -> Int {
        let taken = bytes.count
        state.withLock { state in
            state.largestOffer = max(state.largestOffer, bytes.count)
            for index in 0..<taken {
                state.received.append(bytes[index])
                if state.isEcho {
                    state.queue.append(bytes[index])
                }
            }
        }
        sendQueue()
        return taken
    }

    func serialPortCanWrite() {
        state.withLock { $0.canWriteCount += 1 }
        sendQueue()
        port.resumeReading()
    }

    func serialPortEnded() {
        state.withLock { $0.hasEnded = true }
    }

    func serialPort(clientLineChanged settings: LineSettings) {
        state.withLock { $0.clientLines.append(settings) }
    }

    func serialPort(controls: SerialControls) {
        state.withLock { $0.controls.append(controls) }
    }

    func serialPortFailed(_ error: SerialPortError) {
        state.withLock { $0.failure = error }
    }

    private func sendQueue() {
        let queue = state.withLock { $0.queue }
        guard !queue.isEmpty else { return }
        let taken = port.write(queue.span)
        port.flush()
        state.withLock { $0.queue.removeFirst(taken) }
    }
}

extension EchoModule {
    /// Writes on the loop and returns how many bytes were taken.
    func write(_ bytes: [UInt8]) async throws -> Int {
        try await loop.submit {
            let taken = self.port.write(bytes.span)
            self.port.flush()
            return taken
        }.get()
    }

    func write(_ text: String) async throws {
        _ = try await write(Array(text.utf8))
    }

    /// Changes the capacity, and tells the port.
    func setCapacity(_ capacity: Int) async throws {
        try await loop.submit {
            self.state.withLock { $0.capacity = capacity }
            self.port.resumeReading()
        }.get()
    }

    /// Writes until the port takes no more; returns what it took.
    func writeUntilRefused(_ byte: UInt8) async throws -> Int {
        var total = 0
        while true {
            let taken = try await write([UInt8](repeating: byte, count: 1000))
            total += taken
            if taken < 1000 || total > 10_000_000 { return total }
        }
    }

    /// Waits until `condition` holds for the state.
    func wait(_ what: String, until condition: @Sendable (State) -> Bool) async throws {
        try await waitUntil(what) { self.state.withLock { condition($0) } }
    }
}

/// A condition did not come true in time.
struct Timeout: Error, CustomStringConvertible {
    let description: String
}

/// Waits until a condition holds, at most ten seconds. On a busy machine an answer may be as old as that, so what has
/// not come in time is looked for once more.
func waitUntil(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    var isLate = false
    while try await !condition() {
        guard !isLate else { throw Timeout(description: "not in time: \(what)") }
        isLate = ContinuousClock.now >= deadline
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Opens a port with a module on an event loop of its own, runs `body`, and closes everything.
func withModule(
    _ specification: SerialSpecification, isEcho: Bool = false, capacity: Int = 4096, started: Bool = true,
    _ body: (EchoModule) async throws -> Void
) async throws {
    try await withModule(
        isEcho: isEcho, capacity: capacity, started: started,
        opening: { SerialPort.open(specification, settings: .standard, on: $0) }, body)
}

/// As above, with a port that `opening` makes.
func withModule(
    isEcho: Bool = false, capacity: Int = 4096, started: Bool = true,
    opening: @Sendable @escaping (any EventLoop) -> EventLoopFuture<SerialPort>,
    _ body: (EchoModule) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    do {
        let port = try await loop.flatSubmit { opening(loop) }.get()
        let module = EchoModule(port: port, on: loop)
        module.state.withLock {
            $0.isEcho = isEcho
            $0.capacity = capacity
        }
        try await loop.submit {
            port.delegate = module
            if started { port.start() }
        }.get()
        do {
            try await body(module)
        } catch {
            try await loop.flatSubmit { port.close() }.get()
            throw error
        }
        try await loop.flatSubmit { port.close() }.get()
        withExtendedLifetime(module) {}
    } catch {
        try await group.shutdownGracefully()
        throw error
    }
    try await group.shutdownGracefully()
}

/// The error with which a port does not open.
func openingError(_ specification: SerialSpecification) async throws -> SerialPortError? {
    do {
        try await withModule(specification) { _ in }
        return nil
    } catch let error as SerialPortError {
        return error
    }
}
