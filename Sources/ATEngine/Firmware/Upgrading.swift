import ATPrimitives

// How AT+CIUPDATE goes on: what it says, what it asks of the world, what it writes (reference 7).
extension Engine {
    mutating func startUpgrade() -> Outcome {
        // After the bug event-forces-idle another one may be under way.
        if let socket = session.upgrade.socket { effects.append(.release(Upgrade.link, socket)) }
        let lookup = Lookup(number: chip.nextNumber())
        session.upgrade = Upgrade()
        session.upgrade.start(lookup, writing: runningHalf.other)
        session.timers.start(.upgradeStep, at: now + delays.lookup)
        session.timers.start(.upgradeTotal, at: now + delays.upgradeTotal)
        let host = Upgrade.host
        let name = effects.payload(Array(UnsafeBufferPointer(start: host.utf8Start, count: host.utf8CodeUnitCount)))
        effects.append(.resolve(lookup, name: name))
        return .pending
    }

    mutating func upgradeResolved(to address: IPv4Address?) {
        guard let address else { return endUpgrade(isDone: false) }
        session.upgrade.found(address)
        line("+CIPUPDATE:1")
        dialUpgrade(.version)
    }

    private mutating func dialUpgrade(_ stage: Upgrade.Stage) {
        let socket = Socket(number: chip.nextNumber())
        session.upgrade.dialled(stage, socket)
        session.timers.start(.upgradeStep, at: now + (stage == .version ? delays.handshake : delays.upgradeConnect))
        effects.append(.connect(Upgrade.link, socket, to: session.upgrade.remote, localPort: randomPort(.tcp)))
    }

    mutating func upgradeConnected() {
        guard let (stage, socket) = session.upgrade.connected() else { return }
        if stage == .version { line("+CIPUPDATE:2") }
        session.timers.stop(.upgradeStep)
        let request = effects.payload(upgradeRequest(stage))
        effects.append(.send(Upgrade.link, socket, request, to: session.upgrade.remote))
    }

    /// The request has arrived: from now on the server has five seconds for its first word.
    mutating func upgradeAcknowledged() {
        guard case .asking(.version, _) = session.upgrade.state else { return }
        session.timers.start(.upgradeStep, at: now + delays.upgradeAnswer)
    }

    /// The connection is gone, or was refused.
    mutating func upgradeReset() {
        switch session.upgrade.state {
        case .connecting:
            session.upgrade.refused()
            session.timers.start(.upgradeStep, at: now + delays.errorReport)
        case .asking, .reading: answerUpgrade(isDone: false)
        case .idle, .resolving, .refused: break
        }
    }

    /// The server has closed: after the version the image is asked for, before the end of the image all is lost.
    mutating func upgradeFinished() {
        guard let socket = session.upgrade.socket else { return }
        effects.append(.close(Upgrade.link, socket))
        guard session.upgrade.hasVersion else { return answerUpgrade(isDone: false) }
        line("+CIPUPDATE:4")
        dialUpgrade(.image)
    }

    mutating func upgradeStepEnded() {
        switch session.upgrade.state {
        case .idle, .reading: break
        case .resolving, .asking: endUpgrade(isDone: false)
        case .connecting(_, let socket):
            effects.append(.abort(Upgrade.link, socket))
            upgradeReset()
        case .refused(let stage):
            // Quirk: the first connection's failure says ERROR twice.
            if stage == .version { putError() }
            endUpgrade(isDone: false)
        }
    }

    /// The module has what it wants, or wants no more.
    mutating func endUpgrade(isDone: Bool) {
        guard !session.upgrade.isIdle else { return }
        if let socket = session.upgrade.socket { effects.append(.release(Upgrade.link, socket)) }
        answerUpgrade(isDone: isDone)
    }

    /// The answer of the command, and the restart into the new image; the connection is gone.
    private mutating func answerUpgrade(isDone: Bool) {
        session.timers.stop(.upgradeStep)
        session.timers.stop(.upgradeTotal)
        if isDone { storeRunningHalf(session.upgrade.image.half) }
        session.upgrade = Upgrade()
        finish(isDone ? .ok : .error)
        if isDone { restart() }
    }

    /// One segment of an answer; all of it is taken.
    mutating func receiveUpgrade(_ payload: Span<UInt8>) {
        guard let stage = session.upgrade.received() else { return }
        session.timers.stop(.upgradeStep)
        switch stage {
        case .version:
            line("+CIPUPDATE:3")
            for index in payload.indices { session.upgrade.takeVersion(payload[index]) }
        case .image: readImage(payload)
        }
    }

    private mutating func readImage(_ payload: Span<UInt8>) {
        for index in payload.indices {
            switch session.upgrade.takeImage(payload[index]) {
            case .none: continue
            case .refuse: return endUpgrade(isDone: false)
            case .write(let sector, let bytes, let isLast):
                writeSector(sector, bytes)
                if isLast { return endUpgrade(isDone: true) }
            }
        }
    }

    private func upgradeRequest(_ stage: Upgrade.Stage) -> [UInt8] {
        var request: [UInt8] = []
        switch stage {
        case .version:
            request.append("GET /v1/device/rom/?is_format_simple=true HTTP/1.0\r\nHost: ")
        case .image:
            request.append("GET /v1/device/rom/?action=download_rom&version=")
            request += session.upgrade.version.text
            request.append(runningHalf == .user1 ? "&filename=user2.bin" : "&filename=user1.bin")
            request.append(" HTTP/1.1\r\nHost: ")
        }
        let (a, b, c, d) = session.upgrade.remote.address.octets
        for (index, octet) in [a, b, c, d].enumerated() {
            if index > 0 { request.append(UInt8(ascii: ".")) }
            if octet >= 100 { request.append(UInt8(ascii: "0") + octet / 100) }
            if octet >= 10 { request.append(UInt8(ascii: "0") + octet / 10 % 10) }
            request.append(UInt8(ascii: "0") + octet % 10)
        }
        // The token is that of a device; this one is made up (reference 7: forty hexadecimal digits).
        request.append(
            """
            :80\r\nConnection: keep-alive\r\nCache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (Windows NT 5.1) \
            AppleWebKit/537.36 (KHTML, like Gecko) Chrome/30.0.1599.101 Safari/537.36\r\nAccept: */*\r\nAuthorization: \
            token 0000000000000000000000000000000000000000\r\nAccept-Encoding: gzip,deflate,sdch\r\nAccept-Language: \
            zh-CN,zh;q=0.8\r\n\r\n
            """)
        return request
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
