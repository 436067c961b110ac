/// Telnet commands for the client, on their way out before any data.
struct TelnetOutput {
    /// The most that waits: nothing is decoded before the answer to what came last has been taken. The longest is that
    /// to a new baud rate of four bytes 255.
    static let limit = 64

    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(Self.limit)
    }

    var isEmpty: Bool { bytes.isEmpty }

    mutating func negotiate(_ verb: TelnetVerb, _ option: UInt8) {
        bytes += [TelnetByte.command, verb.rawValue, option]
    }

    /// A message of RFC 2217.
    mutating func notify(_ command: ComPort.Command, _ value: [UInt8]) {
        bytes += [
            TelnetByte.command, TelnetByte.subnegotiationBegin, TelnetOptions.comPort,
            command.rawValue + ComPort.answerOffset,
        ]
        for byte in value {
            append(byte)
        }
        bytes += [TelnetByte.command, TelnetByte.subnegotiationEnd]
    }

    /// A byte that is not telnet's, escaped.
    mutating func append(_ byte: UInt8) {
        bytes.append(byte)
        if byte == TelnetByte.command { bytes.append(byte) }
    }

    /// The second half of an escape whose first half has gone.
    mutating func completeEscape() {
        bytes.append(TelnetByte.command)
    }

    mutating func removeFirst(_ count: Int) {
        bytes.removeFirst(count)
    }
}
