import ATEngine
import ATPrimitives

/// The far end of one connection of AT+CIUPDATE: it has something to say, which may be what it should, and an end.
struct UpdateServer {
    enum Ending: CaseIterable {
        case finish
        case reset
        /// It stays, and says nothing more.
        case silence
    }

    /// What it has yet to say.
    private var rest: [UInt8]
    private var ending: Ending?
    private let pieceSize: Int
    private var saidCount = 0
    /// After so many bytes an image is whole; nil if none comes.
    private let imageEnd: Int?

    private static let versionAnswer = Array("HTTP/1.0 200 OK\r\n\r\n{\"rom_version\": \"v1.0a\"}".utf8)
    /// How many bytes an image may have: around a sector's end.
    private static let imageSizes = [1, 4_095, 4_096, 4_097, 5_000, 9_000]

    init(_ choices: inout Choices) {
        let size = choices.pick(Self.imageSizes)
        let image = [UInt8](repeating: 0xE9, count: size)
        let header = Self.header(length: "\(size)")
        switch choices.number(below: 20) {
        case ..<8: rest = Self.versionAnswer
        case ..<13: rest = header + image
        case 13: rest = header + image.dropLast()
        case 14: rest = header + image + choices.bytes(choices.number(in: 1...2_000))
        case 15:
            rest = Self.header(length: choices.pick(["0", "-1", "", "300000", "99999999999999999999", "5x"])) + image
        case 16: rest = Array("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot Found".utf8)
        case 17: rest = Array("HTTP/1.1 200 OK\r\nX: ".utf8) + choices.letters(4_000)
        case 18: rest = choices.bytes(choices.number(in: 1...3_000))
        default: rest = []
        }
        imageEnd = rest.count >= header.count + size && rest.starts(with: header) ? header.count + size : nil
        if choices.chance(10) { rest.removeLast(choices.number(in: 0...rest.count)) }
        pieceSize = choices.pick([7, 536, 1_460, 1_460, 5_000])
        ending = choices.chance(75) ? .finish : choices.pick(Ending.allCases)
    }

    private static func header(length: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n".utf8)
    }

    /// It has said a whole image with the right length.
    var hasServedImage: Bool { imageEnd.map { saidCount >= $0 } ?? false }

    /// Says the next piece, or ends.
    /// - Returns: whether something has happened; nil when the connection is no more.
    mutating func act(on connection: RandomWorld.Connection, _ engine: inout Engine, at now: Instant) -> Bool? {
        if !rest.isEmpty {
            let piece = Array(rest.prefix(pieceSize))
            let count = engine.deliver(piece.span, on: connection.socket, from: connection.remote, at: now)
            rest.removeFirst(count)
            saidCount += count
            return count > 0
        }
        guard let ending = ending.take() else { return false }
        switch ending {
        case .finish: engine.handle(.finished(connection.socket), at: now)
        case .silence: return false
        case .reset:
            engine.handle(.reset(connection.socket), at: now)
            return nil
        }
        return true
    }
}
