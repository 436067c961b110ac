import NIOCore

/// The connections of a server, counted as they are accepted and closed when it ends.
final class UpdateClients: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let limit: Int
    private var clients: [ObjectIdentifier: any Channel] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let client = unwrapInboundIn(data)
        guard clients.count < limit else { return client.close(promise: nil) }
        let identifier = ObjectIdentifier(client)
        clients[identifier] = client
        // The clients live on the loop of the server, so that this runs on it and after we have returned.
        client.closeFuture.assumeIsolated().whenComplete { _ in self.clients[identifier] = nil }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        for client in clients.values { client.close(promise: nil) }
        context.fireChannelInactive()
    }
}
