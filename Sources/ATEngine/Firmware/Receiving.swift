import ATPrimitives

// What becomes of payload from the network: a header and the data in one piece, or raw bytes (reference 3.5, 3.9).
extension Engine {
    /// Prints payload that has come for a link and returns how many bytes of it were taken.
    mutating func receivePayload(_ payload: Span<UInt8>, _ id: LinkID, from sender: Endpoint) -> Int {
        let link = session.links[id]
        switch link.phase {
        case .free, .refused, .broken, .closing: return payload.count
        case .resolving, .connecting: return 0
        case .open: break
        }
        guard link.transport == .tcp || payload.count <= Links.datagramSize else { return payload.count }
        guard !isBlocked else { return 0 }
        let isRaw = session.links.isTransparentMode
        if isRaw, link.transport == .tcp, !session.transparent.takesMore { return 0 }
        let count = link.transport == .tcp ? min(payload.count, Links.segmentSize) : payload.count
        linkIsActive(id)
        if link.transport == .udp { turn(id, towards: sender) }
        let data = payload.extracting(..<count)
        if isRaw {
            put(data)
            if link.transport == .tcp { session.transparent.buffer(count) }
            return count
        }
        put("\r\n+IPD,")
        if session.links.areMultiple {
            id.print(to: &self)
            put(UInt8(ascii: ","))
        }
        put(digitsOf: UInt(count))
        put(UInt8(ascii: ":"))
        put(data)
        if link.transport == .udp && firmware.policy.udpDataEndsInOK { putOK() }
        return count
    }

    /// The far end of a UDP link after a datagram from `sender` (reference 3.9).
    private mutating func turn(_ id: LinkID, towards sender: Endpoint) {
        switch session.links[id].udpMode {
        case 1:
            session.links[id].peer = sender
            session.links[id].udpMode = 0
        case 2:
            session.links[id].peer = sender
        default:
            break
        }
        session.links[id].remote = session.links[id].peer
    }
}
