import ATPrimitives

/// The upgrade through the network, AT+CIUPDATE (reference 7).
///
/// A name is resolved; a first connection asks for the version, and its end, which the server makes, leads to a second
/// one that brings the image. The image is written sector by sector to the half of the flash that does not run. Only
/// when it is whole is the flag stored that selects the other half, so that whatever fails leaves everything as it was.
struct Upgrade: Sendable {
    /// The link id that effects of the upgrade carry: none of those that a host can have.
    static let link: LinkID = Links.count
    static let host: StaticString = "iot.espressif.cn"
    static let port: UInt16 = 80
    /// The version is this many characters (reference 7).
    static let versionLength = 5
    /// A header longer than this is none that the firmware could keep; it has two segments' worth of memory (inferred).
    static let headerLimit = 2 * Links.segmentSize

    enum Stage: Sendable, Equatable {
        case version
        case image
    }

    enum State: Sendable, Equatable {
        case idle
        case resolving(Lookup)
        case connecting(Stage)
        /// The connect has failed; the answer is on its way.
        case refused(Stage)
        /// The request is out.
        case asking(Stage)
        /// Data has come.
        case reading(Stage)
    }

    fileprivate(set) var state = State.idle
    fileprivate(set) var socket: Socket?
    fileprivate var remote = Endpoint(address: .any, port: 0)
    fileprivate var search = PatternSearch()
    fileprivate var version: [UInt8] = []
    fileprivate var header: [UInt8] = []
    fileprivate var download: Download?

    /// The image on its way into the flash.
    struct Download: Sendable {
        let half: FlashHalf
        /// What Content-Length says, 1 or more.
        let length: Int
        var received = 0
        /// The bytes of the sector that is not full yet.
        var sector: [UInt8] = []
    }
}

/// The two places of an image in the flash (reference 6).
enum FlashHalf: UInt8, Sendable {
    case user1 = 1
    case user2 = 2

    var other: FlashHalf { self == .user1 ? .user2 : .user1 }
    /// The first sector and the one after the last: up to the AT parameters, up to the RF data.
    var sectors: Range<Int> { self == .user1 ? 0x01..<0x3D : 0x41..<0x7C }
    var capacity: Int { sectors.count * FlashImage.sectorSize }
}

/// Looks for the mark before the version in a stream of segments.
struct PatternSearch: Sendable {
    private static let pattern: StaticString = "rom_version\": \""
    /// How much of the mark has matched when its second `r` has, which is also its first.
    private static let secondStart = 7

    private var matched = 0

    /// The mark has come, whole.
    var isDone: Bool { matched == Self.pattern.utf8CodeUnitCount }

    /// The next byte of the stream; the mark is not done.
    mutating func take(_ byte: UInt8) {
        let pattern = Self.pattern
        while byte != pattern.utf8Start[matched] {
            if matched == 0 { return }
            matched = matched == Self.secondStart ? 1 : 0
        }
        matched += 1
    }
}

extension Engine {
    mutating func startUpgrade() -> Outcome {
        let lookup = Lookup(number: chip.nextNumber())
        session.upgrade = Upgrade()
        session.upgrade.state = .resolving(lookup)
        session.timers.start(.upgradeStep, at: now + delays.lookup)
        session.timers.start(.upgradeTotal, at: now + delays.upgradeTotal)
        let host = Upgrade.host
        let name = effects.payload(Array(UnsafeBufferPointer(start: host.utf8Start, count: host.utf8CodeUnitCount)))
        effects.append(.resolve(lookup, name: name))
        return .pending
    }

    mutating func upgradeResolved(to address: IPv4Address?) {
        guard let address else { return endUpgrade(isDone: false) }
        session.upgrade.remote = Endpoint(address: address, port: Upgrade.port)
        line("+CIPUPDATE:1")
        dialUpgrade(.version)
    }

    private mutating func dialUpgrade(_ stage: Upgrade.Stage) {
        let socket = Socket(number: chip.nextNumber())
        session.upgrade.socket = socket
        session.upgrade.state = .connecting(stage)
        session.timers.start(.upgradeStep, at: now + (stage == .version ? delays.handshake : delays.upgradeConnect))
        effects.append(.connect(Upgrade.link, socket, to: session.upgrade.remote, localPort: randomPort(.tcp)))
    }

    mutating func upgradeConnected() {
        guard case .connecting(let stage) = session.upgrade.state, let socket = session.upgrade.socket else { return }
        if stage == .version { line("+CIPUPDATE:2") }
        session.upgrade.state = .asking(stage)
        session.timers.stop(.upgradeStep)
        let request = effects.payload(upgradeRequest(stage))
        effects.append(.send(Upgrade.link, socket, request, to: session.upgrade.remote))
    }

    /// The request has arrived: from now on the server has five seconds for its first word.
    mutating func upgradeAcknowledged() {
        guard case .asking(.version) = session.upgrade.state else { return }
        session.timers.start(.upgradeStep, at: now + delays.upgradeAnswer)
    }

    /// The connection is gone, or was refused.
    mutating func upgradeReset() {
        switch session.upgrade.state {
        case .connecting(let stage):
            session.upgrade.state = .refused(stage)
            session.upgrade.socket = nil
            session.timers.start(.upgradeStep, at: now + delays.errorReport)
        case .asking, .reading:
            session.upgrade.socket = nil
            endUpgrade(isDone: false)
        case .idle, .resolving, .refused:
            break
        }
    }

