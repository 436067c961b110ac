import ATPrimitives

/// Transparent ("unvarnished") mode (reference 3.8).
///
/// What the host sends is collected and goes out after a pause of 20 ms or at 2048 bytes; after a TCP packet the UART is
/// deaf until the far end has acknowledged it. `+++` alone in a packet leaves. Data from the network passes through a
/// ring whose level holds and releases the far end. A link that breaks is dialled again for ever.
struct Transparent: Sendable {
    /// The most that goes out as one packet (manual 6.2.3).
    static let packetSize = 2048
    /// The ring between network and UART (reference 3.8).
    static let ringSize = 8192
    /// The far end is held at this much free space or less.
    static let holdsBelow = 6144
    /// And released above this much.
    static let releasesAbove = 7999

    /// What the host has sent since the last packet.
    private(set) var packet: [UInt8] = []
    /// A TCP packet is out and not acknowledged.
    private(set) var awaitsAcknowledgement = false
    private var missing: Missing?
    private var ringCount = 0
    private var isHeld = false

    /// A link to dial, after a break or after a boot with a stored link.
    private struct Missing {
        let remote: Endpoint
        /// How often it was dialled.
        var attempts = 0
    }

    init() {
        packet.reserveCapacity(Self.packetSize)
    }

    /// Whether there is room for a segment from the network.
    var takesMore: Bool { !isHeld }
    /// Bytes from the network that wait for the line.
    var bufferedCount: Int { ringCount }

    mutating func buffer(_ count: Int) {
        ringCount += count
        if Self.ringSize - ringCount <= Self.holdsBelow { isHeld = true }
    }

    /// The line has carried `count` bytes away.
    mutating func drain(_ count: Int) {
        ringCount = max(0, ringCount - count)
        if Self.ringSize - ringCount > Self.releasesAbove { isHeld = false }
    }

    var isPacketFull: Bool { packet.count == Self.packetSize }
    /// Three plus signs alone: the host wants to leave.
    var isEscape: Bool { packet.count == 3 && packet.allSatisfy { $0 == UInt8(ascii: "+") } }

    /// The host's bytes of a batch go into the packet, as far as they fit.
    mutating func collect(from receiver: inout Receiver, at now: Instant) {
        receiver.take(min(Self.packetSize - packet.count, receiver.batchCount), at: now, into: &packet)
    }

    /// The packet was sent, lost or understood; the next one begins.
    mutating func startPacket() { packet.removeAll(keepingCapacity: true) }

    mutating func packetIsOut() { awaitsAcknowledgement = true }
    mutating func acknowledge() { awaitsAcknowledgement = false }
    mutating func linkIsGone() { awaitsAcknowledgement = false }

    /// The far end to dial; nil while the link is there.
    var missingRemote: Endpoint? { missing?.remote }

    mutating func linkIsBack() { missing = nil }

    /// The number of the next try, from 1.
    mutating func nextAttempt(to remote: Endpoint) -> Int {
        let attempts = (missing?.attempts ?? 0) + 1
        missing = Missing(remote: remote, attempts: attempts)
        return attempts
    }

    /// A stored link: it is dialled once the station has an address.
    mutating func restore(_ remote: Endpoint) { missing = Missing(remote: remote) }
}

extension Engine {
    /// AT+CIPSEND without a length.
    mutating func enterTransparent() -> Outcome {
        guard session.links.isTransparentMode, !session.links.areMultiple, !session.server.isRunning,
            session.links[0].isEnabled
        else { return .error }
        put(firmware.texts.transparentPrompt)
        return .transparent
    }

    /// The CPU reads what fits into the packet; each read starts the pause anew.
    mutating func collectTransparent() {
        session.transparent.collect(from: &chip.receiver, at: now)
        session.timers.start(.transparentFlush, at: now + delays.transparentFlush)
        if session.transparent.isPacketFull { sendTransparent() }
    }

    /// The pause is over.
    mutating func flushTransparent() {
        if session.transparent.isEscape {
            session.transparent.startPacket()
            session.parser.leaveTransparent()
        } else {
            sendTransparent()
        }
    }

    private mutating func sendTransparent() {
        defer { session.transparent.startPacket() }
        session.timers.stop(.transparentFlush)
        let link = session.links[0]
        // Quirk: what is typed while there is no connection is lost without a word.
        guard link.isOpen, !session.transparent.packet.isEmpty else { return }
        let payload = effects.payload(session.transparent.packet)
        effects.append(.send(0, link.socket, payload, to: link.remote))
        guard link.transport == .tcp else { return }
        session.transparent.packetIsOut()
        awaitAcknowledgement(0)
    }

    /// The link of transparent mode broke, or could not be dialled: again, a little later.
    mutating func transparentLinkLost(_ remote: Endpoint) {
        guard session.links.isTransparentMode else { return }
        let attempt = session.transparent.nextAttempt(to: remote)
        session.timers.start(.transparentReconnect, at: now + delays.reconnect(attempt: attempt))
    }

    mutating func redialTransparent() {
        guard let remote = session.transparent.missingRemote, session.links[0].isFree, session.links.isTransparentMode
        else { return }
        dialSilently(remote)
    }

    /// A boot with a stored link: transparent at once, connected as soon as the station has an address
    /// (reference 5.4).
    mutating func restoreTransparent(_ remote: Endpoint) {
        put("\r\n>")
        session.parser.enterTransparent()
        session.transparent.restore(remote)
        session.timers.start(.addressCheck, at: now + delays.addressCheck)
    }

    mutating func checkAddress() {
        if session.mode.hasStation && session.station.hasAddress {
            redialTransparent()
        } else {
            session.timers.start(.addressCheck, at: now + delays.addressCheck)
        }
    }
}
