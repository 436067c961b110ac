import ATPrimitives

/// The line discipline: what becomes of each byte from the host (reference 1.2 to 1.6).
///
/// The parser hunts for the head `AT`, stores a line up to LF, and is busy while a command works. A command may turn it
/// to payload: a counted number of bytes, after which it waits for the ACK, or everything (transparent mode). The names
/// of the states are those of the reference, with the data that each has. A busy parser is freed by `commandEnded`,
/// `payloadEnded` or `leaveTransparent`, which hold in any state: after the bug event-forces-idle the host may have
/// begun something else, and loses it.
struct Parser: Sendable {
    /// The line buffer: what may stand after the head, CR and LF included (reference 1.4).
    static let lineCapacity = 128
    /// The most that one CIPSEND takes (manual 6.2.3).
    static let payloadCapacity = 2048

    enum State: Sendable {
        /// Hunting for the head.
        case idle
        /// A head was found; the line grows.
        case receiving
        /// A command works; every LF is answered with `busy p...`.
        case processing
        /// So many bytes of payload are still to come.
        case collecting(LinkID, Socket, missing: Int)
        /// The payload waits for its ACK; every LF is answered with `busy s...`.
        case sending(Socket)
        /// Everything is payload.
        case transparent
    }

    /// What a byte that is no payload leads to.
    enum Reaction {
        case none
        /// LF without a head.
        case refuse
        /// The line is whole, and its command is to be carried out.
        case carryOut
        case sayBusyProcessing
        case sayBusySending
        /// `AT+RST` came while a command works.
        case forceRestart
    }

    private(set) var state = State.idle
    /// AT+E; on after each boot (reference 1.5).
    var echoes = true
    /// What stands after the head, up to LF.
    private(set) var line: [UInt8] = []
    private(set) var payload: [UInt8] = []
    /// The byte before, for the head search.
    private var previous: UInt8 = 0
    /// How much of the forced restart has come in this batch.
    private var restartMatch = 0

    init() {
        line.reserveCapacity(Self.lineCapacity)
        payload.reserveCapacity(Self.payloadCapacity)
    }

    var isTransparent: Bool { if case .transparent = state { true } else { false } }

    /// Whether a payload that went out on `socket` waits for its ACK.
    func isSending(on socket: Socket) -> Bool { if case .sending(socket) = state { true } else { false } }

    /// The CPU begins to read another batch; a forced restart does not reach over two (reference 1.6).
    mutating func batchStarted() { restartMatch = 0 }

    /// A byte that is no payload; in the states that take payload it is none of the parser's.
    mutating func receive(_ byte: UInt8) -> Reaction {
        let isLineFeed = byte == UInt8(ascii: "\n")
        switch state {
        case .idle:
            if findsHead(with: byte) {
                line.removeAll(keepingCapacity: true)
                state = .receiving
            }
            return isLineFeed ? .refuse : .none
        case .receiving:
            line.append(byte)
            if isLineFeed {
                state = .processing
                return .carryOut
            }
            if line.count == Self.lineCapacity { state = .idle }
            return .none
        case .processing:
            if completesForcedRestart(with: byte) { return .forceRestart }
            return isLineFeed ? .sayBusyProcessing : .none
        case .sending:
            return isLineFeed ? .sayBusySending : .none
        case .collecting, .transparent:
            return .none
        }
    }

    /// The command has said all there is to say.
    mutating func commandEnded() { state = .idle }

    /// The prompt of AT+CIPSEND= is out.
    mutating func collect(_ count: Int, for id: LinkID, _ socket: Socket) {
        payload.removeAll(keepingCapacity: true)
        state = .collecting(id, socket, missing: count)
    }

    /// Takes what the batch has of the payload.
    /// - Returns: the link whose payload is whole now; the parser waits to hear what became of it.
    mutating func takePayload(from receiver: inout Receiver, at now: Instant) -> (id: LinkID, socket: Socket)? {
        guard case .collecting(let id, let socket, let missing) = state else { return nil }
        // Quirk: a length of zero takes one byte all the same, and then waits for an ACK of nothing (bug send-zero).
        let count = min(max(missing, 1), receiver.batchCount)
        receiver.take(count, at: now, into: &payload)
        guard missing > 0 else {
            state = .sending(socket)
            return nil
        }
        guard missing > count else { return (id, socket) }
        state = .collecting(id, socket, missing: missing - count)
        return nil
    }

    /// The payload went out on a socket that will acknowledge it.
    mutating func payloadIsOut(on socket: Socket) { state = .sending(socket) }

    /// What became of the payload is said.
    mutating func payloadEnded() { state = .idle }

    mutating func enterTransparent() { state = .transparent }

    mutating func leaveTransparent() { state = .idle }

    /// Bug event-forces-idle: what the host has half typed is gone.
    mutating func forceIdle() { state = .idle }

    /// Whether `byte` completes a head: `AT` or `at` (reference 1.3).
    private mutating func findsHead(with byte: UInt8) -> Bool {
        let isHead =
            (previous == UInt8(ascii: "A") && byte == UInt8(ascii: "T"))
            || (previous == UInt8(ascii: "a") && byte == UInt8(ascii: "t"))
        previous = isHead ? 0 : byte
        return isHead
    }

    /// Whether `byte` completes `AT+RST` CR LF within one batch (reference 1.6).
    private mutating func completesForcedRestart(with byte: UInt8) -> Bool {
        let pattern: StaticString = "AT+RST\r\n"
        // Quirk: a byte that does not match is not tried as a first byte.
        restartMatch = byte == pattern.utf8Start[restartMatch] ? restartMatch + 1 : 0
        guard restartMatch == pattern.utf8CodeUnitCount else { return false }
        restartMatch = 0
        return true
    }
}
