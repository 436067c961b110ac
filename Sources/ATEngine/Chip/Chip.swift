import ATPrimitives

/// What a reset leaves as it is: the UART, the flash, the supply, and what was burnt in at the factory.
struct Chip: Sendable {
    var transmitter: Transmitter
    var receiver: Receiver
    var line = LineSettings.standard
    /// The flash as the firmware sees it.
    var flash: FlashImage
    /// The flash as it is: without the work that is still under way.
    private(set) var settledFlash: FlashImage
    /// Work on the flash that takes its time, in order.
    private(set) var flashWork: [FlashWork] = []
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
        settledFlash = flash
        mac = options.mac
        random = RandomSource(seed: options.seed)
    }

    mutating func nextNumber() -> UInt32 {
        lastNumber &+= 1
        return lastNumber
    }
}

/// One erase or write, and when it is done.
struct FlashWork: Sendable {
    enum Kind: Sendable {
        case erase(sector: Int)
        case write(address: Int, [UInt8])
    }

    let kind: Kind
    let due: Instant
}

// A power cut leaves what was done, and nothing of what was not (reference 6).
extension Chip {
    mutating func begin(_ work: FlashWork) {
        flash.apply(work.kind)
        flashWork.append(work)
    }

    /// The first work that is done by `now`, taken from the queue.
    mutating func settleFlash(at now: Instant) -> FlashWork.Kind? {
        guard let first = flashWork.first, first.due <= now else { return nil }
        flashWork.removeFirst()
        settledFlash.apply(first.kind)
        return first.kind
    }

    mutating func loseFlashWork() {
        guard !flashWork.isEmpty else { return }
        flashWork.removeAll()
        flash = settledFlash
    }

    /// The flash is blank, from outside.
    mutating func eraseFlash() {
        flashWork.removeAll()
        flash = FlashImage()
        settledFlash = flash
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
