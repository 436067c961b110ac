import ATEngine
import ATPrimitives

/// A module without a world: the test is its host, its network, its air and its clock.
struct Bench {
    /// What a module did because of one thing.
    struct Reaction: Equatable {
        /// The serial bytes, with escapes.
        var output: String
        /// What it asked of the world, as transcripts write it.
        var effects: [String]
    }

    static let mac = MACAddress(value: 0x18FE_3400_0001)
    static let home = IPv4Address(10, 0, 0, 100)

    private(set) var engine: Engine
    private(set) var now = Instant.zero
    /// The flash as the effects have made it.
    private(set) var flash: FlashImage
    /// The socket that each link opened last.
    private(set) var sockets: [LinkID: Socket] = [:]
    private(set) var lookup = Lookup(number: 0)
    private(set) var ping = Ping(number: 0)
    /// The local port that each link opened last.
    private(set) var localPorts: [LinkID: UInt16] = [:]
    /// The effects of the last reaction that change the flash, with what they write.
    private(set) var flashWork: [FlashWork] = []

    /// One erase or write.
    enum FlashWork {
        case erase(Int)
        case write(Int, [UInt8])
    }

    /// A module that is booted and quiet, in mode 2 unless `flash` says otherwise; its echo is off.
    init(
        _ firmware: Firmware = .shipped021, timing: Timing = .firmware, bugs: Bugs = [],
        flash: FlashImage = FlashImage(),
        echoes: Bool = false, options change: (inout Options) -> Void = { _ in }
    ) {
        var options = Options(mac: Self.mac, timing: timing, bugs: bugs, seed: 1)
        change(&options)
        engine = Engine(firmware: firmware, flash: flash, options: options)
        self.flash = flash
        power(.on)
        wait(.seconds(1))
        if !echoes { host("ATE0") }
    }

    /// The same with a station that has an address, in a mode that has one.
    static func online(
        _ firmware: Firmware = .shipped021, mode: Int = 1, timing: Timing = .firmware, bugs: Bugs = []
    ) -> Bench {
        var bench = Bench(firmware, timing: timing, bugs: bugs)
        bench.host("AT+CWMODE=\(mode)")
        bench.host("AT+CWJAP=\"home\",\"secret12\"")
        bench.lease()
        bench.wait(.seconds(3))
        return bench
    }

    /// The same with link 0 open in single mode.
    static func connected(
        _ firmware: Firmware = .shipped021, timing: Timing = .firmware, bugs: Bugs = []
    ) -> Bench {
        var bench = Bench.online(firmware, timing: timing, bugs: bugs)
        bench.host("AT+CIPSTART=\"TCP\",\"10.0.0.1\",80")
        bench.handle(.connected(bench.socket(0)))
        return bench
    }

    func socket(_ link: LinkID) -> Socket { sockets[link] ?? Socket(number: .max) }

    // MARK: What happens to the module

    /// A line from the host, in one batch.
    @discardableResult
    mutating func host(_ line: String) -> Reaction { send(line + "\r\n") }

    /// Text from the host as it stands, in one batch.
    @discardableResult
    mutating func send(_ text: String) -> Reaction { send(Array(text.utf8)) }

    @discardableResult
    mutating func send(_ bytes: [UInt8]) -> Reaction {
        engine.receive(bytes.span, at: now)
        return react()
    }

    @discardableResult
    mutating func handle(_ event: Event) -> Reaction {
        engine.handle(event, at: now)
        return react()
    }

    @discardableResult
    mutating func power(_ event: PowerEvent) -> Reaction { handle(.power(event)) }

    @discardableResult
    mutating func lease() -> Reaction {
        handle(
            .station(
                .leased(Self.home, mask: IPv4Address(255, 255, 255, 0), gateway: IPv4Address(10, 0, 0, 1))))
    }

    /// Payload from the far end of a link.
    @discardableResult
    mutating func deliver(_ text: String, on link: LinkID, from sender: String = "10.0.0.1:80") -> Reaction {
        _ = offer(Array(text.utf8), on: link, from: sender)
        return react()
    }

    /// Payload whose output is left where it is.
    /// - Returns: how many bytes the module took.
    mutating func offer(_ bytes: [UInt8], on link: LinkID, from sender: String = "10.0.0.1:80") -> Int {
        let endpoint = Endpoint(sender) ?? Endpoint(address: .any, port: 0)
        return engine.deliver(bytes.span, on: socket(link), from: endpoint, at: now)
    }

    /// A client of the module's server.
    @discardableResult
    mutating func client(port: UInt16 = 80) -> Reaction {
        let remote = Endpoint(address: IPv4Address(10, 0, 0, 9), port: 4000)
        if let socket = engine.accept(from: remote, onPort: port, at: now), let link = engine.link(of: socket) {
            sockets[link] = socket
        }
        return react()
    }

    /// Time passes, with a look at each deadline on the way.
    @discardableResult
    mutating func wait(_ interval: Interval) -> Reaction {
        let end = now + interval
        var reaction = Reaction(output: "", effects: [])
        while let deadline = engine.nextDeadline, deadline <= end {
            now = max(now, deadline)
            engine.advance(to: now)
            reaction += react()
        }
        now = end
        engine.advance(to: now)
        return reaction + react()
    }

