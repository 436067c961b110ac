import ATPrimitives

/// What a reset leaves as it is: the UART, the flash, the supply, and what was burnt in at the factory.
struct Chip: Sendable {
    var transmitter: Transmitter
    var receiver: Receiver
    var line = LineSettings.standard
    var flash: FlashImage
    var power = Power.off
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
        receiver = Receiver(settings: .standard, isPaced: isPaced)
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
    /// The ROM and the SDK start; the firmware takes over at the instant.
    case booting(until: Instant)
    case running
    /// Deep sleep: only a reset ends it.
    case asleep
}
