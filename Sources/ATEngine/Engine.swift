import ATPrimitives

/// A module: the chip and the firmware that runs on it. Bytes and events go in, bytes and effects come out; time is an
/// argument and never goes back.
///
/// The owner calls one of `receive`, `handle`, `deliver`, `accept` and `advance`, then drains `nextEffect`, then takes
/// output with `withOutput`, and again as long as there is an effect or a byte: output that is taken may let the
/// firmware go on. Effects come before the output that confirms them.
public struct Engine: Sendable {
    /// What runs on the chip.
    public let firmware: Firmware
    /// What is set from outside.
    public private(set) var options: Options
    var chip: Chip
    var session: Session
    var effects = EffectQueue()
    var now = Instant.zero
    /// When the chip last began to start.
    var bootBegan = Instant.zero
    let delays: Delays

    /// A module without power; `Event.power(.on)` starts it.
    /// - Parameters:
    ///   - firmware: what runs on it.
    ///   - flash: its parameter sectors.
    ///   - options: what is set from outside.
    public init(firmware: Firmware, flash: FlashImage, options: Options) {
        self.firmware = firmware
        self.options = options
        delays = firmware.delays.scaled(to: options.timing)
        chip = Chip(flash: flash, options: options)
        session = Session(
            mode: .softAP,
            station: Station(ssid: [], password: [], mac: options.mac, usesDHCP: true, autoConnects: true),
            softAP: SoftAP(
                configuration: SoftAP.Configuration(ssid: [], password: [], channel: 1, security: .open),
                mac: options.mac.softAP, address: .softAP, servesDHCP: true))
        session = makeSession()
    }

    /// The bugs of the shipped firmware that are on; they may be switched while the module runs.
    public var bugs: Bugs {
        get { options.bugs }
        set { options.bugs = newValue }
    }

    /// The parameter sectors as they are now, without the work that is still under way.
    public var flash: FlashImage { chip.settledFlash }
    /// Erases all parameter sectors from outside, as a programmer would; the firmware sees it at its next start. There is
    /// no effect: the owner has the flash in its hands.
    public mutating func eraseFlash() { chip.eraseFlash() }

    /// The interfaces that the mode has, and their addresses.
    public var interfaces: Interfaces {
        Interfaces(
            station: session.mode.hasStation ? session.station.address : nil,
            softAP: session.mode.hasSoftAP ? session.softAP.address : nil)
    }

    /// The link that a socket belongs to; nil when the module no longer knows it.
    public func link(of socket: Socket) -> LinkID? { session.links.id(of: socket) }

    /// Whether `deliver` would take payload for a socket now. A socket that the module no longer knows takes all.
    public func takesPayload(on socket: Socket) -> Bool {
        guard chip.power == .running else { return true }
        if let id = session.links.id(of: socket) { return takesPayload(id) }
        return session.upgrade.socket != socket || !isBlocked
    }

    /// The UART's settings now.
    public var line: LineSettings { chip.line }
    /// Whether the firmware runs: there is power, the boot is over, the chip is awake.
    public var isRunning: Bool { chip.power == .running }
    /// Whether nothing is under way that would still say something: no command works, nothing is booting or restarting,
    /// no ping or connect is open, no input waits. Links may be open.
    public var isQuiet: Bool {
        let isWorking =
            switch session.parser.state {
            case .idle, .receiving, .collecting: false
            case .processing, .sending: true
            case .transparent: !session.transparent.packet.isEmpty || session.transparent.awaitsAcknowledgement
            }
        let isStarting = if case .booting = chip.power { true } else { false }
        return !isWorking && !isStarting && chip.receiver.isEmpty && chip.transmitter.isEmpty
            && !session.pings.areUnderWay
            && !session.links.areUnderWay && !session.timers.isRunning(.restart)
    }

    /// How many bytes the serial line may bring now; 0 while the module cannot take any.
    public var receiveCapacity: Int {
        switch chip.power {
        case .booting: options.isStrictUART ? Receiver.capacity : 0
        case .running: chip.receiver.room
        case .off, .held, .asleep, .downloading: Receiver.capacity
        }
    }

