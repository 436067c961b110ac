import ATEngine
import ATPrimitives

/// The host of a simulation: it makes lines from the fields of the command table, spoils some of them, and sends other
/// things besides.
struct RandomHost {
    let firmware: Firmware
    /// What it believes to have set with AT+CIPMUX.
    private var believesMultiple = false

    init(firmware: Firmware) {
        self.firmware = firmware
    }

    /// Commands that lead deep into the module; the random ones seldom do.
    private static let favourites: [StaticString] = [
        "AT+CWMODE=1", "AT+CWMODE=3", "AT+CWJAP=\"home\",\"secret12\"", "AT+CIPMUX=1", "AT+CIPMUX=0",
        "AT+CIPSERVER=1,80", "AT+CIPSERVER=0", "AT+CIPMODE=1", "AT+CIPMODE=0", "AT+CIPSEND", "AT+CIPCLOSE",
        "AT+CIPCLOSE=5", "AT+CIPSTATUS", "ATE0", "AT+CIPSTART=\"TCP\",\"10.0.0.1\",80", "AT+CIPSTO=1",
        "AT+CIPSTART=\"UDP\",\"10.0.0.2\",1000,1000,2", "AT+CIPSTART=1,\"TCP\",\"a.example\",80", "AT+CWQAP",
        "AT+CIPSTART=2,\"TCP\",\"10.0.0.3\",80", "AT+CIPSTART=3,\"UDP\",\"10.0.0.3\",80", "AT+CIPSEND=5",
        "AT+CIPSEND=1,700", "AT+CIPCLOSE=1", "AT+CIFSR", "AT+CWDHCP=1,1", "AT+CIPSTA=\"10.0.0.50\"", "AT+CWLAP",
        "AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",80", "AT+CIPSEND=0,3", "AT+CWSAP=\"mine\",\"password\",5,3", "AT+GMR",
        "AT+CIUPDATE", "AT+UART=9600,8,1,0,0", "AT+UART=115200,8,1,0,3", "AT+IPR=57600", "AT+IPR=115200",
    ]

    /// A line without its end that a module could accept.
    mutating func command(_ choices: inout Choices) -> [UInt8] {
        let line = choices.chance(55) ? bytes(of: choices.pick(Self.favourites)) : fromTable(&choices)
        if line.starts(with: bytes(of: "AT+CIPMUX=")) { believesMultiple = line.last == UInt8(ascii: "1") }
        return line
    }

    /// A line that stores something.
    mutating func storingCommand(_ choices: inout Choices) -> [UInt8] {
        bytes(of: choices.pick(Self.storing))
    }

    private static let storing: [StaticString] = [
        "AT+CWMODE=1", "AT+CWMODE=2", "AT+CWMODE=3", "AT+CIPMODE=1", "AT+CIPMODE=0", "AT+RESTORE", "AT+IPR=9600",
        "AT+UART=115200,8,1,0,0", "AT+CWSAP=\"cut\",\"password\",3,4", "AT+CIPSTA=\"10.0.0.51\"",
        "AT+CWAUTOCONN=0", "AT+CWDHCP=2,1", "AT+CIPAPMAC=\"1a:fe:34:00:00:02\"",
    ]

    /// A line without its end that a module most likely refuses: a command with one byte changed, added or taken away.
    mutating func spoiledCommand(_ choices: inout Choices) -> [UInt8] {
        var line = command(&choices)
        let position = choices.number(in: 2...line.count)
        let byte = choices.chance(50) ? choices.byte() : choices.pick(Array("\",=?-0\\\r".utf8))
        guard byte != UInt8(ascii: "\n") else { return line }
        switch choices.number(below: 3) {
        case 0 where position < line.count: line[position] = byte
        case 1 where position < line.count: line.remove(at: position)
        default: line.insert(byte, at: position)
        }
        return line
    }

    private func fromTable(_ choices: inout Choices) -> [UInt8] {
        let command = choices.pick(firmware.commands)
        var line = bytes(of: "AT") + bytes(of: command.name)
        switch choices.number(below: 6) {
        case 0 where command.hasTest: line += Array("=?".utf8)
        case 1 where command.hasQuery: line += Array("?".utf8)
        case 2 where command.hasExecute: break
        default:
            guard command.hasSet else { return line }
            if !command.isSetByDigit { line.append(UInt8(ascii: "=")) }
            line += fields(command.fields, &choices)
        }
        return line
    }

    private func fields(_ fields: [Field], _ choices: inout Choices) -> [UInt8] {
        var texts: [[UInt8]] = []
        for (index, field) in fields.enumerated() {
            if field.isOptional {
                // An optional field in front is the link id of CIPMUX=1; those behind may end the line.
                if index == 0 && fields.count > 1 && !believesMultiple { continue }
                if index > 0 && choices.chance(40) { break }
            }
            texts.append(value(of: field, &choices))
        }
        return Array(texts.joined(separator: [UInt8(ascii: ",")]))
    }

    private func value(of field: Field, _ choices: inout Choices) -> [UInt8] {
        switch field.values {
        case .number(let range):
            let number =
                switch choices.number(below: 8) {
                case 0: range.lowerBound
                case 1: range.upperBound
                case 2: range.upperBound &+ 1
                case 3: range.lowerBound &- 1
                default: range.lowerBound + choices.number(below: min(range.count, 300))
                }
            return Array(String(number).utf8)
        case .oneOf(let values): return Array(String(choices.pick(values)).utf8)
        case .quoted(let length):
            return quoted(choices.letters(choices.number(in: length.lowerBound...min(length.upperBound, 40))))
        case .words(let words): return quoted(bytes(of: choices.pick(words)))
        case .macAddress: return quoted(Array("1a:fe:34:00:00:0\(choices.number(below: 9))".utf8))
        case .address: return quoted(Array("192.168.\(choices.number(in: 4...6)).1".utf8))
        }
    }

    private func quoted(_ text: [UInt8]) -> [UInt8] { [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")] }

    private func bytes(of text: StaticString) -> [UInt8] {
        text.withUTF8Buffer { Array($0) }
    }
}
