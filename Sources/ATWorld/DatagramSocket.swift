import ATPrimitives

/// One UDP socket of the module, with the datagrams that it has not taken yet.
struct DatagramSocket: Sendable {
    /// One datagram and who sent it.
    struct Datagram: Sendable {
        let sender: Endpoint
        let bytes: [UInt8]
    }

    let socket: Socket
    private(set) var pending: [Datagram] = []
    private var pendingCount = 0

    init(socket: Socket) {
        self.socket = socket
    }

    mutating func receive(_ bytes: [UInt8], from sender: Endpoint) throws(WorldError) {
        guard pendingCount + bytes.count <= World.pendingLimit else { throw .tooMuchPending }
        pendingCount += bytes.count
        pending.append(Datagram(sender: sender, bytes: bytes))
    }

    mutating func moduleTakesFirst() {
        pendingCount -= pending.removeFirst().bytes.count
    }
}
