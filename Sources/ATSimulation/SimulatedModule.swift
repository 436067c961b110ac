import ATAir
import ATEngine
import ATPrimitives
import ATWorld

/// A module of a simulated lab: its engine, what is scripted around it, and what its host has sent and not yet heard.
struct SimulatedModule: Sendable {
    /// How many links a module has: five, and the one of an upgrade.
    static let linkCount = 6
    /// How much output is fetched in one call, in bytes.
    private static let outputChunk = 4096
    private static let ready = [UInt8]("ready\r\n".utf8)

    let name: String
    let radio: Air.Radio
    var engine: Engine
    var world = World()
    /// The sockets that were last seen on each link.
    var sockets = [Socket?](repeating: nil, count: linkCount)
    /// Sockets for which the network has payload; no more than it knows of the module.
    var waiting: [Socket] = []
    var erasesFlashAtPowerOn = false
    /// Batches that the module could not take yet, each from one `send`.
    var heldInput: [[UInt8]] = []
    private var output: [UInt8] = []
    private var requests: [ModuleRequest] = []

    init(_ description: ModuleDescription, radio: Air.Radio) {
        name = description.name
        self.radio = radio
        engine = Engine(firmware: description.firmware, flash: description.flash, options: description.options)
    }

    /// Whether it has just said that it has booted.
    var isReady: Bool { output.suffix(Self.ready.count) == Self.ready[...] }
    var hasOutput: Bool { !output.isEmpty }
    var isOutputFull: Bool { output.count >= SimulatedLab.outputLimit }

    mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    mutating func takeRequests() -> [ModuleRequest] {
        defer { requests = [] }
        return requests
    }

    mutating func record(_ request: ModuleRequest) {
        if requests.count < SimulatedLab.requestLimit { requests.append(request) }
    }

    /// - Returns: whether anything came. Taking it may let the firmware go on.
    mutating func collectOutput() -> Bool {
        guard !isOutputFull else { return false }
        var chunk: [UInt8] = []
        engine.withOutput(max: Self.outputChunk) { span in
            span.withUnsafeBufferPointer { chunk.append(contentsOf: $0) }
            return span.count
        }
        output += chunk
        return !chunk.isEmpty
    }

    /// Takes what the first batch of the host still holds, as far as there is room.
    /// - Returns: whether it took any.
    mutating func takeInput(at now: Instant) -> Bool {
        guard let batch = heldInput.first, engine.receiveCapacity > 0 else { return false }
        let count = engine.receive(batch.span, at: now)
        if count == batch.count {
            heldInput.removeFirst()
        } else {
            heldInput[0].removeFirst(count)
        }
        return count > 0
    }

    /// Takes a segment or datagram of each socket of its world for which there is one.
    mutating func takePayloadOfWorld(at now: Instant) -> (wasOffered: Bool, hasTaken: Bool) {
        Self.offerPayload(of: &world, to: &engine, at: now)
    }

    private static func offerPayload(
        of world: inout World, to engine: inout Engine, at now: Instant
    ) -> (wasOffered: Bool, hasTaken: Bool) {
        var wasOffered = false
        let hasTaken = world.offerPayload { payload, socket, sender in
            wasOffered = true
            return engine.deliver(payload.span, on: socket, from: sender, at: now)
        }
        return (wasOffered, hasTaken)
    }
}
