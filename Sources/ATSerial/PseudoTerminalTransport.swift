import ATPrimitives
import CPosix
import Glibc
import NIOCore
import NIOPosix

/// `pty[:LINK]`: a pseudo-terminal; clients open its slave by the link.
///
/// Theory of operation. The slave is held open, since otherwise the master fails when the last client leaves, and NIO
/// closes it for good. So the master does not tell who is there. inotify tells that somebody opened or closed the
/// slave; whether anybody is left is found by closing our own for an instant: the master then says "hung up" if we were
/// the last (`askForClients`). When the last client has left, what it did not read is discarded, in the kernel and in
/// NIO, before the next one gets anything.
final class PseudoTerminalTransport: SerialTransport {
    /// How often clients may come and go while they are asked for; somebody is there, then.
    private static let askLimit = 8
    /// How often `close` looks whether the client has read everything.
    private static let closeInterval = TimeAmount.milliseconds(2)

    private let loop: any EventLoop
    private let link: String?
    private var moduleSettings: LineSettings
    private weak var line: SerialLine?
    private var path = ""
    private var placedLink: SymbolicLink?
    /// Both -1 while not open.
    private var master: CInt = -1
    private var slave: CInt = -1
    private var channel: ByteChannel?
    private var watch: (watch: ClientWatch, number: CInt)?
    private var isAttached = false
    /// What an earlier client did not read is on its way out.
    private var isDiscarding = false
    /// Who has come and gone since the last look; the watch writes it.
    var tally = ClientTally()

    init(link: String?, settings: LineSettings, on loop: any EventLoop) {
        self.link = link
        moduleSettings = settings
        self.loop = loop
    }

    var location: SerialLocation { .pseudoTerminal(path: path, link: link) }

    var clientLine: LineSettings? {
        var terminal = cposix_line_settings()
        guard slave >= 0, cposix_line_read(slave, &terminal) == 0, terminal.baud > 0 else { return nil }
        // Linux keeps neither data bits nor parity of a pseudo-terminal.
        var settings = moduleSettings
        settings.baud = terminal.baud
        settings.requestToSend = terminal.hardware_flow_control != 0
        settings.clearToSend = settings.requestToSend
        return settings
    }

    func setLine(_ settings: LineSettings) {
        moduleSettings = settings
    }

    private var text: String { SerialSpecification.pseudoTerminal(link: link).description }
}

// MARK: - Opening and closing

extension PseudoTerminalTransport {
    func open(for line: SerialLine) -> EventLoopFuture<Void> {
        self.line = line
        do {
            var terminal = cposix_pty()
            try SystemCall.check("openpty") { cposix_pty_open(&terminal) }
            master = terminal.master
            slave = terminal.slave
            path = withUnsafeBytes(of: terminal.path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            let added = try ClientWatch.add(self, at: path, on: loop)
            watch = (added.watch, added.number)
            let opened = added.ready.and(try openChannel()).assumeIsolated().flatMapThrowing { _ in
                try self.placeLink()
            }
            return opened.flatMapErrorThrowing { error in
                self.release()
                throw self.unavailable(error)
            }.nonisolated()
        } catch {
            release()
            return loop.makeFailedFuture(unavailable(error))
        }
    }

    private func unavailable(_ error: any Error) -> SerialPortError {
        error as? SerialPortError
            ?? SerialPortError(
                .unavailable, line: text, problem: "cannot have a pseudo-terminal", underlying: error)
    }

    private func openChannel() throws -> EventLoopFuture<Void> {
        let channel = ByteChannel(owner: self)
        let bound = NIOLoopBound(channel, eventLoop: loop)
        let output = try SystemCall.duplicate(master)
        let input = master
        self.channel = channel
        return DescriptorChannel.open(input: input, output: output, on: loop) {
            try bound.value.install(in: $0)
        }.map { _ in }
    }

    private func placeLink() throws {
        guard let link else { return }
        let placed = SymbolicLink(path: link, target: path)
        try placed.place()
        placedLink = placed
    }

    func close() -> EventLoopFuture<Void> {
        placedLink?.remove()
        placedLink = nil
        settle()
        guard isAttached, let sent = channel?.drained() else { return finish() }
        let promise = loop.makePromise(of: Void.self)
        var isSent = false
        sent.assumeIsolated().whenSuccess { isSent = true }
        let deadline = NIODeadline.now() + SerialPort.closeLimit
        func look() {
            settle()
            var unread: CInt = 0
            let isRead = cposix_descriptor_unread(slave, &unread) < 0 || unread == 0
            if isAttached, !(isSent && isRead), NIODeadline.now() < deadline {
                loop.assumeIsolated().scheduleTask(in: Self.closeInterval, look)
            } else {
                finish().cascade(to: promise)
            }
        }
        // A client loses what it has not read when the master closes, so it gets a moment. The kernel moves the bytes
        // from one end to the other on a thread of its own, hence never at once.
        loop.assumeIsolated().scheduleTask(in: Self.closeInterval, look)
        return promise.futureResult
    }

    private func finish() -> EventLoopFuture<Void> {
        let closed = channel?.close(within: .zero)
        release()
        return closed ?? loop.makeSucceededVoidFuture()
    }

    /// Gives back everything but the master, which is the channel's.
    private func release() {
        placedLink?.remove()
        placedLink = nil
        if let watch {
            watch.watch.remove(watch.number)
            self.watch = nil
        }
        if slave >= 0 {
            Glibc.close(slave)
            slave = -1
        }
        if channel == nil, master >= 0 {
            Glibc.close(master)
        }
        channel?.closeNow()
        master = -1
    }
}

// MARK: - Who is there

extension PseudoTerminalTransport {
    func settle() {
        guard let watch else { return }
        watch.watch.synchronize()
        settleTally()
    }

