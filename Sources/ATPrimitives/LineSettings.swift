/// The settings of a serial line.
public struct LineSettings: Sendable, Hashable {
    /// Bits a second, 1 to 5,000,000.
    public var baud: UInt32
    /// 5 to 8.
    public var dataBits: UInt8
    public var stopBits: StopBits
    public var parity: Parity
    /// The module holds its RTS while it can take no more.
    public var requestToSend: Bool
    /// The module sends only while its CTS is held.
    public var clearToSend: Bool

    /// 115200 8N1 without flow control (manual 2).
    public static let standard = LineSettings(
        baud: 115_200, dataBits: 8, stopBits: .one, parity: .none, requestToSend: false, clearToSend: false)

    public init(
        baud: UInt32, dataBits: UInt8, stopBits: StopBits, parity: Parity, requestToSend: Bool, clearToSend: Bool
    ) {
        self.baud = baud
        self.dataBits = dataBits
        self.stopBits = stopBits
        self.parity = parity
        self.requestToSend = requestToSend
        self.clearToSend = clearToSend
    }
}

/// How long the line rests after a byte; the raw value is that of AT+UART (manual 4.2.7).
public enum StopBits: UInt8, Sendable {
    case one = 1
    case oneAndAHalf = 2
    case two = 3

    /// How long they last, in halves of a bit.
    public var halfBits: Int64 {
        switch self {
        case .one: 2
        case .oneAndAHalf: 3
        case .two: 4
        }
    }
}

/// The parity bit of each byte; the raw value is that of AT+UART (manual 4.2.7).
public enum Parity: UInt8, Sendable {
    case none = 0
    case odd = 1
    case even = 2
}
