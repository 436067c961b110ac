import ATEngine
import ATPrimitives

/// The wire between module and host: what each hears of the other when they are set differently (contract, `--uart`,
/// `--boot-text`). With equal settings bytes pass as they are.
struct HostLine {
    private let isStrict: Bool
    private let isBootTextGarbled: Bool
    private var toHost: Direction?
    private var toModule: Direction?

    /// One direction with settings that differ.
    private struct Direction {
        let sent: LineSettings
        let sampled: LineSettings
        var wire: Wire

        init?(from sent: LineSettings, to sampled: LineSettings) {
            self.sent = sent
            self.sampled = sampled
            wire = Wire(from: sent, to: sampled)
            if wire.isClear { return nil }
        }
    }

    init(_ configuration: ModuleConfiguration) {
        isStrict = configuration.uart == .strict
        isBootTextGarbled = configuration.effectiveBootText == .garbled
    }

    /// Whether it matters how the host is set, for the boot text or for the rest.
    func mattersToHost(isBootText: Bool) -> Bool { isBootText ? isBootTextGarbled : isStrict }

    /// What the host hears of what the module says; nil if it hears it as it is.
    /// - Parameters:
    ///   - module: the module's settings.
    ///   - host: those of the host.
    ///   - isBootText: whether this is the boot text.
    mutating func heardByHost(
        _ bytes: Span<UInt8>, module: LineSettings, host: LineSettings, isBootText: Bool
    ) -> [UInt8]? {
        guard mattersToHost(isBootText: isBootText) else { return nil }
        return Self.pass(bytes, from: module, to: host, through: &toHost)
    }

    /// The module has nothing more to say for now: the byte in whose middle a slower host was.
    mutating func heardByHostAtRest() -> UInt8? { toHost?.wire.idle() }

    /// What the module hears of what the host says; nil if it hears it as it is. The line rests after what comes in one
    /// piece.
    mutating func heardByModule(_ bytes: Span<UInt8>, module: LineSettings, host: LineSettings) -> [UInt8]? {
        guard isStrict, var heard = Self.pass(bytes, from: host, to: module, through: &toModule) else { return nil }
        if let last = toModule?.wire.idle() { heard.append(last) }
        return heard
    }

    private static func pass(
        _ bytes: Span<UInt8>, from sent: LineSettings, to sampled: LineSettings, through direction: inout Direction?
    ) -> [UInt8]? {
        if direction?.sent != sent || direction?.sampled != sampled { direction = Direction(from: sent, to: sampled) }
        guard direction != nil else { return nil }
        var heard: [UInt8] = []
        direction?.wire.transcode(bytes) { heard.append($0) }
        return heard
    }
}

extension LineSettings {
    /// Whether a host that is set like `other` understands this line: flow control does not change what a byte looks
    /// like.
    func looksLike(_ other: LineSettings) -> Bool {
        baud == other.baud && dataBits == other.dataBits && stopBits == other.stopBits && parity == other.parity
    }
}
