import Logging
import NIOCore
import NIOHTTP1

/// One connection: one request, one answer, and the server closes.
final class UpdateClient: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        /// The head has come, the end has not.
        case reading(HTTPRequestHead)
        /// The answer is on its way; nothing more is heard.
        case answering
    }

    private let offer: UpdateOffer
    private let lifetime: TimeAmount
    private let logger: Logger
    private var state = State.waiting
    private var end: Scheduled<Void>?

    init(offer: UpdateOffer, lifetime: TimeAmount, logger: Logger) {
        self.offer = offer
        self.lifetime = lifetime
        self.logger = logger
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: lifetime) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting): state = .reading(head)
        case (.end, .reading(let head)): answer(head, context)
        // A body means nothing here; what follows the first request is not read.
        case (.head, _), (.body, _), (.end, _): break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is IdleStateHandler.IdleStateEvent: context.close(promise: nil)
        case ChannelEvent.inputClosed:
            // The request will never be whole.
            if case .answering = state { break }
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is RequestTooLarge {
            if case .answering = state { return context.close(promise: nil) }
            return respond(.requestHeaderFieldsTooLarge, to: context)
        }
        // What is no HTTP has had its answer from the pipeline.
        logger.debug("a client was lost: \(error)")
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        switch head.method == .GET ? UpdateRequest(target: head.uri) : nil {
        case .version:
            logger.notice("the version was asked for: \(offer.version)")
            respond(.ok, type: "application/json", body: Array(offer.description.utf8), to: context)
        case .image(offer.version.description, let fileName):
            logger.notice("\(fileName) was asked for: \(offer.image.bytes.count) bytes")
            respond(.ok, type: "application/octet-stream", body: offer.image.bytes, to: context)
        case .image, nil:
            logger.notice("something else was asked for: \(head.method) \(head.uri.prefix(200))")
            respond(.notFound, to: context)
        }
    }

    /// Sends the whole answer and closes when it is out.
    private func respond(
        _ status: HTTPResponseStatus, type: String = "text/plain", body: [UInt8] = [],
        to context: ChannelHandlerContext
    ) {
        state = .answering
        let headers: HTTPHeaders = [
            "Content-Length": "\(body.count)", "Content-Type": type, "Connection": "close",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        // The pieces are parts of one buffer.
        var rest = context.channel.allocator.buffer(bytes: body)
        while let piece = rest.readSlice(length: min(UpdateServerLimits.pieceSize, rest.readableBytes)),
            piece.readableBytes > 0
        {
            context.write(wrapOutboundOut(.body(.byteBuffer(piece))), promise: nil)
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
