import ATPrimitives

// Counted sending: the payload goes out, the ACK is awaited, SEND OK or SEND FAIL is said (reference 2.22, 3.6).
extension Engine {
    /// AT+CIPSEND=: the prompt, then so many bytes of payload.
    mutating func startCollecting(_ id: LinkID, count: Int) -> Outcome {
        session.links.willSend(on: id)
        put(firmware.texts.prompt)
        return .collect(id, session.links[id].socket, count: count)
    }

    /// The last byte of the payload has come.
    mutating func sendPayload(_ id: LinkID, _ socket: Socket) {
        let link = session.links[id]
        guard link.socket == socket, link.isOpen else {
            // Quirk: the firmware reads the block of a link that is free, and crashes (bug close-while-collecting).
            if options.bugs.contains(.closeWhileCollecting) && link.isFree { return crash() }
            put(firmware.texts.sendFailed)
            session.parser.payloadEnded()
            return
        }
        let payload = effects.payload(session.parser.payload)
        effects.append(.send(id, socket, payload, to: link.remote))
        if link.transport == .udp {
            put("\r\nSEND OK\r\n")
            session.parser.payloadEnded()
        } else {
            session.parser.payloadIsOut(on: socket)
            awaitAcknowledgement(id)
        }
    }

    mutating func awaitAcknowledgement(_ id: LinkID) {
        session.links[id].sent()
        limitPhase(of: id, to: delays.retransmission)
    }

    /// The far end has acknowledged all data, and the FIN if one was sent.
    mutating func linkAcknowledged(_ id: LinkID) {
        let link = session.links[id]
        switch link.phase {
        case .closing(_, isClosed: false): limitPhase(of: id, to: delays.finWait2)
        case .open where link.isUnacknowledged: limitPhase(of: id, to: nil)
        default: return
        }
        guard link.isUnacknowledged else { return }
        session.links[id].acknowledged()
        linkIsActive(id)
        if session.parser.isSending(on: link.socket) {
            put("\r\nSEND OK\r\n")
            session.parser.payloadEnded()
        } else {
            session.transparent.acknowledge()
            if !session.parser.isTransparent { forceIdleIfBugged() }
        }
    }
}
