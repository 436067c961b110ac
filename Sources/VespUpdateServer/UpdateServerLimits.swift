import NIOCore

/// What one client, and all of them together, may take from an update server.
struct UpdateServerLimits: Sendable {
    /// Bytes that a client may send; the firmware's requests have less than 600.
    var requestSize = 8192
    /// Clients at a time; one more is closed at once. A module has one connection at a time.
    var clients = 16
    /// How long a connection may stand still. The firmware gives up a second connection after 10 s (reference 7).
    var idleTime = TimeAmount.seconds(30)
    /// How long a connection may last. The firmware gives up an upgrade after 60 s (reference 7).
    var lifetime = TimeAmount.seconds(120)

    /// Connections that wait to be accepted.
    static let backlog: CInt = 16
    /// The image goes out in pieces of so many bytes, so that a slow reader is seen to be reading.
    static let pieceSize = 8192
}
