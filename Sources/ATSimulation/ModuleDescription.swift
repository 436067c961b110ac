import ATAir
import ATEngine
import ATPrimitives

/// What a module of a simulated lab is made from.
public struct ModuleDescription: Sendable {
    /// What people call it.
    public var name: String
    public var firmware: Firmware
    /// The chip's own: MAC, timing, seed.
    public var options: Options
    public var radio = RadioSettings()
    /// What its flash holds when it is made.
    public var flash = FlashImage()

    /// A module with blank flash. Its MAC comes from its name (`MACAddress.station(ofModule:)`), and so does its stream of
    /// random numbers, which stays the same whatever other modules there are.
    /// - Parameters:
    ///   - name: not empty.
    ///   - timing: what takes time; the firmware's own delays alone, unless told otherwise.
    ///   - seed: the lab's.
    public init(
        name: String, firmware: Firmware = .shipped021, timing: Timing = .firmware, seed: UInt64 = 1
    ) {
        let mac = MACAddress.station(ofModule: Array(name.utf8))
        var random = RandomSource.stream(seed: seed, salt: mac.value)
        self.name = name
        self.firmware = firmware
        options = Options(mac: mac, timing: timing, seed: random.next())
    }
}
