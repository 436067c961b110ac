import ATEngine
import ATPrimitives

extension ModuleConfiguration {
    /// Keeps the random streams of the engines apart from those of the radios, which begin at 0.
    private static let engineSalt: UInt64 = 1 << 32

    /// The seed of a module's engine: a stream of its own, whatever the other modules do.
    /// - Parameters:
    ///   - index: its place in the lab.
    ///   - labSeed: of everything random in the lab.
    static func engineSeed(ofModule index: Int, labSeed: UInt64) -> UInt64 {
        var source = RandomSource.stream(seed: labSeed, salt: engineSalt + UInt64(index))
        return source.next()
    }

    /// What its engine runs.
    var engineFirmware: Firmware {
        switch firmware {
        case .shipped: .shipped021
        case .manual: .manual021
        }
    }

    /// What its engine is set to.
    /// - Parameter seed: as of `engineSeed(ofModule:labSeed:)`.
    func engineOptions(seed: UInt64) -> Options {
        var options = Options(
            mac: mac, timing: timing == .real ? .hardware : .fast, bugs: strictBugs ? .strict : [], seed: seed)
        options.isStrictUART = uart == .strict
        options.printsBootText = effectiveBootText != .none
        options.isWakeWired = isWakeWired
        return options
    }
}
