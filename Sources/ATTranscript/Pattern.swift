import ATPrimitives

/// One piece of an expected line: bytes, or a wildcard.
public enum PatternElement: Sendable, Hashable {
    case literal([UInt8])
    /// `{ip}`: an IPv4 address in four decimal numbers.
    case address
    /// `{ip=ADDRESS}`: this address on the virtual module, any on a real one.
    case thisAddress(IPv4Address)
    /// `{mac}`: six pairs of hexadecimal digits with colons.
    case mac
    /// `{int}`: decimal digits, with a minus sign or without.
    case integer
    /// `{any}`: any bytes, also none, also line ends.
    case any
}

/// A `<` line: what the module is expected to answer.
public struct ExpectedLine: Sendable, Hashable {
    /// The line of the file, counted from 1.
    public let line: Int
    /// What the module answers, CR LF included unless a backslash ends the line.
    public let elements: [PatternElement]
    /// The line as it stands in the file, without the `<`.
    public let text: String
    /// Whose it is, by its place in the header.
    public var module = 0

    /// Whether the line holds a wildcard, so that it can't be written anew from what came.
    public var hasWildcards: Bool {
        elements.contains { element in
            if case .literal = element { false } else { true }
        }
    }
}

/// How faithful the address in `{ip=…}` has to be.
public enum AddressMatching: Sendable, Hashable {
    /// The virtual module: exactly this one.
    case exact
    /// A real module, or one in another network: any address.
    case anyAddress
}

/// Where the answer of a block leaves what was expected.
public struct Mismatch: Sendable, Hashable {
    /// How many bytes of the answer fit.
    public let offset: Int
    /// The index of the expected line that does not fit; nil if something was left over after all of them.
    public let lineIndex: Int?
}

/// The `<` lines of a block as one pattern.
///
/// The pattern is followed as a set of positions in the answer that its beginning can reach, so that nothing has to be
/// tried twice, however many wildcards there are.
struct BlockPattern {
    let lines: [ExpectedLine]
    let addresses: AddressMatching

    /// Compares an answer with all of the pattern; nil if they fit, to the last byte.
    func mismatch(with answer: [UInt8]) -> Mismatch? {
        var positions = [0]
        for (lineIndex, line) in lines.enumerated() {
            for element in line.elements {
                var farthest = positions.last ?? 0
                let reached = advance(positions, over: element, in: answer, farthest: &farthest)
                guard !reached.isEmpty else { return Mismatch(offset: farthest, lineIndex: lineIndex) }
                positions = reached
            }
        }
        guard let end = positions.last, end < answer.count else { return nil }
        return Mismatch(offset: end, lineIndex: nil)
    }

    /// The positions that one element reaches from `positions`, both in ascending order. `farthest` is how far the
    /// answer fits if it reaches none.
    private func advance(
        _ positions: [Int], over element: PatternElement, in answer: [UInt8], farthest: inout Int
    ) -> [Int] {
        switch element {
        case .any: return positions.first.map { Array($0...answer.count) } ?? []
        case .literal(let literal):
            var reached: [Int] = []
            for start in positions {
                let count = zip(literal, answer[start...]).prefix { $0 == $1 }.count
                farthest = max(farthest, start + count)
                if count == literal.count { reached.append(start + count) }
            }
            return reached
        case .integer: return ends(positions, WildcardSyntax.integerEnds, answer)
        case .mac: return ends(positions, WildcardSyntax.macEnds, answer)
        case .thisAddress(let address) where addresses == .exact:
            return advance(
                positions, over: .literal([UInt8](address.description.utf8)), in: answer, farthest: &farthest)
        case .address, .thisAddress: return ends(positions, WildcardSyntax.addressEnds, answer)
        }
    }

    private func ends(
        _ starts: [Int], _ syntax: (ArraySlice<UInt8>) -> [Int], _ answer: [UInt8]
    ) -> [Int] {
        var isReached = [Bool](repeating: false, count: answer.count + 1)
        for start in starts {
            for end in syntax(answer[start...]) { isReached[end] = true }
        }
        return isReached.indices.filter { isReached[$0] }
    }
}

/// Where a wildcard that begins at the start of a slice can end, for each of the wildcards with a syntax.
enum WildcardSyntax {
    /// No number that the module prints is longer: a sign and ten digits.
    private static let longestInteger = 11

    static func integerEnds(_ text: ArraySlice<UInt8>) -> [Int] {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        let count = digits.prefix(longestInteger).prefix { isDigit($0) }.count
        return count == 0 ? [] : Array(digits.startIndex + 1...digits.startIndex + count)
    }

    static func macEnds(_ text: ArraySlice<UInt8>) -> [Int] {
        let length = 17
        let candidate = text.prefix(length)
        guard candidate.count == length, MACAddress(String(decoding: candidate, as: UTF8.self)) != nil else {
            return []
        }
        return [candidate.endIndex]
    }

    static func addressEnds(_ text: ArraySlice<UInt8>) -> [Int] {
        let longest = 15
        let candidate = text.prefix(longest).prefix { isDigit($0) || $0 == UInt8(ascii: ".") }
        return (0...candidate.count).filter { count in
            IPv4Address(String(decoding: candidate.prefix(count), as: UTF8.self)) != nil
        }.map { candidate.startIndex + $0 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
