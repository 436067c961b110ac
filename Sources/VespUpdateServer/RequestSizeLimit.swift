import NIOCore

/// Counts what a client sends and stops at the limit, before anything is parsed.
final class RequestSizeLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let limit: Int
    private var count = 0

    init(limit: Int) {
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let wasWithin = count <= limit
        count += unwrapInboundIn(data).readableBytes
        if count <= limit { return context.fireChannelRead(data) }
        // What came before it was read no further is dropped.
        guard wasWithin else { return }
        do {
            try context.channel.syncOptions?.setOption(.autoRead, value: false)
        } catch {
            context.fireErrorCaught(error)
        }
        context.fireErrorCaught(RequestTooLarge())
    }
}

/// A client has sent more than any request needs.
struct RequestTooLarge: Error {}
