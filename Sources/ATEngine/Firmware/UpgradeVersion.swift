/// Finds the version in an update server's first answer: the characters after a mark, wherever segments end
/// (reference 7).
struct UpgradeVersion: Sendable {
    /// The version is this many characters (reference 7).
    static let length = 5

    private static let mark: StaticString = "rom_version\": \""
    /// How much of the mark has matched when its second `r` has, which is also its first.
    private static let secondStart = 7

    private var matched = 0
    /// As much of the version as has come.
    private(set) var text: [UInt8] = []

    var isWhole: Bool { text.count == Self.length }

    /// The next byte of the answer.
    mutating func take(_ byte: UInt8) {
        if isWhole { return }
        if matched == Self.mark.utf8CodeUnitCount {
            text.append(byte)
        } else {
            match(byte)
        }
    }

    private mutating func match(_ byte: UInt8) {
        while byte != Self.mark.utf8Start[matched] {
            if matched == 0 { return }
            matched = matched == Self.secondStart ? 1 : 0
        }
        matched += 1
    }
}
