import ATPrimitives

/// A firmware as a value: its command table, its texts, its delays and what it does where dialects differ. One dialect
/// is made from another by changing entries and values.
public struct Firmware: Sendable {
    /// What `--firmware` calls it: `0.21`, `0.21-manual`.
    public let identifier: StaticString
    /// The command table in the order of the manual, then what the manual does not know.
    public internal(set) var commands: [Command]
    var texts = Texts()
    var policy = Policy()
    var delays = Delays()

    init(identifier: StaticString, commands: [Command]) {
        self.identifier = identifier
        self.commands = commands
    }

    /// Every edition, the shipped one first.
    public static let all: [Firmware] = [.shipped021, .manual021]

    /// The entry whose name has the same bytes: upper case only (reference 1.7).
    func command(named name: Span<UInt8>) -> Command? {
        for command in commands where command.name.utf8CodeUnitCount == name.count {
            let bytes = UnsafeBufferPointer(start: command.name.utf8Start, count: name.count)
            if name.withUnsafeBufferPointer({ $0.elementsEqual(bytes) }) { return command }
        }
        return nil
    }

    /// Puts `command` in the place of the entry with its name.
    mutating func replace(_ command: Command) {
        let name = UnsafeBufferPointer(start: command.name.utf8Start, count: command.name.utf8CodeUnitCount)
        for index in commands.indices where commands[index].name.utf8CodeUnitCount == name.count {
            let other = UnsafeBufferPointer(start: commands[index].name.utf8Start, count: name.count)
            if other.elementsEqual(name) { commands[index] = command }
        }
    }
}

/// Answers that more than one command gives, or that come by themselves.
struct Texts: Sendable {
    /// Before the payload of CIPSEND=, after OK if there is one.
    var prompt: StaticString = "\r\nOK\r\n> "
    /// Before the payload of transparent mode.
    var transparentPrompt: StaticString = "\r\nOK\r\n\r\n>"
    var alreadyConnected = Refusal.text("ALREADY CONNECTED")
    var linkIsNot = Refusal.text("link is not")
    var noLinkToClose = Refusal.error
    /// A payload that did not arrive.
    var sendFailed: StaticString = "SEND FAIL\r\n"
    var linkIsBuilt = Refusal.text("link is builded")
    var pingTimedOut = Refusal.text("+timeout")
}

/// What dialects do differently, one value each (reference 9.3).
struct Policy: Sendable {
    enum JoinFailure: Sendable {
        /// `+CWJAP:<code>` and FAIL.
        case code
        /// ERROR.
        case error
    }

    enum ScanLine: Sendable {
        /// `+CWLAP:(…)`.
        case parenthesised
        /// `+CWLAP:…`.
        case bare
    }

    enum Status: Sendable {
        /// Changed by certain events only (reference 3.3).
        case written
        /// What is the case (manual 6.2.1).
        case computed
    }

    enum ServerStop: Sendable {
        /// The server ends and its clients are closed.
        case atOnce
        /// The server goes on until the next start (manual 6.2.7).
        case atRestart
    }

    var joinFailure = JoinFailure.code
    var scanLine = ScanLine.parenthesised
    /// Whether CWSAP= is on the air at once, or after the next start.
    var softAPChangesAtOnce = true
    /// The `<en>` of CWDHCP that switches on.
    var dhcpEnable = 1
    /// Whether the CIPSTATUS line of a TCP link has the local port.
    var tcpStatusHasLocalPort = false
    var status = Status.written
    /// Whether CIPCLOSE=5 closes links while a server runs.
    var closesAllWithServer = true
    /// Whether CIPMUX= and CIPMODE= look for open links, or CIPMUX= for the STATUS 3 alone.
    var modesLookAtLinks = false
    var serverStop = ServerStop.atOnce
    /// Whether OK follows the data of a UDP +IPD.
    var udpDataEndsInOK = true
    /// Whether a transparent link that the far end closes is dialled again.
    var reconnectsAfterFin = false
}