    /// The host takes at most so many bytes and leaves the rest.
    mutating func read(_ most: Int) -> String {
        var bytes: [UInt8] = []
        engine.withOutput(max: most) { span in
            for index in span.indices { bytes.append(span[index]) }
            return bytes.count
        }
        return escaped(bytes)
    }

    /// Bytes that reach the module while nobody takes effects or output.
    mutating func sendUnread(_ text: String) {
        engine.receive(Array(text.utf8).span, at: now)
    }

    /// What the module has asked for, and only that.
    mutating func takeEffects() -> [String] {
        var effects: [String] = []
        while let effect = engine.nextEffect() {
            note(effect)
            effects.append(describe(effect))
        }
        return effects
    }

    // MARK: What the module does

    /// Effects, then output, until there is neither.
    mutating func react() -> Reaction {
        var reaction = Reaction(output: "", effects: [])
        flashWork = []
        while true {
            reaction.effects += takeEffects()
            let text = read(.max)
            if text.isEmpty { return reaction }
            reaction.output += text
        }
    }

    private mutating func note(_ effect: Effect) {
        switch effect {
        case .resolve(let lookup, _): self.lookup = lookup
        case .ping(let ping, _): self.ping = ping
        case .connect(let link, let socket, _, let port), .open(let link, let socket, _, let port):
            sockets[link] = socket
            localPorts[link] = port
        case .erase(let sector):
            let work = FlashWork.erase(sector)
            flashWork.append(work)
            flash.apply(work)
        case .write(let address, let payload):
            let work = FlashWork.write(address, bytes(of: payload))
            flashWork.append(work)
            flash.apply(work)
        default: break
        }
    }

    private func bytes(of payload: Payload) -> [UInt8] {
        engine.withPayload(payload) { span in span.indices.map { span[$0] } }
    }

    private func describe(_ effect: Effect) -> String {
        switch effect {
        case .resolve(_, let name): "resolve \(escaped(bytes(of: name)))"
        case .connect(let link, _, let remote, _): "connect \(link) \(remote)"
        case .open(let link, _, let remote, _): "open \(link) \(remote)"
        case .send(let link, _, let payload, let remote): "send \(link) \(escaped(bytes(of: payload))) to \(remote)"
        case .close(let link, _): "close \(link)"
        case .abort(let link, _): "abort \(link)"
        case .release(let link, _): "release \(link)"
        case .listen(let port): "listen \(port)"
        case .unlisten(let port): "unlisten \(port)"
        case .ping(_, let address): "ping \(address)"
        case .scan(let filter):
            "scan \(escaped(filter.ssid)) \(filter.bssid.map(\.description) ?? "any") \(filter.channel)"
        case .join(let request): "join \(escaped(request.ssid)) \(request.address?.description ?? "leased")"
        case .leave: "leave"
        case .stationAddress(let address): "station \(address?.description ?? "leased")"
        case .softAP(let settings): settings.map { "softAP \(escaped($0.ssid)) \($0.address)" } ?? "softAP off"
        case .radioOff: "radio off"
        case .line(let line): "line \(line.baud)"
        case .erase(let sector): "erase \(String(sector, radix: 16))"
        case .write(let address, let payload): "write \(String(address, radix: 16)) \(payload.count)"
        case .restart: "restart"
        case .sleep(let interval): "sleep \(interval)"
        }
    }
}

extension Bench.Reaction {
    static func + (left: Self, right: Self) -> Self {
        Self(output: left.output + right.output, effects: left.effects + right.effects)
    }

    static func += (left: inout Self, right: Self) { left = left + right }
}

extension FlashImage {
    /// What a chip does: an erased sector is FF, and writing takes bits from 1 to 0. The sectors of an image are not the
    /// engine's to keep.
    mutating func apply(_ work: Bench.FlashWork) {
        switch work {
        case .erase(let sector):
            guard Self.sectors.contains(sector) else { return }
            self[sector: sector] = [UInt8](repeating: 0xFF, count: Self.sectorSize)
        case .write(let address, let bytes):
            let (sector, offset) = address.quotientAndRemainder(dividingBy: Self.sectorSize)
            guard Self.sectors.contains(sector) else { return }
            var content = self[sector: sector]
            for (index, byte) in bytes.enumerated() { content[offset + index] &= byte }
            self[sector: sector] = content
        }
    }

    /// The flash after each piece of work was begun and cut short, and after it was done.
    /// - Parameter step: a record's write is cut after each so many bytes.
    static func cuts(of work: [Bench.FlashWork], from start: FlashImage, step: Int? = nil) -> [FlashImage] {
        var flash = start
        var cuts = [start]
        for piece in work {
            switch piece {
            case .erase(let sector):
                guard sectors.contains(sector) else { break }
                // An erase that is cut short has done part of the sector, from either end.
                let half = FlashImage.sectorSize / 2
                let blank = [UInt8](repeating: 0xFF, count: half)
                var torn = flash
                torn[sector: sector] = blank + flash[sector: sector][half...]
                cuts.append(torn)
                torn[sector: sector] = Array(flash[sector: sector][..<half]) + blank
                cuts.append(torn)
            case .write(let address, let bytes):
                for count in stride(from: 1, to: bytes.count, by: step ?? (bytes.count > 100 ? 55 : 1)) {
                    var torn = flash
                    torn.apply(.write(address, Array(bytes[..<count])))
                    cuts.append(torn)
                }
            }
            flash.apply(piece)
            cuts.append(flash)
        }
        return cuts
    }
}
