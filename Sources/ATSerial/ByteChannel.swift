import NIOCore

/// The transport that owns a `ByteChannel`.
protocol ByteChannelOwner: AnyObject {
    /// The channel is open: it can be read and written.
    func byteChannelOpened(_ channel: ByteChannel)
    func byteChannel(_ channel: ByteChannel, received bytes: ByteBuffer)
    /// The read that was asked for is over.
    func byteChannelReadCompleted(_ channel: ByteChannel)
    /// The other end sends no more; it may still read.
    func byteChannelInputEnded(_ channel: ByteChannel)
    /// There is room for output again.
    func byteChannelCanWrite(_ channel: ByteChannel)
    /// The channel is closed, for the reason given if there is one.
    func byteChannelClosed(_ channel: ByteChannel, error: (any Error)?)
}

extension ByteChannelOwner {
    func byteChannelOpened(_ channel: ByteChannel) {}
    func byteChannelInputEnded(_ channel: ByteChannel) {}
}

/// The one handler of a NIO channel that carries the bytes of a serial line: it reads when asked, and has limits both
/// ways. It holds its owner weakly, as NIO holds the handler.
final class ByteChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The most that one read brings: the longest block of a CIPSEND, so that it comes in one piece.
    static let readLimit = 2048
    /// The most that waits for a flush; it has room for what is kept for the first client.
    static let unflushedLimit = SerialPort.keptOutputLimit
    /// What NIO may hold for a client that does not read: little, since it is late when it arrives and stale when
    /// another client comes; half of it must have left before there is room, so that a slow client does not cost a
    /// wake-up for every few bytes. What is not flushed comes on top, so the limit of all is 12,288 bytes.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 4096, high: 8192)

    private weak var owner: (any ByteChannelOwner)?
    private var context: ChannelHandlerContext?
    private var unflushed = ByteBuffer()
    private var lastError: (any Error)?

    init(owner: any ByteChannelOwner) {
        self.owner = owner
    }

    /// Puts the handler into a channel that is not registered yet.
    func install(in channel: any Channel) throws {
        guard let options = channel.syncOptions else { throw ChannelError.operationUnsupported }
        try options.setOption(.autoRead, value: false)
        try options.setOption(.maxMessagesPerRead, value: 1)
        try options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readLimit))
        try options.setOption(.writeBufferWaterMark, value: Self.waterMark)
        try options.setOption(.allowRemoteHalfClosure, value: true)
        try channel.pipeline.syncOperations.addHandler(self)
    }

    func requestRead() {
        context?.read()
    }

    /// Takes bytes up to the limits; returns how many. Fewer than were offered only while the channel cannot be written,
    /// so that `byteChannelCanWrite` follows for the rest.
    func write(_ bytes: Span<UInt8>) -> Int {
        var taken = 0
        while taken < bytes.count, let context, context.channel.isWritable {
            let count = min(bytes.count - taken, Self.unflushedLimit - unflushed.readableBytes)
            let piece = bytes.extracting(taken..<taken + count)
            unflushed.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { destination in
                piece.withUnsafeBytes { destination.copyMemory(from: $0) }
                return count
            }
            taken += count
            if unflushed.readableBytes == Self.unflushedLimit {
                flush()
            }
        }
        return taken
    }

    func flush() {
        guard let context, unflushed.readableBytes > 0 else { return }
        // Empty before the channel is called, which may call back. If the bytes leave at once, as they do nearly
        // always, their storage is used again.
        var bytes = ByteBuffer()
        swap(&bytes, &unflushed)
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
        if unflushed.capacity == 0 {
            swap(&bytes, &unflushed)
            unflushed.clear()
        }
    }

    /// Forgets what was not flushed.
    func discardUnflushed() {
        unflushed.clear()
    }

    /// Succeeds when all that was written has gone to the kernel, or never will.
    func drained() -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        flush()
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()), promise: promise)
        return promise.futureResult.recover { _ in }
    }

    /// Closes the channel, and loses what was not sent.
    func closeNow() {
        context?.close(promise: nil)
    }

    /// Closes the channel when all is sent, and after `limit` at the latest.
    func close(within limit: TimeAmount) -> EventLoopFuture<Void>? {
        guard let context, let drained = drained() else { return nil }
        let channel = context.channel
        let deadline = context.eventLoop.scheduleTask(in: limit) {
            channel.close(promise: nil)
        }
        drained.whenComplete { _ in
            deadline.cancel()
            channel.close(promise: nil)
        }
        return channel.closeFuture.recover { _ in }
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        unflushed = context.channel.allocator.buffer(capacity: Self.unflushedLimit)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        owner?.byteChannelOpened(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        owner?.byteChannel(self, received: Self.unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        owner?.byteChannelReadCompleted(self)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            owner?.byteChannelCanWrite(self)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            owner?.byteChannelInputEnded(self)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = error
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        owner?.byteChannelClosed(self, error: lastError)
    }
}
