import ATPrimitives

/// The line discipline: what becomes of each byte from the host (reference 1.2 to 1.6).
///
/// The parser hunts for the head `AT`, stores a line up to LF, and is busy while a command works. A command may turn it
/// to payload: a counted number of bytes, after which it waits for the ACK, or everything (transparent mode). The names
/// of the states are those of the reference, with the data that each has.
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
        case sending(LinkID, Socket)
        /// Everything is payload.
        case transparent
    }

    var state = State.idle
    /// AT+E; on after each boot (reference 1.5).
    var echoes = true
    var line: [UInt8] = []
    var payload: [UInt8] = []
    /// The byte before, for the head search.
    var previous: UInt8 = 0
    /// How much of the forced restart has come in this batch.
    var restartMatch = 0

    init() {
        line.reserveCapacity(Self.lineCapacity)
        payload.reserveCapacity(Self.payloadCapacity)
    }

    /// Whether `byte` completes a head: `AT` or `at` (reference 1.3).
    mutating func findsHead(with byte: UInt8) -> Bool {
        let isHead =
            (previous == UInt8(ascii: "A") && byte == UInt8(ascii: "T"))
            || (previous == UInt8(ascii: "a") && byte == UInt8(ascii: "t"))
        previous = isHead ? 0 : byte
        return isHead
    }

    /// Whether `byte` completes `AT+RST` CR LF within one batch (reference 1.6).
    mutating func completesForcedRestart(with byte: UInt8) -> Bool {
        let pattern: StaticString = "AT+RST\r\n"
        // Quirk: a byte that does not match is not tried as a first byte.
        restartMatch = byte == pattern.utf8Start[restartMatch] ? restartMatch + 1 : 0
        guard restartMatch == pattern.utf8CodeUnitCount else { return false }
        restartMatch = 0
        return true
    }
}

extension Engine {
    /// The CPU reads what has come, as long as nothing keeps it from it.
    mutating func readSerialLine() {
        while isListening && !isBlocked {
            if chip.receiver.batchCount == 0 {
                guard chip.receiver.startBatch(at: now) else { return }
                session.parser.restartMatch = 0
            }
            readSome()
        }
    }

    /// Whether the firmware takes bytes from the UART at all: not while it boots, while the line changes, or while a
    /// transparent packet waits for its ACK.
    var isListening: Bool {
        chip.power == .running && session.lineChange == nil && !session.transparent.awaitsAcknowledgement
    }

    /// One byte, or as many bytes of payload as there are.
    private mutating func readSome() {
        switch session.parser.state {
        case .collecting(let id, let socket, let missing): collectPayload(id, socket, missing: missing)
        case .transparent: collectTransparent()
        case .idle, .receiving, .processing, .sending: read(chip.receiver.popFirst(at: now))
        }
    }

    private mutating func read(_ byte: UInt8) {
        let isLineFeed = byte == UInt8(ascii: "\n")
        if session.parser.echoes && !isLineFeed { put(byte) }
        switch session.parser.state {
        case .idle:
            if isLineFeed { putError() }
            if session.parser.findsHead(with: byte) {
                session.parser.line.removeAll(keepingCapacity: true)
                session.parser.state = .receiving
            }
        case .receiving:
            session.parser.line.append(byte)
            if isLineFeed {
                endLine()
            } else if session.parser.line.count == Parser.lineCapacity {
                session.parser.state = .idle
            }
        case .processing:
            if session.parser.completesForcedRestart(with: byte) {
                put("\r\nWill force to restart!!!\r\n")
                putOK()
                restart()
            } else if isLineFeed {
                put("\r\nbusy p...\r\n")
            }
        case .sending:
            if isLineFeed { put("busy s...\r\n") }
        case .collecting, .transparent:
            break
        }
    }

    private mutating func endLine() {
        if session.parser.echoes { put("\r\n") }
        session.parser.state = .processing
        finish(process(session.parser.line))
    }

    /// Carries out what a command has come to.
    mutating func finish(_ outcome: Outcome) {
        switch outcome {
        case .ok:
            putOK()
            session.parser.state = .idle
        case .refused(let refusal):
            put(refusal)
            session.parser.state = .idle
        case .pending:
            break
        case .silent:
            session.parser.state = .idle
        case .collect(let id, let socket, let count):
            session.parser.payload.removeAll(keepingCapacity: true)
            session.parser.state = .collecting(id, socket, missing: count)
        case .transparent:
            session.parser.state = .transparent
        }
    }

    private mutating func collectPayload(_ id: LinkID, _ socket: Socket, missing: Int) {
        // Quirk: a length of zero takes one byte all the same (bug send-zero).
        let count = min(max(missing, 1), chip.receiver.batchCount)
        var payload: [UInt8] = []
        swap(&payload, &session.parser.payload)
        let start = payload.count
        chip.receiver.take(count, at: now) { bytes in
            bytes.withUnsafeBufferPointer { payload.append(contentsOf: $0) }
        }
        swap(&payload, &session.parser.payload)
        if session.parser.echoes { echoPayload(from: start) }
        if missing > count {
            session.parser.state = .collecting(id, socket, missing: missing - count)
        } else if missing == 0 {
            session.parser.state = .sending(id, socket)
        } else {
            sendPayload(id, socket)
        }
    }

    /// LF is missing from the echo of payload too (reference 1.5); what stands between two of them is echoed in one piece.
    private mutating func echoPayload(from start: Int) {
        let payload = session.parser.payload
        var start = start
        for index in start..<payload.count where payload[index] == UInt8(ascii: "\n") {
            if start < index { put(payload.span.extracting(start..<index)) }
            start = index + 1
        }
        if start < payload.count { put(payload.span.extracting(start...)) }
    }
}
