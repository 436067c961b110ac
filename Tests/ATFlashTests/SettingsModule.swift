import ATEngine
import ATPrimitives

/// A module whose only purpose is to have settings written into its flash by the firmware itself.
struct SettingsModule {
    private var engine: Engine
    private var now = Instant.zero

    /// The flash after some commands, each of which must have been answered.
    static func flash(after commands: String..., starting flash: FlashImage = FlashImage()) -> FlashImage {
        var module = SettingsModule(flash)
        for command in commands { module.send(command) }
        return module.engine.flash
    }

    private init(_ flash: FlashImage) {
        let options = Options(mac: MACAddress(value: 0x18FE_3400_0001), timing: .fast, seed: 1)
        engine = Engine(firmware: .shipped021, flash: flash, options: options)
        engine.handle(.power(.on), at: now)
        settle()
    }

    private mutating func send(_ command: String) {
        engine.receive(Array((command + "\r\n").utf8).span, at: now)
        settle()
        guard command.hasPrefix("AT+CWJAP") else { return }
        let address = IPv4Address(10, 0, 0, 100)
        engine.handle(
            .station(.leased(address, mask: IPv4Address(255, 255, 255, 0), gateway: IPv4Address(10, 0, 0, 1))), at: now)
        settle()
    }

    /// Runs a second on, without a world around the module.
    private mutating func settle() {
        let end = now + .seconds(1)
        while true {
            while engine.nextEffect() != nil {}
            var count = 0
            engine.withOutput(max: .max) { span in
                count = span.count
                return count
            }
            if count > 0 { continue }
            guard let deadline = engine.nextDeadline, deadline <= end else { break }
            now = max(now, deadline)
            engine.advance(to: now)
        }
        now = end
        engine.advance(to: now)
    }
}
