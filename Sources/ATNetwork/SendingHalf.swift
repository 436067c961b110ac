import CPosix
import NIOCore

/// The sending half of a TCP connection: what goes out, the FIN after it, and the far end's acknowledgement.
///
/// SEND OK means that the far end's TCP has acknowledged (contract, Network). Linux has no event for that, so after each
/// send the kernel's count of unacknowledged bytes is looked at, at once (on loopback that is enough) and then after
/// pauses that double. The FIN is sent with shutdown(2) and not by SwiftNIO, which would close the whole socket, and what
/// it has not yet written, when the far end has finished before.
final class SendingHalf {
    private enum Finish {
        case notWanted
        case wanted
        case sent
    }

    private let channel: any Channel
    /// Called each time when everything sent, and the FIN if one was, is acknowledged.
    private let acknowledged: () -> Void
    private var finish = Finish.notWanted
    private var pause = NetworkLimits.firstLook
    private var nextLook: Scheduled<Void>?

    init(channel: any Channel, acknowledged: @escaping () -> Void) {
        self.channel = channel
        self.acknowledged = acknowledged
    }

    /// Whether the FIN is on its way, with all that was sent before it.
    var isFinished: Bool { finish == .sent }

    func send(_ bytes: ByteBuffer) {
        guard finish == .notWanted else { return }
        channel.pipeline.syncOperations.writeAndFlush(NIOAny(bytes), promise: nil)
        lookSoon()
    }

    /// Sends FIN after what was sent.
    func sendFinish() {
        guard finish == .notWanted else { return }
        finish = .wanted
        lookSoon()
    }

    func stop() {
        nextLook?.cancel()
        nextLook = nil
    }

    /// Looks now if something is not acknowledged: a segment that brings data brings its acknowledgement with it, and the
    /// chip's stack tells that first (lwIP; inferred).
    func lookBeforeReading() {
        guard nextLook != nil else { return }
        stop()
        look()
    }

    private func lookSoon() {
        stop()
        pause = NetworkLimits.firstLook
        look()
    }

    private func look() {
        nextLook = nil
        guard channel.isActive else { return }
        guard !hasUnwrittenBytes else { return lookLater() }
        if finish == .wanted {
            finish = .sent
            // If it fails the connection is gone, and the channel becomes inactive for the same reason.
            _ = channel.withDescriptor(cposix_shutdown_output)
        }
        let count = channel.withDescriptor(cposix_unacknowledged)
        guard count >= 0 else { return }
        if count == 0 { acknowledged() } else { lookLater() }
    }

    private func lookLater() {
        nextLook = channel.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.look() }
        pause = min(pause + pause, NetworkLimits.longestLook)
    }

    /// Whether SwiftNIO holds bytes that the kernel had no room for.
    private var hasUnwrittenBytes: Bool {
        do {
            return try channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0 > 0
        } catch {
            // The channel is closed, and nothing is left to write.
            return false
        }
    }
}
