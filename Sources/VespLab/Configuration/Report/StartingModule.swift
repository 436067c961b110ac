import ATEngine
import ATFlash
import ATPrimitives

/// What a module puts on the air when it gets power, before its host says a word: the engine itself is asked, with the
/// flash that the module has.
struct StartingModule {
    /// Where its settings come from.
    enum Source: String {
        /// There is no flash file yet.
        case factory
        case flash
        /// The flash file cannot be read now, so this is what a module from the factory does.
        case unreadable
    }

    /// How long a module is watched, in its own time.
    private static let limit = Interval.seconds(5)
    /// How many steps it may take in that time.
    private static let stepLimit = 1_000

    private(set) var softAP: SoftAPSettings?
    /// The access point that it joins by itself.
    private(set) var join: JoinRequest?
    let source: Source

    init(_ configuration: ModuleConfiguration) {
        let (flash, source) = Self.flash(of: configuration)
        self.source = source
        let firmware: Firmware = configuration.firmware == .shipped ? .shipped021 : .manual021
        var engine = Engine(
            firmware: firmware, flash: flash, options: Options(mac: configuration.mac, timing: .fast, seed: 0))
        engine.handle(.power(.on), at: .zero)
        drain(&engine)
        for _ in 0..<Self.stepLimit {
            guard let deadline = engine.nextDeadline, deadline <= .zero + Self.limit else { return }
            engine.advance(to: deadline)
            drain(&engine)
        }
    }

    private mutating func drain(_ engine: inout Engine) {
        repeat {
            while let effect = engine.nextEffect() {
                switch effect {
                case .softAP(let settings): softAP = settings
                case .join(let request): join = request
                default: break
                }
            }
            engine.withOutput(max: .max) { $0.count }
        } while engine.hasEffects
    }

    private static func flash(of configuration: ModuleConfiguration) -> (FlashImage, Source) {
        guard let path = configuration.flash else { return (FlashImage(), .factory) }
        do throws(FlashFileError) {
            let inspection = try FlashInspection(path: path)
            return inspection.problem == nil ? (inspection.image, .flash) : (FlashImage(), .unreadable)
        } catch {
            return (FlashImage(), error.kind == .unavailable ? .factory : .unreadable)
        }
    }
}
