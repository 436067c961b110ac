import ATPrimitives

/// The far end of one TCP connection of the module.
///
/// Two directions run apart. From the module: bytes are counted, acknowledged as far as the window reaches, and a FIN
/// counts once all bytes before it are in. To the module: segments wait until it takes them, and the far end's own FIN
/// is told after the last of them. After each input `takeEvents` says what the module hears.
struct Connection: Sendable {
    let socket: Socket
    let peer: Endpoint
    /// Whether the handshake was answered; a silent peer leaves it false for ever.
    let isEstablished: Bool

    private var pending: [[UInt8]] = []
    private var pendingCount = 0
    private var hasClosed = false
    private var hasToldFinish = false

    private var sentCount = 0
    private var readCount = 0
    private var isReading = true
    private var isAcknowledging = true
    private var hasUnacknowledged = false
    private var moduleHasClosed = false
    private var finIsAcknowledged = false
    /// Whether both sides are closed, or the connection was reset; the world then drops it.
    private(set) var isGone = false
    private var isReset = false

    init(socket: Socket, peer: Endpoint, isEstablished: Bool) {
        self.socket = socket
        self.peer = peer
        self.isEstablished = isEstablished
    }

    /// The segment that the module is offered next.
    var nextSegment: [UInt8]? { pending.first }

    mutating func moduleSends(byteCount: Int) {
        sentCount += byteCount
        hasUnacknowledged = true
    }

    mutating func moduleCloses() {
        moduleHasClosed = true
        hasUnacknowledged = true
    }

    /// The module took `count` bytes of `nextSegment`.
    mutating func moduleTakes(_ count: Int) {
        guard let segment = pending.first else { return }
        pendingCount -= count
        if count == segment.count {
            pending.removeFirst()
        } else {
            pending[0].removeFirst(count)
        }
    }

    mutating func perform(_ action: PeerAction) throws(WorldError) {
        guard isEstablished else { throw .notConnected }
        switch action {
        case .sends(let bytes): try send(bytes)
        case .closes:
            guard !hasClosed else { throw .alreadyClosed }
            hasClosed = true
        case .resets: isReset = true
        case .stopsReading:
            if isReading { readCount = sentCount }
            isReading = false
        case .stopsAcknowledging: isAcknowledging = false
        case .resumes:
            isReading = true
            isAcknowledging = true
        }
    }

    /// What the module hears now; called after each input and after `moduleTakes`.
    mutating func takeEvents() -> [WorldEvent] {
        if isReset {
            isGone = true
            return [.reset(socket)]
        }
        var events: [WorldEvent] = []
        if hasUnacknowledged, isAcknowledging, isReading || sentCount - readCount <= World.receiveWindow {
            hasUnacknowledged = false
            finIsAcknowledged = moduleHasClosed
            events.append(.acknowledged(socket))
        }
        // Only a peer that reads sees the end of the stream, and closes in turn.
        if finIsAcknowledged, isReading { hasClosed = true }
        guard hasClosed, pending.isEmpty else { return events }
        if finIsAcknowledged {
            isGone = true
            events.append(.closed(socket))
        } else if !hasToldFinish, !moduleHasClosed {
            hasToldFinish = true
            events.append(.finished(socket))
        }
        return events
    }

    private mutating func send(_ bytes: [UInt8]) throws(WorldError) {
        guard !hasClosed else { throw .alreadyClosed }
        guard pendingCount + bytes.count <= World.pendingLimit else { throw .tooMuchPending }
        pendingCount += bytes.count
        var rest = bytes[...]
        while !rest.isEmpty {
            pending.append([UInt8](rest.prefix(World.segmentSize)))
            rest = rest.dropFirst(World.segmentSize)
        }
    }
}
