import ATPrimitives

/// What the firmware has in RAM: everything that a reset makes anew. A reset is a new value of this, so that nothing
/// can be forgotten.
struct Session: Sendable {
    var parser = Parser()
    var timers = Timers()
    var links = Links()
    var server = Server()
    var transparent = Transparent()
    var pings = Pings()
    var upgrade = Upgrade()
    var mode: WiFiMode
    var station: Station
    var softAP: SoftAP
    /// The settings that the UART takes once it has sent all.
    var lineChange: LineChange?
    /// What ends the session, once its time has come.
    var ending = Ending.restart

    enum Ending: Sendable {
        case restart
        case sleep(Interval)
    }
}

/// A change of the UART's settings that waits for the last byte at the old ones.
struct LineChange: Sendable {
    let settings: LineSettings
    /// AT+IPR answers at the new rate, AT+UART at the old one (reference 2.7a).
    let answersAfterwards: Bool
}

/// The Wi-Fi mode; the raw value is that of CWMODE (manual 5.2.1).
enum WiFiMode: UInt8, Sendable {
    case station = 1
    case softAP = 2
    case both = 3

    var hasStation: Bool { self != .softAP }
    var hasSoftAP: Bool { self != .station }
}
