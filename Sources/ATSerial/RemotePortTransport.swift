import ATPrimitives
import NIOCore

/// `rfc2217:[HOST:]PORT`: a listener whose client speaks telnet with the com port option, so that it sets rate,
/// framing, DTR and RTS as with a UART of its own (RFC 2217).
///
/// Theory of operation. A `ListeningTransport` brings and takes raw bytes. Input waits in `input` until the answer to
/// what came before it has been sent, so that a client that asks and does not read is stopped. Of what is decoded, data
/// goes to the line at once, also ahead of what the module takes, up to `readAhead`, as an adapter has a buffer too:
/// a module that takes nothing can still be reset by RTS. Answers stand in `output`, which leaves before any data.
/// Nothing is decoded inside a call of the module, which would be entered twice; it is put off to the next turn.
final class RemotePortTransport: SerialTransport {
    /// How many bytes may wait for the module before the client is read no more. One read, of
    /// `ByteChannel.readLimit`, comes on top.
    static let readAhead = 4096
    /// An escaped byte 255.
    private static let escape: [UInt8] = [TelnetByte.command, TelnetByte.command]

    private let loop: any EventLoop
    private let listener: ListeningTransport
    private weak var line: SerialLine?
    private var decoder = TelnetDecoder()
    private var options = TelnetOptions()
    private var comPort = ComPort()
    private var input = ByteBuffer()
    private var output = TelnetOutput()
    /// Data out of `input` that the line has not got.
    private var data = ByteBuffer()
    private var client = Presence.absent
    private var isProcessing = false
    private var isScheduled = false

    private enum Presence {
        case absent, present
        /// Gone, but what it sent is not all decoded.
        case leaving
    }

    init(host: String, port: UInt16, on loop: any EventLoop) {
        self.loop = loop
        listener = ListeningTransport(
            .tcp(host: host, port: port), of: .rfc2217(host: host, port: port), on: loop)
    }

    var location: SerialLocation {
        guard case .tcp(let host, let port) = listener.location else { return listener.location }
        return .rfc2217(host: host, port: port)
    }

    var clientLine: LineSettings? { comPort.line }

    func open(for line: SerialLine) -> EventLoopFuture<Void> {
        self.line = line
        return listener.open(for: self)
    }

    func close() -> EventLoopFuture<Void> {
        flush()
        return listener.close()
    }
}

// MARK: - Output

extension RemotePortTransport {
    func write(_ bytes: Span<UInt8>) -> Int {
        guard !comPort.isSuspended, sendOutput() else { return 0 }
        var taken = 0
        while taken < bytes.count {
            var end = taken
            while end < bytes.count, bytes[end] != TelnetByte.command { end += 1 }
            if end > taken {
                taken += listener.write(bytes.extracting(taken..<end))
                guard taken == end else { break }
            } else {
                let written = listener.write(Self.escape.span)
                taken += min(written, 1)
                if written == 1 { output.completeEscape() }
                guard written == Self.escape.count else { break }
            }
        }
        return taken
    }

    func flush() { listener.flush() }

    func drained() -> EventLoopFuture<Void> { listener.drained() }

    /// Whether all that goes before data has gone.
    private func sendOutput() -> Bool {
        guard !output.isEmpty else { return true }
        // The client may leave inside the call, but no other one comes, so what waits is still this.
        let bytes = output.bytes
        output.removeFirst(listener.write(bytes.span))
        return output.isEmpty
    }
}

// MARK: - Input

extension RemotePortTransport: ListeningTransportOwner {
    var unreadCount: Int { input.readableBytes + (line?.unreadCount ?? 0) }

    func requestRead() {
        if input.readableBytes == 0 { listener.requestRead() }
    }

    func attached() {
        // The one before may not have been dealt with, since it left inside a call of the module.
        process()
        client = .present
        options.greet(&output)
        line?.attached()
        process()
    }

    func detached() {
        client = .leaving
        process()
    }

    func received(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.discardReadBytes()
            input.writeImmutableBuffer(bytes)
        }
        process()
    }

    func readCompleted() { readAhead() }

    func canWrite() {
        process()
        line?.canWrite()
    }

    private func readAhead() {
        guard client == .present, let line, line.unreadCount < Self.readAhead else { return }
        requestRead()
    }

    /// Decodes as much of the input as the answers to it can be sent.
    private func process() {
        guard let line else { return }
        guard !isProcessing, !line.isBusy else { return schedule() }
        isProcessing = true
        repeat {
            while sendOutput(), let token = nextToken() {
                handle(token, line)
            }
            handOverData(line)
            flush()
            // A client that leaves inside one of these calls may bring the rest of what it sent.
        } while client == .leaving && input.readableBytes > 0
        isProcessing = false
        if client == .leaving {
            depart(line)
        } else {
            readAhead()
        }
    }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        loop.assumeIsolated().execute {
            self.isScheduled = false
            self.process()
        }
    }

    /// Reads on; data goes to `data`.
    private func nextToken() -> TelnetDecoder.Token? {
        var position = 0
        let token = input.withUnsafeReadableBytes { pointer in
            let token = decoder.next(in: pointer.bindMemory(to: UInt8.self).span, at: &position)
            if case .data(let range) = token {
                data.writeBytes(UnsafeRawBufferPointer(rebasing: pointer[range]))
            }
            return token
        }
        input.moveReaderIndex(forwardBy: position)
        return token
    }

    private func handOverData(_ line: SerialLine) {
        guard data.readableBytes > 0 else { return }
        line.received(data)
        data.clear()
    }

    private func depart(_ line: SerialLine) {
        client = .absent
        decoder = TelnetDecoder()
        options = TelnetOptions()
        comPort = ComPort()
        input = ByteBuffer()
        output = TelnetOutput()
        line.clientLineChanged(comPort.line)
        line.controlsChanged(comPort.controls)
        line.detached()
    }
}

// MARK: - Commands

extension RemotePortTransport {
    private func handle(_ token: TelnetDecoder.Token, _ line: SerialLine) {
        switch token {
        case .data:
            break
        case .negotiation(let verb, let option):
            let hadComPort = options.hasComPort
            options.receive(verb, option, answer: &output)
            if options.hasComPort, !hadComPort { comPort.notifyModemState(&output) }
        case .subnegotiation:
            guard decoder.subnegotiation.first == TelnetOptions.comPort else { return }
            // The module has what was sent before.
            handOverData(line)
            let effect = comPort.receive(
                decoder.subnegotiation.dropFirst(), isIdle: line.unreadCount == 0, answer: &output)
            if let effect { apply(effect, line) }
        case .breakSignal:
            apply(.breakBegan, line)
        }
    }

    private func apply(_ effect: ComPort.Effect, _ line: SerialLine) {
        switch effect {
        case .lineChanged: line.clientLineChanged(comPort.line)
        case .controlsChanged: line.controlsChanged(comPort.controls)
        // A line held at 0 is a byte 0 without a stop bit, once (inferred).
        case .breakBegan: data.writeInteger(UInt8(0))
        case .resumed: line.canWrite()
        case .purged: line.discardUnread()
        }
    }
}
