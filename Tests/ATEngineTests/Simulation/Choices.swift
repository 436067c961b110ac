import ATPrimitives

/// Where a simulation's choices come from: a seed, or the bytes of a fuzzer.
struct Choices {
    private var random: RandomSource
    private let bytes: [UInt8]?
    private var position = 0

    init(seed: UInt64) {
        random = RandomSource(seed: seed)
        bytes = nil
    }

    /// Choices that run out with `bytes`; after that each is the first that could be made.
    init(bytes: [UInt8]) {
        random = RandomSource(seed: 0)
        self.bytes = bytes
    }

    /// Whether a fuzzer has no more to say. A seed always has.
    var isExhausted: Bool { bytes.map { position >= $0.count } ?? false }

    /// A number from 0 up to but not including `bound`, which is at least 1.
    mutating func number(below bound: Int) -> Int {
        guard let bytes else { return Int(random.number(below: UInt64(bound))) }
        var value = 0
        var reach = 1
        while reach < bound, position < bytes.count {
            value = value << 8 | Int(bytes[position])
            position += 1
            reach <<= 8
        }
        return value % bound
    }

    mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + number(below: range.count)
    }

    /// True so many times out of a hundred.
    mutating func chance(_ percent: Int) -> Bool { number(below: 100) < percent }

    /// One of `values`, of which there is at least one.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[number(below: values.count)] }

    mutating func byte() -> UInt8 { UInt8(number(below: 256)) }

    /// So many bytes of any value.
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }

    /// So many small letters: text that can be mistaken for no answer of the module.
    mutating func letters(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(ascii: "a") + UInt8(number(below: 26)) }
    }
}