    /// The server has closed: after the version the image is asked for, before the end of the image all is lost.
    mutating func upgradeFinished() {
        guard let socket = session.upgrade.socket else { return }
        effects.append(.close(Upgrade.link, socket))
        session.upgrade.socket = nil
        guard session.upgrade.state == .reading(.version), session.upgrade.version.count == Upgrade.versionLength
        else { return endUpgrade(isDone: false) }
        line("+CIPUPDATE:4")
        dialUpgrade(.image)
    }

    mutating func upgradeStepEnded() {
        switch session.upgrade.state {
        case .idle, .reading: break
        case .resolving: endUpgrade(isDone: false)
        case .connecting:
            if let socket = session.upgrade.socket { effects.append(.abort(Upgrade.link, socket)) }
            upgradeReset()
        case .refused(let stage):
            // Quirk: the first connection's failure says ERROR twice.
            if stage == .version { putError() }
            endUpgrade(isDone: false)
        case .asking: endUpgrade(isDone: false)
        }
    }

    /// The answer of the command, and the restart into the new image.
    mutating func endUpgrade(isDone: Bool) {
        guard session.upgrade.state != .idle else { return }
        if let socket = session.upgrade.socket { effects.append(.release(Upgrade.link, socket)) }
        session.timers.stop(.upgradeStep)
        session.timers.stop(.upgradeTotal)
        if isDone, let half = session.upgrade.download?.half { storeRunningHalf(half) }
        session.upgrade = Upgrade()
        finish(isDone ? .ok : .error)
        if isDone { restart() }
    }

    /// One segment of an answer; all of it is taken.
    mutating func receiveUpgrade(_ payload: Span<UInt8>) {
        switch session.upgrade.state {
        case .asking(let stage), .reading(let stage):
            session.upgrade.state = .reading(stage)
            session.timers.stop(.upgradeStep)
            if stage == .version { readVersion(payload) } else { readImage(payload) }
        case .idle, .resolving, .connecting, .refused:
            break
        }
    }

    private mutating func readVersion(_ payload: Span<UInt8>) {
        line("+CIPUPDATE:3")
        for index in payload.indices where session.upgrade.version.count < Upgrade.versionLength {
            if session.upgrade.search.isDone {
                session.upgrade.version.append(payload[index])
            } else {
                session.upgrade.search.take(payload[index])
            }
        }
    }

    private mutating func readImage(_ payload: Span<UInt8>) {
        for index in payload.indices {
            if session.upgrade.download != nil {
                writeImage(payload[index])
            } else {
                session.upgrade.header.append(payload[index])
                guard session.upgrade.header.count <= Upgrade.headerLimit else { return endUpgrade(isDone: false) }
                if session.upgrade.header.hasSuffix("\r\n\r\n") { startDownload() }
            }
            guard case .reading(.image) = session.upgrade.state else { return }
        }
    }

    /// The header is whole. Only a good answer with a length that fits is written; the firmware looks at the length alone,
    /// and would write an error page (inferred).
    private mutating func startDownload() {
        let half = runningHalf.other
        guard session.upgrade.header.isGoodAnswer, let length = session.upgrade.header.contentLength,
            (1...half.capacity).contains(length)
        else { return endUpgrade(isDone: false) }
        session.upgrade.header.removeAll()
        session.upgrade.download = Upgrade.Download(half: half, length: length)
    }

    private mutating func writeImage(_ byte: UInt8) {
        guard var download = session.upgrade.download.take() else { return }
        download.sector.append(byte)
        download.received += 1
        let isDone = download.received == download.length
        if download.sector.count == FlashImage.sectorSize || isDone {
            let sector = download.half.sectors.lowerBound + (download.received - 1) / FlashImage.sectorSize
            writeSector(sector, download.sector)
            download.sector.removeAll(keepingCapacity: true)
        }
        session.upgrade.download = download
        if isDone { endUpgrade(isDone: true) }
    }
}

// What is asked of the server, and how its answer is read.
extension Engine {
    private func upgradeRequest(_ stage: Upgrade.Stage) -> [UInt8] {
        var request: [UInt8] = []
        switch stage {
        case .version:
            request.append("GET /v1/device/rom/?is_format_simple=true HTTP/1.0\r\nHost: ")
        case .image:
            request.append("GET /v1/device/rom/?action=download_rom&version=")
            request += session.upgrade.version
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

    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        return self.count >= count && matches(text, at: self.count - count)
    }

    /// Whether `text` stands at `offset`, in whatever case; `text` itself has no upper case.
    private func matches(_ text: StaticString, at offset: Int) -> Bool {
        guard offset + text.utf8CodeUnitCount <= count else { return false }
        for index in 0..<text.utf8CodeUnitCount {
            var byte = self[offset + index]
            if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) { byte |= 0x20 }
            if byte != text.utf8Start[index] { return false }
        }
        return true
    }

    /// Whether a header begins with a status of 200.
    fileprivate var isGoodAnswer: Bool {
        (matches("http/1.0 200", at: 0) || matches("http/1.1 200", at: 0))
    }

    /// The value of Content-Length; nil if there is none, or one beyond any flash.
    fileprivate var contentLength: Int? {
        let name: StaticString = "\r\ncontent-length:"
        guard let start = indices.first(where: { matches(name, at: $0) }) else { return nil }
        var position = start + name.utf8CodeUnitCount
        while position < count, self[position] == UInt8(ascii: " ") { position += 1 }
        var value = 0
        let first = position
        while position < count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self[position]) {
            value = value * 10 + Int(self[position] - UInt8(ascii: "0"))
            guard value <= FlashImage.flashSize else { return nil }
            position += 1
        }
        return position > first && position < count && self[position] == UInt8(ascii: "\r") ? value : nil
    }
}
