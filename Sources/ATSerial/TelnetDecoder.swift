/// Takes apart what a telnet client sends: data, negotiations, subnegotiations (RFC 854, RFC 855).
///
/// The data is 8 bits wide whatever has been negotiated, since the line of a module is.
struct TelnetDecoder {
    /// The longest subnegotiation that is understood; a longer one is read to its end and ignored. That of a baud rate
    /// is 6 bytes long.
    static let subnegotiationLimit = 64

    /// What comes next in the input.
    enum Token: Hashable {
        /// Bytes for the module, by their place in the input.
        case data(Range<Int>)
        case negotiation(TelnetVerb, option: UInt8)
        /// A whole one, which is in `subnegotiation`.
        case subnegotiation
        /// The client sent a break in the way of plain telnet.
        case breakSignal
    }

    /// The last whole subnegotiation: the option and what follows it, without escapes.
    private(set) var subnegotiation: [UInt8] = []
    private var isTooLong = false
    private var state = State.data

    private enum State {
        case data
        /// After IAC.
        case command
        /// After DO, DONT, WILL or WONT.
        case option(TelnetVerb)
        case subnegotiation
        /// After IAC in a subnegotiation.
        case subnegotiationCommand
    }

    init() {
        subnegotiation.reserveCapacity(Self.subnegotiationLimit)
    }

    /// Reads on to the next token.
    ///
    /// - Parameters:
    ///   - bytes: the input.
    ///   - position: where to go on in it; moves behind what was read.
    /// - Returns: nil at the end of the input, of which nothing has to be given again.
    mutating func next(in bytes: Span<UInt8>, at position: inout Int) -> Token? {
        while position < bytes.count {
            let byte = bytes[position]
            if case .data = state, byte != TelnetByte.command {
                return .data(run(in: bytes, from: &position))
            }
            position += 1
            if let token = read(byte, at: position - 1) {
                return token
            }
        }
        return nil
    }

    private func run(in bytes: Span<UInt8>, from position: inout Int) -> Range<Int> {
        let start = position
        while position < bytes.count, bytes[position] != TelnetByte.command {
            position += 1
        }
        return start..<position
    }

    private mutating func read(_ byte: UInt8, at position: Int) -> Token? {
        switch state {
        case .data:
            state = .command
            return nil
        case .command:
            return readCommand(byte, at: position)
        case .option(let verb):
            state = .data
            return .negotiation(verb, option: byte)
        case .subnegotiation:
            if byte == TelnetByte.command {
                state = .subnegotiationCommand
            } else {
                keep(byte)
            }
            return nil
        case .subnegotiationCommand:
            return readSubnegotiationCommand(byte, at: position)
        }
    }

    private mutating func readCommand(_ byte: UInt8, at position: Int) -> Token? {
        state = .data
        switch byte {
        case TelnetByte.command:
            return .data(position..<position + 1)
        case TelnetByte.subnegotiationBegin:
            subnegotiation.removeAll(keepingCapacity: true)
            isTooLong = false
            state = .subnegotiation
            return nil
        case TelnetByte.breakSignal:
            return .breakSignal
        default:
            // The rest are for terminals, such as "erase line".
            if let verb = TelnetVerb(rawValue: byte) { state = .option(verb) }
            return nil
        }
    }

    private mutating func readSubnegotiationCommand(_ byte: UInt8, at position: Int) -> Token? {
        switch byte {
        case TelnetByte.command:
            keep(byte)
            state = .subnegotiation
            return nil
        case TelnetByte.subnegotiationEnd:
            state = .data
            return isTooLong ? nil : .subnegotiation
        default:
            // The client forgot the end; the command counts.
            return readCommand(byte, at: position)
        }
    }

    private mutating func keep(_ byte: UInt8) {
        if subnegotiation.count < Self.subnegotiationLimit {
            subnegotiation.append(byte)
        } else {
            isTooLong = true
        }
    }
}

/// The bytes of telnet that mean something after IAC (RFC 854).
enum TelnetByte {
    /// IAC, which doubled is data.
    static let command: UInt8 = 255
    static let subnegotiationBegin: UInt8 = 250
    static let subnegotiationEnd: UInt8 = 240
    static let breakSignal: UInt8 = 243
}

/// The four words of a negotiation (RFC 854).
enum TelnetVerb: UInt8 {
    case will = 251
    case wont = 252
    case `do` = 253
    case dont = 254
}
