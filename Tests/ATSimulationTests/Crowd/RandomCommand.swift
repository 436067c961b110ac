import ATPrimitives

/// Lines, without their ends, that lead modules to one another, and spoiled ones.
enum RandomCommand {
    private static let favourites = [
        "AT", "ATE0", "AT+CWMODE=1", "AT+CWMODE=2", "AT+CWMODE=3", "AT+CWJAP=\"home\",\"secret12\"",
        "AT+CWJAP=\"net-0\",\"secret12\"", "AT+CWJAP=\"net-1\",\"secret12\"", "AT+CWJAP=\"net-2\",\"secret12\"",
        "AT+CWJAP=\"net-0\",\"wrong123\"", "AT+CWQAP", "AT+CWLAP", "AT+CWLIF", "AT+CWSAP=\"net-1\",\"\",11,0",
        "AT+CWDHCP=2,0", "AT+CWDHCP=2,1", "AT+CIPSTA=\"192.168.4.50\"", "AT+CIPAP=\"192.168.5.1\"", "AT+CIFSR",
        "AT+CIPSTATUS", "AT+CIPMUX=0", "AT+CIPMUX=1", "AT+CIPMUX=1", "AT+CIPSERVER=1,80", "AT+CIPSERVER=1,333",
        "AT+CIPSERVER=0", "AT+CIPSTO=5", "AT+CIPMODE=1", "AT+CIPMODE=0", "AT+CIPSEND", "AT+CIPSEND=5",
        "AT+CIPSEND=0,5", "AT+CIPSEND=1,700", "AT+CIPCLOSE", "AT+CIPCLOSE=0",
        "AT+CIPCLOSE=5", "AT+RST", "AT+RESTORE", "AT+GSLP=500", "AT+UART=9600,8,1,0,0",
        "AT+CIPSTART=\"TCP\",\"cloud.example\",80", "AT+CIUPDATE",
    ]

    /// Where a far end may be: the softAPs, their stations, a module behind the access point, all of them, nobody.
    private static let addresses = [
        "192.168.4.1", "192.168.5.1", "192.168.6.1", "192.168.4.2", "192.168.5.2", "192.168.6.2", "10.0.0.100",
        "10.0.0.101", "10.0.0.1", "192.168.4.255", "255.255.255.255", "127.0.0.1",
    ]

    static func line(_ random: inout RandomSource) -> [UInt8] {
        switch random.number(below: 10) {
        case ..<6: Array(random.pick(favourites).utf8)
        case 6: Array("AT+PING=\"\(random.pick(addresses))\"".utf8)
        default: start(&random)
        }
    }

    private static func start(_ random: inout RandomSource) -> [UInt8] {
        let link = random.chance(60) ? "\(random.number(below: 5))," : ""
        let address = random.pick(addresses)
        guard random.chance(40) else { return Array("AT+CIPSTART=\(link)\"TCP\",\"\(address)\",80".utf8) }
        return Array("AT+CIPSTART=\(link)\"UDP\",\"\(address)\",5000,5000,\(random.number(below: 3))".utf8)
    }

    /// A line with one byte changed, added or taken away.
    static func spoiledLine(_ random: inout RandomSource) -> [UInt8] {
        var line = line(&random)
        let position = Int(random.number(below: UInt64(line.count)))
        let byte = UInt8(truncatingIfNeeded: random.next())
        switch random.number(below: 3) {
        case 0: line[position] = byte
        case 1: line.remove(at: position)
        default: line.insert(byte, at: position)
        }
        return line
    }
}

extension RandomSource {
    /// True so many times out of a hundred.
    mutating func chance(_ percent: UInt64) -> Bool { number(below: 100) < percent }

    mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(number(below: UInt64(range.count)))
    }

    /// One of `values`, of which there is at least one.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(number(below: UInt64(values.count)))] }

    /// So many small letters: text that can be mistaken for no answer of a module.
    mutating func letters(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(ascii: "a") + UInt8(number(below: 26)) }
    }
}
