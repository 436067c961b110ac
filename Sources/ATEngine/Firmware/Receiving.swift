import ATPrimitives

// What becomes of payload from the network: a header and the data in one piece, or raw bytes (reference 3.5, 3.9).
extension Engine {
    /// Prints payload that has come for a link and returns how many bytes of it were taken.
    mutating func receivePayload(_ payload: Span<UInt8>, _ id: LinkID, from sender: Endpoint) -> Int {
        let link = session.links[id]
        guard link.isOpen, link.transport == .tcp || payload.count <= Links.datagramSize else { return payload.count }
        let isRaw = session.links.isTransparentMode
        let count = link.transport == .tcp ? min(payload.count, Links.segmentSize) : payload.count
        linkIsActive(id)
        session.links[id].received(from: sender)
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

    /// Whether payload can be printed, or thrown away, now: the CPU does not wait for the line, the ring has room, the
    /// handshake is done.
    func takesPayload(_ id: LinkID) -> Bool {
        let link = session.links[id]
        switch link.phase {
        case .free, .refused, .broken, .closing: return true
        case .resolving, .connecting: return false
        case .open: break
        }
        if session.links.isTransparentMode && link.transport == .tcp && !session.transparent.takesMore { return false }
        return !isBlocked
    }
}
