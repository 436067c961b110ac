import ATPrimitives

/// What a reset leaves as it is: the UART, the flash, the supply, and what was burnt in at the factory.
struct Chip: Sendable {
    var transmitter: Transmitter
    var receiver: Receiver
    var line = LineSettings.standard
    var flash: FlashImage
    var power = Power.off
    /// Why it started last.
    var cause = ResetCause.powerOn
    /// GPIO0 is held low from outside: a start then waits for a download.
    var isGPIO0Low = false
    /// It has started so.
    var isDownloadMode = false
    /// The CPU is busy with the flash, or with a key, until then.
    var busyUntil = Instant.zero
    /// The station's MAC in the one-time programmable memory.
    let mac: MACAddress
    var random: RandomSource
    /// Sockets, lookups and pings are numbered through all resets.
    var lastNumber: UInt32 = 0

    init(flash: FlashImage, options: Options) {
        let isPaced = options.timing == .hardware
        transmitter = Transmitter(settings: .standard, isPaced: isPaced)
        receiver = Receiver(settings: .standard, isPaced: isPaced, isStrict: options.isStrictUART)
        self.flash = flash
        mac = options.mac
        random = RandomSource(seed: options.seed)
    }

    mutating func nextNumber() -> UInt32 {
        lastNumber &+= 1
        return lastNumber
    }
}

/// The supply and what the chip does with it.
enum Power: Sendable, Equatable {
    case off
    /// The reset pin is held low.
    case held
    /// The ROM and the SDK start; the firmware takes over after the last phase.
    case booting(BootPhase, until: Instant)
    case running
    /// The ROM waits for a download and says nothing.
    case downloading
    /// Deep sleep, until the timer or a reset ends it; `never` is only a reset.
    case asleep(until: Instant)
}

/// How far a start has come.
enum BootPhase: Sendable, Equatable {
    /// Nothing was printed yet.
    case reset
    /// The ROM and the second-stage boot have printed.
    case rom
    /// The SDK has printed; what is still on its way out leaves at the boot's rate.
    case sdk
}
