import ATPrimitives

/// One UDP socket of a module, with the datagrams that it has not taken yet.
struct UDPSocket: Sendable {
    /// One datagram and who sent it.
    struct Datagram: Sendable {
        let sender: Endpoint
        let payload: [UInt8]
    }

    let socket: Socket
    let port: UInt16
    /// At most `VirtualNetwork.maximumDatagrams`; a queue as short as that is an array.
    private(set) var waiting: [Datagram] = []

    init(socket: Socket, port: UInt16) {
        self.socket = socket
        self.port = port
    }

    /// - Returns: whether it was the first to wait; one for which there is no room is lost.
    mutating func receive(_ payload: [UInt8], from sender: Endpoint) -> Bool {
        guard waiting.count < VirtualNetwork.maximumDatagrams else { return false }
        waiting.append(Datagram(sender: sender, payload: payload))
        return waiting.count == 1
    }

    /// Offers the oldest datagram; it is taken whole or not at all.
    /// - Returns: whether it was taken.
    mutating func offer(_ body: (Span<UInt8>, Endpoint) -> Int) -> Bool {
        guard let first = waiting.first, body(first.payload.span, first.sender) > 0 else { return false }
        waiting.removeFirst()
        return true
    }
}
