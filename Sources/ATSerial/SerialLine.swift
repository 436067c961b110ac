import ATPrimitives
import NIOCore

/// The rules that all kinds of serial line share: who gets output while nobody is attached, how much is read, and when
/// the module is told.
///
/// Theory of operation. Input: the transport reads only when asked, one read at a time; what the module does not take
/// of it waits in `unread`, and nothing more is read before that is empty. (When a client closes, SwiftNIO brings the
/// rest of its bytes at once; the transport's kernel buffer limits it.) Output passes straight to the transport, which
/// has a limit. Notices to the module are collected while the module itself is calling, and given in the next turn of
/// the loop, so that the module is never entered twice.
final class SerialLine {
    weak var delegate: (any SerialPortDelegate)?
    let transport: any SerialTransport

    private let loop: any EventLoop
    private var state = State.opened
    /// What was read and not yet taken by the module.
    private var unread = ByteBuffer()
    private var isHandingOver = false
    /// What the first client will get; nil once it has come.
    private var kept: KeptOutput? = KeptOutput(limit: SerialPort.keptOutputLimit)
    private var isAttached = false
    private var wasRefused = false
    private var notices: Notices = []
    private var failure: SerialPortError?
    /// What the client's end is set to, and what the module was last told of it.
    private var clientLine = (now: LineSettings.standard, told: LineSettings.standard)
    private var controls = (now: SerialControls.released, told: SerialControls.released)
    /// The module is inside a call to the port.
    private var isCalled = false
    private var isScheduled = false

    private enum State {
        case opened, started, closed
    }

    /// What the module has to be told.
    private struct Notices: OptionSet {
        let rawValue: UInt8

        static let canWrite = Notices(rawValue: 1)
        static let unread = Notices(rawValue: 2)
        static let ended = Notices(rawValue: 4)
        static let failed = Notices(rawValue: 8)
        static let clientLine = Notices(rawValue: 16)
        static let controls = Notices(rawValue: 32)
    }

    init(_ transport: any SerialTransport, on loop: any EventLoop) {
        self.transport = transport
        self.loop = loop
    }
}

// MARK: - The module's side

extension SerialLine {
    func start() {
        guard state == .opened else { return }
        state = .started
        whileCalled { requestMore() }
    }

    func resumeReading() {
        whileCalled { requestMore() }
    }

    func write(_ bytes: Span<UInt8>) -> Int {
        guard state != .closed, failure == nil else { return bytes.count }
        isCalled = true
        defer { endCall() }
        transport.settle()
        guard isAttached else {
            kept?.append(bytes)
            return bytes.count
        }
        let taken = transport.write(bytes)
        if taken < bytes.count {
            wasRefused = true
        }
        return taken
    }

    func flush() {
        whileCalled { transport.flush() }
    }

    func close() -> EventLoopFuture<Void> {
        guard state != .closed else { return loop.makeSucceededVoidFuture() }
        state = .closed
        delegate = nil
        unread = ByteBuffer()
        return transport.close()
    }

    private func whileCalled(_ body: () -> Void) {
        guard state != .closed else { return }
        isCalled = true
        body()
        endCall()
    }

    private func endCall() {
        isCalled = false
        guard !notices.isEmpty, !isScheduled else { return }
        isScheduled = true
        loop.assumeIsolated().execute {
            self.isScheduled = false
            self.giveNotices()
        }
    }
}

// MARK: - The transport's side

extension SerialLine {
    /// A client is there. The first one gets what was kept.
    func attached() {
        isAttached = true
        if let kept {
            self.kept = nil
            // It fits: nothing was written before, and a transport takes this much at once.
            _ = transport.write(kept.lastBytes.span)
            transport.flush()
        }
        requestMore()
        canWrite()
    }

    /// Nobody is there any more; what the module was made to wait for is lost, so it may go on.
    func detached() {
        isAttached = false
        canWrite()
    }

