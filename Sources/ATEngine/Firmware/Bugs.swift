/// The bugs of the shipped firmware that hang or crash a module; they may be switched while the module runs
/// (manual-differences, Bugs).
public struct Bugs: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// CIPSEND of length 0 never ends; a negative length collects 2048 bytes (reference 2.22).
    public static let sendZero = Bugs(rawValue: 1 << 0)
    /// CIPCLOSE of a link that the server accepted leaves the parser busy (reference 2.23).
    public static let closeServerLink = Bugs(rawValue: 1 << 1)
    /// A refusal after a name lookup leaves the parser busy (reference 2.21).
    public static let lookupRefused = Bugs(rawValue: 1 << 2)
    /// In mode 3 with an idle station CIPSTART never answers (reference 3.4).
    public static let connectSilent = Bugs(rawValue: 1 << 3)
    /// The far end closes during payload entry: crash and reboot (reference 3.6).
    public static let closeWhileCollecting = Bugs(rawValue: 1 << 4)
    /// FIN while waiting for the ACK: `busy s...` for ever (reference 3.6).
    public static let finBeforeAck = Bugs(rawValue: 1 << 5)
    /// A refused scan leaves the parser busy (reference 2.10).
    public static let scanRefused = Bugs(rawValue: 1 << 6)
    /// An event of any link throws half-typed input away (reference 3.6).
    public static let eventForcesIdle = Bugs(rawValue: 1 << 7)

    /// What `--strict-bugs` turns on: all but the last, which loses input that hosts have sent in good order.
    public static let strict: Bugs = [
        .sendZero, .closeServerLink, .lookupRefused, .connectSilent, .closeWhileCollecting, .finBeforeAck, .scanRefused,
    ]
}
