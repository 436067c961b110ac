import Glibc
import NIOCore
import NIOPosix

/// `stdio`: standard input and output. Whoever gave them to us is always attached.
///
/// A pipe, socket or terminal is a NIO channel, one for each direction. Anything else, such as a regular file, is read
/// on a thread, one block when asked, and written directly.
final class StandardStreamsTransport: SerialTransport {
    private let loop: any EventLoop
    private let originals: (input: CInt, output: CInt)
    private weak var line: SerialLine?
    private var input: StandardStream?
    private var output: StandardStream?
    private var inputChannel: ByteChannel?
    private var outputChannel: ByteChannel?
    private var isReading = false
    private var isEnded = false
    private var isClosed = false

    /// - Parameters:
    ///   - input: the descriptor to read; it stays open.
    ///   - output: the descriptor to write; it stays open.
    init(input: CInt = STDIN_FILENO, output: CInt = STDOUT_FILENO, on loop: any EventLoop) {
        originals = (input, output)
        self.loop = loop
    }

    var location: SerialLocation { .standardStreams }

    private func failed(_ problem: String, _ underlying: (any Error)?) {
        guard !isClosed else { return }
        line?.failed(SerialPortError(.failed, line: "stdio", problem: problem, underlying: underlying))
    }
}

// MARK: - Opening and closing

extension StandardStreamsTransport {
    func open(for line: SerialLine) -> EventLoopFuture<Void> {
        self.line = line
        var opened = loop.makeSucceededVoidFuture()
        do {
            let input = try StandardStream(originals.input, access: O_RDONLY)
            self.input = input
            let output = try StandardStream(originals.output, access: O_WRONLY)
            self.output = output
            if input.isWaitable {
                let channel = ByteChannel(owner: self)
                inputChannel = channel
                opened = opened.and(open(channel, input: input.take())).map { _ in }
            }
            if output.isWaitable {
                let channel = ByteChannel(owner: self)
                outputChannel = channel
                opened = opened.and(open(channel, output: output.take())).map { _ in }
            }
        } catch {
            opened = loop.makeFailedFuture(error)
        }
        return opened.assumeIsolated().map {
            self.line?.attached()
        }.flatMapErrorThrowing { error in
            self.isClosed = true
            self.inputChannel?.closeNow()
            self.outputChannel?.closeNow()
            self.restore()
            throw SerialPortError(
                .unavailable, line: "stdio", problem: "cannot be used: standard input and output must both be open",
                underlying: error)
        }.nonisolated()
    }

    private func open(
        _ channel: ByteChannel, input: CInt? = nil, output: CInt? = nil
    ) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(channel, eventLoop: loop)
        return DescriptorChannel.open(input: input, output: output, on: loop) { try bound.value.install(in: $0) }
    }

    func close() -> EventLoopFuture<Void> {
        isClosed = true
        inputChannel?.closeNow()
        let closed = outputChannel?.close(within: SerialPort.closeLimit) ?? loop.makeSucceededVoidFuture()
        return closed.assumeIsolated().map { self.restore() }.nonisolated()
    }

    private func restore() {
        // A thread may still read it; its file is closed when the read is over.
        if !isReading {
            input?.restore()
        }
        output?.restore()
    }
}

// MARK: - Files

extension StandardStreamsTransport {
    /// Reads one block on a thread.
    private func readFile(_ descriptor: CInt) {
        guard !isReading, !isEnded else { return }
        isReading = true
        let read = NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            var buffer = ByteBuffer()
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: ByteChannel.readLimit) { destination in
                while true {
                    let count = Glibc.read(descriptor, destination.baseAddress, ByteChannel.readLimit)
                    if count >= 0 { return count }
                    guard errno == EINTR else { throw IOError(errnoCode: errno, reason: "read") }
                }
            }
            return buffer
        }
        read.assumeIsolated().whenComplete { result in
            self.isReading = false
            guard !self.isClosed else { return self.restore() }
            self.finishReading(result)
        }
    }

    private func finishReading(_ result: Result<ByteBuffer, any Error>) {
        switch result {
        case .success(let bytes) where bytes.readableBytes > 0:
            line?.received(bytes)
            line?.readCompleted()
        case .success:
            isEnded = true
            line?.inputEnded()
        case .failure(let error):
            isEnded = true
            failed("cannot be read", error)
        }
    }

    /// Writes all of the bytes. It may wait for a disk, as a program's output does.
    private func writeFile(_ descriptor: CInt, _ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { pointer in
            var rest = pointer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    failed("cannot be written", IOError(errnoCode: errno, reason: "write"))
                    return
                }
            }
        }
    }
}

// MARK: - Bytes

extension StandardStreamsTransport: ByteChannelOwner {
    func requestRead() {
        if let inputChannel {
            inputChannel.requestRead()
        } else if let input {
            readFile(input.descriptor)
        }
    }

    func write(_ bytes: Span<UInt8>) -> Int {
        if let outputChannel { return outputChannel.write(bytes) }
        if let output {
            writeFile(output.descriptor, bytes)
        }
        return bytes.count
    }

    func flush() { outputChannel?.flush() }

    func drained() -> EventLoopFuture<Void> { outputChannel?.drained() ?? loop.makeSucceededVoidFuture() }

    func byteChannel(_ channel: ByteChannel, received bytes: ByteBuffer) { line?.received(bytes) }

    func byteChannelReadCompleted(_ channel: ByteChannel) { line?.readCompleted() }

    func byteChannelCanWrite(_ channel: ByteChannel) { line?.canWrite() }

    func byteChannelClosed(_ channel: ByteChannel, error: (any Error)?) {
        if channel === outputChannel {
            failed("was closed by its reader", error)
        } else if !isEnded, !isClosed {
            isEnded = true
            line?.inputEnded()
        }
    }
}
