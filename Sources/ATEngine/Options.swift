import ATPrimitives

/// What a module is set to from outside.
public struct Options: Sendable {
    /// The station's MAC from the factory.
    public var mac: MACAddress
    /// What takes time in the module.
    public var timing: Timing
    /// Which bugs of the shipped firmware are on.
    public var bugs: Bugs
    /// Seeds everything random in the module.
    public var seed: UInt64
    /// Whether bytes that find the receive FIFO full are lost, as on the chip; else the port waits (contract, `--uart`).
    public var isStrictUART = false
    /// Whether the boot text is printed, at 74880 baud; else only `ready` (contract, `--boot-text`).
    public var printsBootText = false
    /// Whether XPD_DCDC is wired to EXT_RSTB, so that deep sleep ends by itself (contract, `--wake-wired`).
    public var isWakeWired = true

    public init(mac: MACAddress, timing: Timing, bugs: Bugs = [], seed: UInt64) {
        self.mac = mac
        self.timing = timing
        self.bugs = bugs
        self.seed = seed
    }
}

/// What takes time.
public enum Timing: Sendable, CaseIterable {
    /// Everything takes the time it takes on the chip: bytes, flash, key derivation, firmware.
    case hardware
    /// The firmware's own delays; bytes, flash and key derivation take none (transcripts).
    case firmware
    /// No waiting for what only takes time (contract, Timing).
    case fast
}

/// The addresses of a module's interfaces, as far as its mode has them; an interface may have the address 0.0.0.0.
public struct Interfaces: Sendable, Hashable {
    /// Nil in a mode without a station.
    public let station: IPv4Address?
    /// Nil in a mode without a softAP.
    public let softAP: IPv4Address?
}