    /// Bytes from the host.
    /// - Returns: how many were taken, up to `receiveCapacity`. A module that sleeps or has no power takes all and loses
    ///   them.
    @discardableResult
    public mutating func receive(_ bytes: Span<UInt8>, at now: Instant) -> Int {
        begin(at: now)
        let count = min(bytes.count, receiveCapacity)
        if chip.power == .running {
            chip.receiver.append(bytes.extracting(..<count), at: self.now)
            settle()
            chip.receiver.loseOverflow()
        }
        return count
    }

    /// An event of the world; one of a socket, lookup or ping that is no more is ignored.
    public mutating func handle(_ event: Event, at now: Instant) {
        begin(at: now)
        if case .power(let event) = event {
            powerChanged(event)
        } else if chip.power == .running {
            dispatch(event)
        }
        settle()
    }

    /// Payload from the network.
    /// - Parameters:
    ///   - payload: for TCP the next bytes of the stream, for UDP one datagram. An empty one is no event: nothing is said.
    ///   - sender: the far end, as the link shows it.
    /// - Returns: how many bytes were taken. TCP takes one segment of at most 1460 bytes a call, UDP the whole datagram;
    ///   0 means not now: offer it again after the next call that changed something.
    public mutating func deliver(
        _ payload: Span<UInt8>, on socket: Socket, from sender: Endpoint, at now: Instant
    ) -> Int {
        begin(at: now)
        guard chip.power == .running, !payload.isEmpty else { return payload.count }
        guard takesPayload(on: socket) else { return 0 }
        var count = payload.count
        if let id = session.links.id(of: socket) {
            count = receivePayload(payload, id, from: sender)
        } else if session.upgrade.socket == socket {
            count = min(count, Links.segmentSize)
            receiveUpgrade(payload.extracting(..<count))
        }
        settle()
        return count
    }

    /// A client connects to a port on which the module listens.
    /// - Returns: the client's socket from now on; nil means that the module closes it at once, without a line.
    public mutating func accept(from client: Endpoint, onPort port: UInt16, at now: Instant) -> Socket? {
        begin(at: now)
        guard chip.power == .running, chip.transmitter.count < Server.outputLimit else { return nil }
        let socket = acceptClient(client, onPort: port)
        settle()
        return socket
    }

    /// What is due up to and including `now` happens.
    public mutating func advance(to now: Instant) {
        begin(at: now)
        settle()
    }

    /// When `advance` has something to do next; nil if nothing is due by itself.
    public var nextDeadline: Instant? {
        var next = nextStep
        if let departure = chip.transmitter.nextDeparture { next = min(next, departure) }
        return next == .never ? nil : next
    }

    /// The next thing that the module asks of the world; nil when there is none left.
    public mutating func nextEffect() -> Effect? { effects.popFirst() }

    /// How many bytes of output have not been taken, whether they have left the line or not.
    public var outputCount: Int { chip.transmitter.count }

    /// Whether `nextEffect` has something to give.
    public var hasEffects: Bool { !effects.isEmpty }

    /// Calls `body` with the bytes that belong to an effect; valid until the next call that takes a time
    /// or output.
    public func withPayload<R>(_ payload: Payload, _ body: (Span<UInt8>) -> R) -> R {
        effects.withPayload(payload, body)
    }

    /// Gives the serial bytes that have left the module by now, at most `max`; `body` returns how many it took. It is not
    /// called when there are none. Taking output may bring effects and more output.
    public mutating func withOutput(max: Int, _ body: (Span<UInt8>) -> Int) {
        let before = chip.transmitter.count
        chip.transmitter.take(max: max, body)
        let taken = before - chip.transmitter.count
        guard taken > 0 else { return }
        effects.recycle()
        session.transparent.drain(taken)
        lineMayBeEmpty()
        settle()
    }
}