    /// Acts on the events that the watch has given.
    func settleTally() {
        guard watch != nil, tally.sawOpen || tally.sawClose else { return }
        let isFollowed = tally.sawTurnover
        let isPresent: Bool
        if tally.sawClose {
            isPresent = askForClients()
        } else {
            isPresent = true
            tally.reset(clients: tally.clients)
        }
        update(isPresent: isPresent, isFollowed: isFollowed)
    }

    private func update(isPresent: Bool, isFollowed: Bool) {
        if isAttached, !isPresent || isFollowed {
            isAttached = false
            discardUnread()
            line?.detached()
        }
        if isPresent, !isAttached {
            isAttached = true
            line?.attached()
        }
    }

    /// Whether anybody but us has the slave open. The loop does not poll meanwhile, so NIO never sees the hang-up.
    private func askForClients() -> Bool {
        guard let watch = watch?.watch else { return false }
        var isPresent = true
        for _ in 0..<Self.askLimit {
            let count = tally.clients
            // A client that wanted the line for itself (TIOCEXCL), as screen does, would keep us out, and everybody
            // after it: the wish outlives it.
            cposix_line_set_exclusive(slave, 0)
            Glibc.close(slave)
            // What happened before the question is answered by it; our own closing is among it.
            watch.drain()
            tally.reset(clients: count)
            var question = pollfd(fd: master, events: 0, revents: 0)
            isPresent = poll(&question, 1, 0) <= 0 || question.revents & Int16(POLLHUP) == 0
            watch.drain()
            let isAnswered = !tally.sawClose && (isPresent || !tally.sawOpen)
            slave = Glibc.open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
            guard slave >= 0 else {
                let error = IOError(errnoCode: errno, reason: "open")
                line?.failed(SerialPortError(.failed, line: text, problem: "was lost", underlying: error))
                return false
            }
            // Our own opening is among these. A client that opens at the same instant is told from it by what it sends.
            watch.drain()
            guard isAnswered, !tally.sawClose else { continue }
            tally.reset(clients: isPresent ? max(1, count) : 0)
            if !isPresent {
                // pyserial, for one, leaves a line on which `cat` finds nothing but ends of file. The rate stays.
                cposix_line_make_raw(slave)
                // It may also have stopped the line (tcflow), which is for the next one, too.
                tcflow(slave, TCOON)
            }
            return isPresent
        }
        tally.reset(clients: 1)
        return true
    }

    /// Takes back what the client that left did not read.
    private func discardUnread() {
        channel?.discardUnflushed()
        cposix_line_discard_input(slave)
        guard let sent = channel?.drained() else { return }
        isDiscarding = true
        sent.assumeIsolated().whenSuccess {
            // What NIO still held has followed into the kernel by now.
            if self.slave >= 0 {
                cposix_line_discard_input(self.slave)
            }
            self.isDiscarding = false
            self.line?.canWrite()
        }
    }
}

// MARK: - Bytes

extension PseudoTerminalTransport: ByteChannelOwner {
    func requestRead() { channel?.requestRead() }

    func write(_ bytes: Span<UInt8>) -> Int {
        isDiscarding ? 0 : channel?.write(bytes) ?? bytes.count
    }

    func flush() { channel?.flush() }

    func drained() -> EventLoopFuture<Void> { channel?.drained() ?? loop.makeSucceededVoidFuture() }

    func byteChannel(_ channel: ByteChannel, received bytes: ByteBuffer) {
        settle()
        if !isAttached {
            // Whoever sent this may have gone, or may have come unseen.
            update(isPresent: askForClients(), isFollowed: false)
        }
        line?.received(bytes)
    }

    func byteChannelReadCompleted(_ channel: ByteChannel) { line?.readCompleted() }

    func byteChannelCanWrite(_ channel: ByteChannel) { line?.canWrite() }

    func byteChannelClosed(_ channel: ByteChannel, error: (any Error)?) {
        line?.failed(SerialPortError(.failed, line: text, problem: "was lost", underlying: error))
    }
}
