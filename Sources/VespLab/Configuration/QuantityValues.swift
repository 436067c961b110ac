import ATAir
import ATPrimitives

extension Interval {
    /// How long each unit is, in microseconds. Longer names come first, since they end in the shorter ones.
    private static let units: [(name: String, microseconds: Int64)] = [
        ("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000),
    ]
    /// A regular expression that every duration matches.
    static let pattern = "^(0|[0-9]+(\\.[0-9]+)?(us|ms|s|m|h|d))$"
    /// How long a packet may take over the air (contract of `LinkQuality`).
    public static let latencyRange = Interval.zero...Interval.seconds(60)

    /// Reads a duration such as `20ms` or `1.5s`; the units are us, ms, s, m, h and d. 0 needs none.
    /// - Throws: when it is no duration, is finer than a microsecond, or is outside of `range`.
    public init(durationText text: String, in range: ClosedRange<Interval>) throws(InvalidValue) {
        let words = "\(range.lowerBound.shortened) to \(range.upperBound.shortened)"
        let remedy = "give \(words), such as 20ms or 1.5s; the units are us, ms, s, m, h and d"
        guard text != "0" else {
            guard range.contains(.zero) else { throw InvalidValue(text, "is out of range", remedy: remedy) }
            self = .zero
            return
        }
        let unit = Self.units.first { unit in
            text.hasSuffix(unit.name) && text.dropLast(unit.name.count).last?.isNumber == true
        }
        guard let unit, !text.hasPrefix("-"), let number = DecimalNumber(text.dropLast(unit.name.count)) else {
            throw InvalidValue(text, "is not a duration", remedy: remedy)
        }
        guard let microseconds = number.times(unit.microseconds), range.contains(.microseconds(microseconds)) else {
            throw InvalidValue(text, "is out of range or finer than a microsecond", remedy: remedy)
        }
        self = .microseconds(microseconds)
    }

    /// In the unit that suits it: `20ms`, `1.5s`, `2h`.
    package var shortened: String {
        switch microseconds {
        case 0: "0"
        case ..<1_000: "\(microseconds)us"
        case ..<1_000_000: DecimalNumber.text(microseconds, places: 3) + "ms"
        // One minute would read like a metre.
        case ...60_000_000: DecimalNumber.text(microseconds, places: 6) + "s"
        default:
            Self.units.last { microseconds % $0.microseconds == 0 }
                .map { "\(microseconds / $0.microseconds)\($0.name)" } ?? description
        }
    }
}

extension LabFileFormat where Value == Interval {
    /// A duration of a range.
    static func duration(_ range: ClosedRange<Interval>) -> Self {
        .text(
            "a duration such as `20ms` or `1.5s`, \(range.lowerBound.shortened) to \(range.upperBound.shortened)",
            expected: "a duration such as 20ms", pattern: Interval.pattern, numbers: ["minimum": 0, "maximum": 0]
        ) { text throws(InvalidValue) in
            try Interval(durationText: text, in: range)
        }
    }
}

extension LabFileFormat where Value == UInt64 {
    /// How fast a way over the air may be, in bits a second: up to 1 Tbit.
    private static var bandwidths: ClosedRange<Int64> { 1...1_000_000_000_000 }

    /// Bits a second, with a unit or as a whole number.
    static var bandwidth: Self {
        .text(
            "bits a second: `54Mbit`, `250kbit`, `1Gbit`, or a whole number", expected: "a bandwidth such as 54Mbit",
            pattern: "^[0-9]+(\\.[0-9]+)?([kMG]bit|bit)$", numbers: ["minimum": 1]
        ) { text throws(InvalidValue) in
            let remedy = "give bits a second, such as 54Mbit, 250kbit, 1Gbit or 9600, up to 1000Gbit"
            let units: [(String, Int64)] = [
                ("kbit", 1_000), ("Mbit", 1_000_000), ("Gbit", 1_000_000_000), ("bit", 1), ("", 1),
            ]
            let unit = units.first { text.hasSuffix($0.0) } ?? ("", 1)
            guard let number = DecimalNumber(text.dropLast(unit.0.count)) else {
                throw InvalidValue(text, "is not a bandwidth", remedy: remedy)
            }
            guard let bits = number.times(unit.1), bandwidths.contains(bits) else {
                throw InvalidValue(text, "is out of range", remedy: remedy)
            }
            return UInt64(bits)
        }
    }
}

extension LabFileFormat where Value == UInt32 {
    /// How many of a million packets are lost, as per cent or as a fraction of 1.
    static var loss: Self {
        .text(
            "`2%`, `0.5%`, or a fraction from 0 to 1", expected: "a loss such as 2%",
            pattern: "^[0-9]+(\\.[0-9]+)?%?$", numbers: ["minimum": 0, "maximum": 1]
        ) { text throws(InvalidValue) in
            let remedy = "give 0% to 100%, or a fraction from 0 to 1, to the millionth"
            let isPercent = text.hasSuffix("%")
            guard let number = DecimalNumber(isPercent ? text.dropLast() : text[...]) else {
                throw InvalidValue(text, "is not a loss", remedy: remedy)
            }
            guard let loss = number.times(isPercent ? 10_000 : 1_000_000), (0...1_000_000).contains(loss) else {
                throw InvalidValue(text, "is out of range or too fine", remedy: remedy)
            }
            return UInt32(loss)
        }
    }
}

/// How many centimetres are a metre.
private let centimetres: Int64 = 100
/// The farthest from the origin that a thing may be, in metres (contract of `Position`).
private let farthest: Int64 = 100_000

extension LabFileFormat where Value == Position {
    /// Two coordinates in metres.
    static var position: Self {
        let coordinate: JSONValue = .object([
            "type": "number", "minimum": .number(-farthest), "maximum": .number(farthest),
        ])
        return Self(
            "`[x, y]` in metres, to the centimetre, -\(farthest) to \(farthest)",
            schema: ["type": "array", "items": coordinate, "minItems": 2, "maxItems": 2]
        ) { value throws(ConfigurationError) in
            let coordinates = try value.list("two numbers of metres, as in [3, 4.5]")
            guard coordinates.count == 2 else {
                throw value.error("a place has 2 numbers, and here are \(coordinates.count); write [x, y] in metres.")
            }
            let range = -farthest * centimetres...farthest * centimetres
            let remedy = "give metres from -\(farthest) to \(farthest), with two decimals at most"
            return Position(
                x: try coordinates[0].decimal(times: centimetres, in: range, remedy),
                y: try coordinates[1].decimal(times: centimetres, in: range, remedy))
        }
    }
}

extension LabFileFormat where Value == Int64 {
    /// A distance in metres, read as centimetres.
    static var distance: Self {
        Self(
            "metres, 0.01 to \(farthest)",
            schema: ["type": "number", "minimum": .number("0.01"), "maximum": .number(farthest)]
        ) { value throws(ConfigurationError) in
            try value.decimal(
                times: centimetres, in: 1...farthest * centimetres,
                "give metres from 0.01 to \(farthest), with two decimals at most")
        }
    }
}
