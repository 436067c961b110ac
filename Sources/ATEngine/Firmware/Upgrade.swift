import ATPrimitives

/// The upgrade through the network, AT+CIUPDATE (reference 7).
///
/// A name is resolved; a first connection asks for the version, and its end, which the server makes, leads to a second
/// one that brings the image. The image is written sector by sector to the half of the flash that does not run. Only
/// when it is whole is the flag stored that selects the other half, so that whatever fails leaves everything as it was.
/// An upgrade that has ended, well or not, is a new value.
struct Upgrade: Sendable {
    /// The link id that effects of the upgrade carry: none of those that a host can have.
    static let link: LinkID = Links.count
    static let host: StaticString = "iot.espressif.cn"
    static let port: UInt16 = 80

    /// What a connection is for.
    enum Stage: Sendable, Equatable {
        case version
        case image
    }

    enum State: Sendable, Equatable {
        case idle
        case resolving(Lookup)
        case connecting(Stage, Socket)
        /// The connect has failed; the answer is on its way.
        case refused(Stage)
        /// The request is out.
        case asking(Stage, Socket)
        /// Data has come.
        case reading(Stage, Socket)
    }

    private(set) var state = State.idle
    private(set) var remote = Endpoint(address: .any, port: port)
    private(set) var version = UpgradeVersion()
    private(set) var image = UpgradeImage(half: .user2)

    var isIdle: Bool { state == .idle }

    /// The connection that the world knows; nil if there is none.
    var socket: Socket? {
        switch state {
        case .idle, .resolving, .refused: nil
        case .connecting(_, let socket), .asking(_, let socket), .reading(_, let socket): socket
        }
    }

    /// Whether the server has told its version, so that the image can be asked for once it closes.
    var hasVersion: Bool { if case .reading(.version, _) = state { version.isWhole } else { false } }

    /// AT+CIUPDATE: the server's name is looked up.
    /// - Parameter half: where the image is to go.
    mutating func start(_ lookup: Lookup, writing half: FlashHalf) {
        state = .resolving(lookup)
        image = UpgradeImage(half: half)
    }

    /// The resolver has found the server.
    mutating func found(_ address: IPv4Address) { remote.address = address }

    mutating func dialled(_ stage: Stage, _ socket: Socket) { state = .connecting(stage, socket) }

    /// The handshake is done, and the request goes out.
    /// - Returns: what is to be asked for, and on which socket; nil if nothing was dialled.
    mutating func connected() -> (stage: Stage, socket: Socket)? {
        guard case .connecting(let stage, let socket) = state else { return nil }
        state = .asking(stage, socket)
        return (stage, socket)
    }

    /// RST in answer to SYN, or no answer at all.
    mutating func refused() {
        if case .connecting(let stage, _) = state { state = .refused(stage) }
    }

    /// Data has come.
    /// - Returns: the stage to which it belongs; nil if nothing was asked for.
    mutating func received() -> Stage? {
        guard case .asking(let stage, let socket) = state else {
            if case .reading(let stage, _) = state { return stage }
            return nil
        }
        state = .reading(stage, socket)
        return stage
    }

    /// The next byte of the server's first answer.
    mutating func takeVersion(_ byte: UInt8) { version.take(byte) }

    /// The next byte of its second.
    mutating func takeImage(_ byte: UInt8) -> UpgradeImage.Step { image.take(byte) }

}
