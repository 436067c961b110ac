import ATAir
import ATNetwork
import ATPrimitives
import ATSerial

/// Which edition of the firmware a module runs (contract, `--firmware`).
public enum FirmwareEdition: String, Sendable, CaseIterable {
    /// As it was shipped.
    case shipped = "0.21"
    /// As the manual prints it.
    case manual = "0.21-manual"
}

/// What takes time (contract, Timing).
public enum TimingMode: String, Sendable, CaseIterable {
    /// The firmware's delays and the byte time of the UART.
    case real
    /// No waiting for what only takes time.
    case fast
}

/// What becomes of bytes that a module cannot take (contract, `--uart`).
public enum UARTMode: String, Sendable, CaseIterable {
    /// As on the chip: a full FIFO loses them, and a wrong baud rate gives garbage.
    case strict
    /// The port waits.
    case lossless
}

/// What the port shows of the boot text at 74880 baud (contract, `--boot-text`).
public enum BootTextMode: String, Sendable, CaseIterable {
    /// What a host that listens at its own rate samples.
    case garbled
    /// The text as it is.
    case plain
    /// Only `ready`.
    case none
}

/// One module of a lab.
public struct ModuleConfiguration: Sendable, Hashable {
    /// 1 to 64 letters, digits, hyphens, underscores and full stops.
    public var name: String
    public var serial: SerialSpecification
    public var firmware: FirmwareEdition
    /// The path of the flash image; nil starts from a factory-fresh module each time.
    public var flash: String?
    /// The MAC of the station from OTP.
    public var mac: MACAddress
    public var timing: TimingMode
    /// Whether the hangs of the shipped firmware are on; never with the manual's edition.
    public var strictBugs: Bool
    public var forwards: [Forward]
    public var uart: UARTMode
    /// Nil: garbled if the UART is strict, else none.
    public var bootText: BootTextMode?
    /// Whether deep sleep ends by itself.
    public var isWakeWired: Bool
    /// The latency of its packets each way, 0 to 60 s; nil is that of the access point.
    public var latency: Interval?
    /// Where it is; nil is in the same place as all others that have none.
    public var position: Position?

    /// What the port shows of the boot text, if nothing was said too.
    public var effectiveBootText: BootTextMode { bootText ?? (uart == .strict ? .garbled : .none) }

    /// A module that has only a name: its serial port is `pty:./NAME.tty`, its MAC comes from the name.
    /// - Parameter name: as `name`.
    public init(name: String) {
        self.name = name
        serial = .pseudoTerminal(link: "./\(name).tty")
        firmware = .shipped
        flash = nil
        mac = .station(ofModule: name)
        timing = .real
        strictBugs = false
        forwards = []
        uart = .lossless
        bootText = nil
        isWakeWired = true
        latency = nil
        position = nil
    }
}

extension RadioSettings {
    /// The latency of a LAN, which drivers rely on (clients, 1): in real time, a far end on this computer has it too.
    private static let latencyOfLAN = Interval.milliseconds(2)

    init(_ configuration: ModuleConfiguration) {
        self.init(
            delays: configuration.timing == .fast ? AirDelays.none : .shipped, latency: configuration.latency,
            standardLatency: configuration.timing == .fast ? .zero : Self.latencyOfLAN,
            position: configuration.position)
    }
}
