import ATPrimitives

// How the CPU reads the UART and carries out what comes (reference 1.1 to 1.6).
extension Engine {
    /// The CPU reads what has come, as long as nothing keeps it from it.
    mutating func readSerialLine() {
        if !chip.receiver.isEmpty { readBatches() }
    }

    /// Out of line: a module is looked at far more often than it has something to read.
    @inline(never)
    private mutating func readBatches() {
        while isListening && !isBlocked {
            if chip.receiver.batchCount == 0 {
                guard chip.receiver.startBatch(at: now) else { return }
                session.parser.batchStarted()
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
        case .collecting: collectPayload()
        case .transparent: collectTransparent()
        case .idle, .receiving, .processing, .sending: read(chip.receiver.popFirst(at: now))
        }
    }

    private mutating func read(_ byte: UInt8) {
        if session.parser.echoes && byte != UInt8(ascii: "\n") { put(byte) }
        switch session.parser.receive(byte) {
        case .none: break
        case .refuse: putError()
        case .carryOut:
            if session.parser.echoes { put("\r\n") }
            finish(process(session.parser.line))
        case .sayBusyProcessing: put("\r\nbusy p...\r\n")
        case .sayBusySending: put("busy s...\r\n")
        case .forceRestart:
            put("\r\nWill force to restart!!!\r\n")
            putOK()
            restart()
        }
    }

    /// Carries out what a command has come to.
    mutating func finish(_ outcome: Outcome) {
        switch outcome {
        case .ok:
            putOK()
            session.parser.commandEnded()
        case .refused(let refusal):
            put(refusal)
            session.parser.commandEnded()
        case .pending:
            break
        case .silent:
            session.parser.commandEnded()
        case .collect(let id, let socket, let count):
            session.parser.collect(count, for: id, socket)
        case .transparent:
            session.parser.enterTransparent()
        }
    }

    private mutating func collectPayload() {
        let start = session.parser.payload.count
        let whole = session.parser.takePayload(from: &chip.receiver, at: now)
        if session.parser.echoes { echoPayload(from: start) }
        if let whole { sendPayload(whole.id, whole.socket) }
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
