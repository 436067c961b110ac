import ATPrimitives

/// Takes an update server's second answer apart: a header, then an image, sector by sector (reference 7).
struct UpgradeImage: Sendable {
    /// A header longer than this is none that the firmware could keep; it has two segments' worth of memory (inferred).
    static let headerLimit = 2 * Links.segmentSize

    /// What a byte leads to.
    enum Step {
        case none
        /// No image comes.
        case refuse
        /// A sector is full, or the last one is whole.
        case write(sector: Int, [UInt8], isLast: Bool)
    }

    /// Where the image goes.
    let half: FlashHalf
    private var header: [UInt8] = []
    /// What Content-Length says, 1 or more; nil until the header is whole.
    private var length: Int?
    private var received = 0
    /// The bytes of the sector that is not full yet.
    private var sector: [UInt8] = []

    init(half: FlashHalf) {
        self.half = half
    }

    /// The next byte of the answer.
    mutating func take(_ byte: UInt8) -> Step {
        guard let length else { return takeHeader(byte) }
        sector.append(byte)
        received += 1
        let isLast = received == length
        guard sector.count == FlashImage.sectorSize || isLast else { return .none }
        let number = half.sectors.lowerBound + (received - 1) / FlashImage.sectorSize
        defer { sector.removeAll(keepingCapacity: true) }
        return .write(sector: number, sector, isLast: isLast)
    }

    /// Only a good answer with a length that fits is written; the firmware looks at the length alone, and would write an
    /// error page (inferred).
    private mutating func takeHeader(_ byte: UInt8) -> Step {
        header.append(byte)
        guard header.count <= Self.headerLimit else { return .refuse }
        guard header.hasSuffix("\r\n\r\n") else { return .none }
        guard header.isGoodAnswer, let length = header.contentLength, (1...half.capacity).contains(length)
        else { return .refuse }
        self.length = length
        header.removeAll()
        return .none
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        return self.count >= count && matches(text, at: self.count - count)
    }

    /// Whether `text` stands at `offset`, in whatever case; `text` itself has no upper case.
    private func matches(_ text: StaticString, at offset: Int) -> Bool {
        guard offset + text.utf8CodeUnitCount <= count else { return false }
        for index in 0..<text.utf8CodeUnitCount {
            var byte = self[offset + index]
            if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) { byte |= 0x20 }
            if byte != text.utf8Start[index] { return false }
        }
        return true
    }

    /// Whether a header begins with a status of 200.
    fileprivate var isGoodAnswer: Bool {
        (matches("http/1.0 200", at: 0) || matches("http/1.1 200", at: 0))
    }

    /// The value of Content-Length; nil if there is none, or one beyond any flash.
    fileprivate var contentLength: Int? {
        let name: StaticString = "\r\ncontent-length:"
        guard let start = indices.first(where: { matches(name, at: $0) }) else { return nil }
        var position = start + name.utf8CodeUnitCount
        while position < count, self[position] == UInt8(ascii: " ") { position += 1 }
        var value = 0
        let first = position
        while position < count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self[position]) {
            value = value * 10 + Int(self[position] - UInt8(ascii: "0"))
            guard value <= FlashImage.flashSize else { return nil }
            position += 1
        }
        return position > first && position < count && self[position] == UInt8(ascii: "\r") ? value : nil
    }
}
