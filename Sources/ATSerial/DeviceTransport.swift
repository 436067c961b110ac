import ATPrimitives
import CPosix
import Glibc
import NIOCore
import NIOPosix

/// `device:PATH`: a real UART at the module's settings. Whoever is at the other end of its wires is always attached.
final class DeviceTransport: SerialTransport {
    /// How many bytes may wait in a UART's own FIFO, where no call sees them: those of a 16750.
    private static let fifoDepth: Int64 = 64
    /// How often the output queue is looked at before the settings change.
    private static let drainInterval = TimeAmount.milliseconds(1)
    /// How long the settings wait for output that does not leave, held by the other end's flow control.
    private static let drainLimit = TimeAmount.seconds(2)

    private let loop: any EventLoop
    private let path: String
    private var settings: LineSettings
    private weak var line: SerialLine?
    private var channel: ByteChannel?
    /// A descriptor of our own for questions and settings; -1 while not open.
    private var control: CInt = -1
    private var saved: cposix_line_saved?
    /// The settings that wait for the output to leave.
    private var wanted: LineSettings?
    private var isClosing = false

    init(path: String, settings: LineSettings, on loop: any EventLoop) {
        self.path = path
        self.settings = settings
        self.loop = loop
    }

    var location: SerialLocation { .device(path: path) }

    private func error(_ kind: SerialPortError.Kind, _ problem: String, _ underlying: (any Error)?) -> SerialPortError {
        SerialPortError(kind, line: "device:\(path)", problem: problem, underlying: underlying)
    }
}

// MARK: - Opening and closing

extension DeviceTransport {
    func open(for line: SerialLine) -> EventLoopFuture<Void> {
        self.line = line
        do {
            // Without O_NONBLOCK the open waits for a carrier.
            let device = try SystemCall.open(path, O_RDWR | O_NONBLOCK)
            do {
                try claim(device)
                return try openChannel(device)
            } catch {
                giveBack()
                Glibc.close(device)
                throw error
            }
        } catch let error as SerialPortError {
            return loop.makeFailedFuture(error)
        } catch {
            return loop.makeFailedFuture(self.error(.unavailable, "cannot be opened", error))
        }
    }

    private func claim(_ device: CInt) throws {
        guard isatty(device) == 1 else {
            throw error(.unavailable, "is not a serial device; name one such as /dev/ttyUSB0", nil)
        }
        control = try SystemCall.duplicate(device)
        try SystemCall.check("TIOCEXCL") { cposix_line_set_exclusive(control, 1) }
        var found = cposix_line_saved()
        try SystemCall.check("TCGETS2") { cposix_line_save(control, &found) }
        saved = found
        try configure(settings)
    }

    private func configure(_ settings: LineSettings) throws(IOError) {
        var line = cposix_line_settings(settings)
        try SystemCall.check("TCSETS2") { cposix_line_configure(control, &line) }
        self.settings = settings
    }

    private func openChannel(_ device: CInt) throws -> EventLoopFuture<Void> {
        let channel = ByteChannel(owner: self)
        let bound = NIOLoopBound(channel, eventLoop: loop)
        let output = try SystemCall.duplicate(device)
        self.channel = channel
        let opened = DescriptorChannel.open(input: device, output: output, on: loop) {
            try bound.value.install(in: $0)
        }
        return opened.assumeIsolated()
            .flatMapErrorThrowing { error in
                self.giveBack()
                throw self.error(.unavailable, "cannot be opened", error)
            }
            .map { _ in }
            .nonisolated()
    }

    /// Leaves the device as it was found.
    private func giveBack() {
        guard control >= 0 else { return }
        // Closing a UART waits for what it cannot send, held by flow control.
        cposix_line_discard_output(control)
        if var saved {
            cposix_line_restore(control, &saved)
        }
        cposix_line_set_exclusive(control, 0)
        Glibc.close(control)
        control = -1
    }

    func close() -> EventLoopFuture<Void> {
        isClosing = true
        let sent = channel?.drained() ?? loop.makeSucceededVoidFuture()
        let promise = loop.makePromise(of: Void.self)
        let deadline = NIODeadline.now() + SerialPort.closeLimit
        let isOver = loop.assumeIsolated().scheduleTask(in: SerialPort.closeLimit) {
            self.finish(promise)
        }
        sent.assumeIsolated().whenSuccess {
            self.whenSent(by: deadline) {
                isOver.cancel()
                self.finish(promise)
            }
        }
        return promise.futureResult
    }

    private func finish(_ promise: EventLoopPromise<Void>) {
        guard control >= 0 else { return promise.succeed() }
        giveBack()
        (channel?.close(within: .zero) ?? loop.makeSucceededVoidFuture()).cascade(to: promise)
    }
}

// MARK: - Settings

extension DeviceTransport {
    func setLine(_ settings: LineSettings) {
        let isWaiting = wanted != nil
        guard settings != (wanted ?? self.settings) else { return }
        wanted = settings
        guard !isWaiting, let sent = channel?.drained() else { return }
        let deadline = NIODeadline.now() + Self.drainLimit
        let isOver = loop.assumeIsolated().scheduleTask(in: Self.drainLimit) {
            self.applyWanted()
        }
        sent.assumeIsolated().whenSuccess {
            self.whenSent(by: deadline) {
                isOver.cancel()
                self.applyWanted()
            }
        }
    }

    /// Calls `body` when the UART has sent what the kernel has for it. (`tcdrain` would stop the whole loop.)
    private func whenSent(by deadline: NIODeadline, _ body: @escaping () -> Void) {
        var unsent: CInt = 0
        let isSent = control < 0 || cposix_line_unsent(control, &unsent) < 0 || unsent == 0
        if !isSent, NIODeadline.now() < deadline {
            loop.assumeIsolated().scheduleTask(in: Self.drainInterval) {
                self.whenSent(by: deadline, body)
            }
            return
        }
        // Twelve bits are the longest byte: start, eight, parity, two stop bits.
        let fifo = TimeAmount.microseconds(Self.fifoDepth * 12 * 1_000_000 / Int64(max(1, settings.baud)))
        loop.assumeIsolated().scheduleTask(in: min(fifo, SerialPort.closeLimit), body)
    }

    private func applyWanted() {
        guard let wanted, control >= 0 else { return }
        self.wanted = nil
        do {
            try configure(wanted)
        } catch {
            line?.failed(self.error(.failed, "does not take \(wanted.baud) baud", error))
        }
        line?.canWrite()
    }
}

// MARK: - Bytes

extension DeviceTransport: ByteChannelOwner {
    func requestRead() { channel?.requestRead() }

    func write(_ bytes: Span<UInt8>) -> Int {
        wanted != nil ? 0 : channel?.write(bytes) ?? bytes.count
    }

    func flush() { channel?.flush() }

    func drained() -> EventLoopFuture<Void> { channel?.drained() ?? loop.makeSucceededVoidFuture() }

    func byteChannelOpened(_ channel: ByteChannel) { line?.attached() }

    func byteChannel(_ channel: ByteChannel, received bytes: ByteBuffer) { line?.received(bytes) }

    func byteChannelReadCompleted(_ channel: ByteChannel) { line?.readCompleted() }

    func byteChannelInputEnded(_ channel: ByteChannel) { channel.closeNow() }

    func byteChannelCanWrite(_ channel: ByteChannel) { line?.canWrite() }

    func byteChannelClosed(_ channel: ByteChannel, error: (any Error)?) {
        guard !isClosing else { return }
        giveBack()
        line?.failed(self.error(.failed, "has gone away", error))
    }
}