    /// Bytes from the client.
    func received(_ bytes: ByteBuffer) {
        guard state != .closed else { return }
        if unread.readableBytes == 0 {
            unread = bytes
        } else {
            unread.discardReadBytes()
            unread.writeImmutableBuffer(bytes)
        }
        guard !isCalled else { return notify(.unread) }
        handOver()
    }

    /// The read that was asked for is over.
    func readCompleted() {
        requestMore()
    }

    /// How many bytes wait for the module.
    var unreadCount: Int { unread.readableBytes }

    /// The module is inside a call, from it or to it, so that nothing may be told that cannot wait.
    var isBusy: Bool { isCalled || isHandingOver }

    /// Forgets what the module has not taken. Not while the line is busy.
    func discardUnread() {
        precondition(!isBusy, "the module is taking what is to be discarded")
        unread.clear()
        requestMore()
    }

    /// The client has changed its rate or framing.
    func clientLineChanged(_ settings: LineSettings) {
        clientLine.now = settings
        notify(.clientLine)
    }

    /// The client has changed DTR or RTS.
    func controlsChanged(_ controls: SerialControls) {
        self.controls.now = controls
        notify(.controls)
    }

    /// There is room for output.
    func canWrite() {
        guard wasRefused else { return }
        wasRefused = false
        notify(.canWrite)
    }

    /// No more input will ever come.
    func inputEnded() {
        notify(.ended)
    }

    /// The line is gone.
    func failed(_ error: SerialPortError) {
        guard failure == nil else { return }
        failure = error
        notify(.failed)
    }
}

// MARK: - Handing over

extension SerialLine {
    private func requestMore() {
        guard state == .started, failure == nil, !isHandingOver else { return }
        if unread.readableBytes > 0 {
            notify(.unread)
        } else if let delegate, delegate.receiveCapacity > 0 {
            transport.requestRead()
        }
    }

    private func notify(_ notice: Notices) {
        notices.insert(notice)
        if !isCalled, !isHandingOver {
            giveNotices()
        }
    }

    private func giveNotices() {
        guard let delegate, state == .started, !isHandingOver else { return }
        if notices.remove(.unread) != nil {
            handOver()
        }
        if notices.remove(.clientLine) != nil, clientLine.now != clientLine.told {
            clientLine.told = clientLine.now
            delegate.serialPort(clientLineChanged: clientLine.now)
        }
        if notices.remove(.controls) != nil, controls.now != controls.told {
            controls.told = controls.now
            delegate.serialPort(controls: controls.now)
        }
        if notices.remove(.canWrite) != nil {
            delegate.serialPortCanWrite()
        }
        if unread.readableBytes == 0, notices.remove(.ended) != nil {
            delegate.serialPortEnded()
        }
        // A failure comes last: it is the end of everything.
        if notices.remove(.failed) != nil, let failure {
            delegate.serialPortFailed(failure)
        }
    }

    /// Gives the module what it takes of `unread`, and asks for more when that was all.
    private func handOver() {
        guard state == .started, !isHandingOver else { return }
        isHandingOver = true
        while let delegate, unread.readableBytes > 0 {
            let count = min(delegate.receiveCapacity, unread.readableBytes)
            guard count > 0 else { break }
            // The module may close the port from inside the call, so it reads a copy of the reference.
            let bytes = unread
            let taken = bytes.withUnsafeReadableBytes { pointer in
                delegate.serialPort(received: pointer.bindMemory(to: UInt8.self).span.extracting(first: count))
            }
            precondition((0...count).contains(taken), "the module took \(taken) of \(count) bytes")
            guard state == .started else { break }
            unread.moveReaderIndex(forwardBy: taken)
            if taken == 0 { break }
        }
        isHandingOver = false
        if unread.readableBytes == 0 {
            // Gives the storage back to the pool that the next read takes it from.
            unread = ByteBuffer()
            requestMore()
        }
        if !notices.isEmpty, !isCalled {
            giveNotices()
        }
    }
}
