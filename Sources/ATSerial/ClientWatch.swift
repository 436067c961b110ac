import CPosix
import Glibc
import NIOCore
import NIOPosix

/// Tells the pseudo-terminals of one event loop when somebody opens or closes them. The kernel allows a user few
/// inotify instances (128), so all terminals of a loop share one.
///
/// It is read in two ways: by NIO, which wakes the loop, and directly, by a terminal that must know now. Each has a
/// descriptor of its own: NIO closes that of its channel, and the last terminal to go closes the other.
final class ClientWatch {
    /// An event loop is a thread, so the watch of a loop is a variable of its thread.
    private static let current = ThreadSpecificVariable<Slot>()
    /// Room for events; one has 16 bytes, since the watched files are not directories.
    private static let readLimit = 4096

    /// What makes a loop-bound object a thread's variable.
    private final class Slot: Sendable {
        let watch: NIOLoopBound<ClientWatch>

        init(_ watch: ClientWatch, on loop: any EventLoop) {
            self.watch = NIOLoopBound(watch, eventLoop: loop)
        }
    }

    private struct Weak {
        weak var terminal: PseudoTerminalTransport?
    }

    /// -1 once closed.
    private var descriptor: CInt
    private var channel: (any Channel)?
    private var terminals: [CInt: Weak] = [:]
    /// Done when events wake the loop.
    private var ready: EventLoopFuture<Void>

    private init(on loop: any EventLoop) throws(IOError) {
        descriptor = try SystemCall.run("inotify_init1") {
            inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC))
        }
        ready = loop.makeSucceededVoidFuture()
    }

    /// Watches the terminal at `path`.
    ///
    /// - Returns: the watch, its number for the terminal, and when it begins to wake the loop.
    static func add(
        _ terminal: PseudoTerminalTransport, at path: String, on loop: any EventLoop
    ) throws(IOError) -> (watch: ClientWatch, number: CInt, ready: EventLoopFuture<Void>) {
        let watch: ClientWatch
        if let shared = current.currentValue?.watch.value {
            watch = shared
        } else {
            watch = try ClientWatch(on: loop)
            do {
                try watch.wakeUp(loop)
            } catch {
                watch.closeIfUnused()
                throw error
            }
            current.currentValue = Slot(watch, on: loop)
        }
        let number = inotify_add_watch(watch.descriptor, path, UInt32(IN_OPEN | IN_CLOSE))
        guard number >= 0 else {
            let error = IOError(errnoCode: errno, reason: "inotify_add_watch")
            watch.closeIfUnused()
            throw error
        }
        watch.terminals[number] = Weak(terminal: terminal)
        return (watch, number, watch.ready)
    }

    /// Ends the watch of one terminal; the last one closes everything.
    func remove(_ number: CInt) {
        terminals[number] = nil
        // Fails if the terminal has vanished, and its watch with it.
        inotify_rm_watch(descriptor, number)
        closeIfUnused()
    }

    /// Gives events that have happened by now to the terminals, which do not act before they settle.
    func synchronize() {
        var count: CInt = 0
        if cposix_descriptor_unread(descriptor, &count) == 0, count > 0 {
            drain()
        }
    }

    /// Takes all events, whether or not there are any.
    func drain() {
        withUnsafeTemporaryAllocation(byteCount: Self.readLimit, alignment: 8) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { break }
                record(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
        // NIO may have been told that there is something to read, and insists on finding it.
        cposix_inotify_touch(descriptor)
    }

    private func wakeUp(_ loop: any EventLoop) throws(IOError) {
        let handler = NIOLoopBound(EventHandler(watch: self), eventLoop: loop)
        let opened = DescriptorChannel.open(input: try SystemCall.duplicate(descriptor), output: nil, on: loop) {
            try $0.pipeline.syncOperations.addHandler(handler.value)
        }
        ready = opened.assumeIsolated().map { channel in
            if self.descriptor >= 0 {
                self.channel = channel
            } else {
                // All have gone meanwhile.
                channel.close(promise: nil)
            }
        }.nonisolated()
    }

    private func closeIfUnused() {
        guard terminals.isEmpty, descriptor >= 0 else { return }
        if Self.current.currentValue?.watch.value === self {
            Self.current.currentValue = nil
        }
        Glibc.close(descriptor)
        descriptor = -1
        channel?.close(promise: nil)
        channel = nil
    }

    private func record(_ events: UnsafeRawBufferPointer) {
        var rest = events
        while rest.count >= MemoryLayout<inotify_event>.size {
            let event = rest.loadUnaligned(as: inotify_event.self)
            rest = UnsafeRawBufferPointer(
                rebasing: rest.dropFirst(MemoryLayout<inotify_event>.size + Int(event.len)))
            if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
                // Events were lost: somebody may have closed any of them.
                terminals.values.forEach { $0.terminal?.tally.closed() }
            }
            guard let terminal = terminals[event.wd]?.terminal else { continue }
            if event.mask & UInt32(IN_OPEN) != 0 { terminal.tally.opened() }
            if event.mask & UInt32(IN_CLOSE) != 0 { terminal.tally.closed() }
        }
    }

    /// Hears from NIO that there are events.
    private final class EventHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let watch: ClientWatch

        init(watch: ClientWatch) {
            self.watch = watch
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            Self.unwrapInboundIn(data).withUnsafeReadableBytes { watch.record($0) }
        }

        func channelReadComplete(context: ChannelHandlerContext) {
            // A terminal that settles may close, and change the table.
            for number in Array(watch.terminals.keys) {
                watch.terminals[number]?.terminal?.settleTally()
            }
        }
    }
}

/// Who has opened and closed a terminal since it was looked at.
///
/// The kernel merges equal events that follow each other, so the count is only nearly right: that nobody is there is
/// asked of the terminal itself, and the count tells whether one client was followed by another.
struct ClientTally {
    private(set) var clients = 0
    /// Somebody has opened it.
    private(set) var sawOpen = false
    /// Somebody has closed it.
    private(set) var sawClose = false
    /// All had left before somebody came.
    private(set) var sawTurnover = false
    private var wasEmptied = false

    mutating func opened() {
        clients += 1
        sawOpen = true
        sawTurnover = sawTurnover || wasEmptied
    }

    mutating func closed() {
        clients = max(0, clients - 1)
        sawClose = true
        wasEmptied = wasEmptied || clients == 0
    }

    /// Begins again, with what is known now.
    mutating func reset(clients: Int) {
        self = ClientTally(clients: clients)
    }

    init(clients: Int = 0) {
        self.clients = clients
    }
}
