import CPosix
import Glibc
import NIOCore

/// The socket of a client, for what NIO does not ask it: whether the client has gone, and what it has left.
///
/// The descriptor is a second one of the same socket, so that what has come can still be read when NIO has closed its
/// own, as it does as soon as a write fails.
final class ClientSocket {
    /// The most that is read of a client whose connection has broken; the kernel holds less.
    private static let restLimit = 1 << 20
    /// `POLLRDHUP`, which Glibc's Swift module lacks: the other end sends no more.
    private static let inputEnded: Int16 = 0x2000

    /// Whether a process still holds the other end.
    enum Presence {
        case present, gone
        /// The other end is on another machine.
        case unknown
    }

    private var descriptor: CInt
    private let isTCP: Bool

    /// - Parameters:
    ///   - channel: a channel of NIO; it stays as it is.
    ///   - isTCP: it is a Unix socket otherwise.
    init(of channel: any Channel, isTCP: Bool) throws {
        self.isTCP = isTCP
        let found = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) {
            try SystemCall.duplicate($0)
        }
        guard let found else { throw ChannelError.operationUnsupported }
        descriptor = found
    }

    deinit { close() }

    var presence: Presence {
        // Both directions are over: the other end was closed, or the connection was reset.
        if shows(Int16(POLLHUP)) { return .gone }
        guard isTCP else { return .present }
        return switch cposix_tcp_peer(descriptor) {
        case CPOSIX_PEER_GONE: .gone
        case CPOSIX_PEER_PRESENT: .present
        default: .unknown
        }
    }

    /// Whether another client may have its place, when what it sent has been read. One of another machine that sends no
    /// more cannot be told from one that has closed, and most have.
    var mayGiveWay: Bool {
        switch presence {
        case .present: false
        case .gone: true
        case .unknown: shows(Self.inputEnded)
        }
    }

    /// Whether the client has gone, and all that it sent has been read.
    var isSpent: Bool {
        guard presence == .gone, shows(Self.inputEnded) else { return false }
        // Asked last, since what was on its way has come when the end has.
        var unread: CInt = 0
        return cposix_descriptor_unread(descriptor, &unread) == 0 && unread == 0
    }

    /// Reads what has come and nobody has read.
    func readRest() -> ByteBuffer {
        var rest = ByteBuffer()
        var count = 1
        while descriptor >= 0, count > 0, rest.readableBytes < Self.restLimit {
            rest.writeWithUnsafeMutableBytes(minimumWritableBytes: ByteChannel.readLimit) { room in
                repeat {
                    count = recv(descriptor, room.baseAddress, room.count, CInt(MSG_DONTWAIT))
                } while count < 0 && errno == EINTR
                return max(0, count)
            }
        }
        return rest
    }

    /// Closes this descriptor. The client hears of it when NIO's is closed, too.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    private func shows(_ event: Int16) -> Bool {
        var question = pollfd(fd: descriptor, events: event, revents: 0)
        return poll(&question, 1, 0) > 0 && question.revents & event != 0
    }
}
