import ATAir
import ATEngine
import ATFlash
import ATPrimitives

// What the engine asks for.
extension LabModule {
    func perform(_ effect: Effect) {
        let now = lab.clock.now
        switch effect {
        case .resolve(let lookup, let name):
            engine.withPayload(name) { bytes in
                network.resolve(lookup, name: bytes.withUnsafeBufferPointer { Array($0) })
            }
        case .connect(_, let socket, let remote, let localPort):
            network.connect(socket, to: remote, localPort: localPort)
        case .open(_, let socket, let remote, let localPort): network.open(socket, to: remote, localPort: localPort)
        case .send(_, let socket, let payload, let remote):
            engine.withPayload(payload) { network.send(socket, $0, to: remote) }
        case .close(_, let socket): network.close(socket)
        case .abort(_, let socket): network.abort(socket)
        case .release(_, let socket): network.release(socket)
        case .listen(let port): network.listen(port: port)
        case .unlisten(let port): network.unlisten(port: port)
        case .ping(let ping, let address): network.ping(ping, to: address)
        case .scan(let filter): lab.air.scan(filter, by: radio, at: now)
        case .join(let request): lab.air.join(request, by: radio, at: now)
        case .leave: lab.air.leave(radio, at: now)
        case .stationAddress(let address): lab.air.setAddress(address, of: radio, at: now)
        case .softAP(let settings): lab.air.setSoftAP(settings, of: radio, at: now)
        case .radioOff:
            network.leaveLab()
            lab.air.powerOff(radio, at: now)
        case .line(let settings):
            port.setLine(settings)
            if engine.isRunning { usualLine = settings }
            hasWarnedOfRate = false
            nextRateCheck = .zero
            logger.debug("line: \(settings.baud) baud")
        case .erase(let sector): writeFlash { flash throws(FlashFileError) in try flash.erase(sector: sector) }
        case .write(let address, let payload):
            let bytes = engine.withPayload(payload) { $0.withUnsafeBufferPointer { Array($0) } }
            writeFlash { flash throws(FlashFileError) in try flash.write(address: address, bytes.span) }
        case .restart: logger.info("restart")
        case .sleep: logger.info("deep sleep")
        }
    }

    /// A change that does not reach the file ends the lab: the OK that confirms it must not be seen.
    private func writeFlash(_ change: (FlashFile) throws(FlashFileError) -> Void) {
        guard let flash, !hasFailed else { return }
        do throws(FlashFileError) {
            try change(flash)
        } catch {
            hasFailed = true
            lab.fail(LabError(error, module: name))
        }
    }
}

// What its network asks of it.
extension LabModule {
    func deliver(_ bytes: Span<UInt8>, on socket: Socket, from sender: Endpoint) -> Int {
        var taken = 0
        while taken < bytes.count {
            let count = engine.deliver(bytes.extracting(taken...), on: socket, from: sender, at: lab.clock.now)
            guard count > 0 else { break }
            taken += count
            pump()
        }
        if taken < bytes.count { wait(for: socket) }
        return taken
    }

    /// Takes from the lab's network one piece that waits for a socket.
    /// - Returns: whether there was one that it took.
    func take(_ socket: Socket) -> Bool {
        var (offered, taken) = (0, 0)
        let hasTaken = lab.network.offerPayload(to: radio, on: socket, at: lab.clock.now, air: lab.air) {
            bytes, sender in
            offered = bytes.count
            taken = engine.deliver(bytes, on: socket, from: sender, at: lab.clock.now)
            return taken
        }
        if taken < offered { wait(for: socket) }
        pump()
        return hasTaken
    }

    func accept(_ client: Endpoint, onPort port: UInt16) -> Socket? {
        let socket = engine.accept(from: client, onPort: port, at: lab.clock.now)
        // The network knows the socket only when this call has returned.
        lab.loop.assumeIsolated().execute { [weak self] in self?.pump() }
        return socket
    }

    private func wait(for socket: Socket) {
        if !waiting.contains(socket) { waiting.append(socket) }
    }
}
