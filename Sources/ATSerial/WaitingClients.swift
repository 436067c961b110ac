import NIOCore

/// The clients that have come while the one before them was going, in the order in which they came.
///
/// All but the last have gone themselves, and wait with what they have left. So a program that opens the port, writes
/// and closes, again and again, is never refused and loses nothing.
struct WaitingClients {
    /// How many may wait. While so many do, the others stay in the kernel's queue.
    static let limit = 4

    /// A client that NIO holds back until it is let in.
    struct Newcomer {
        let channel: any Channel
        let socket: ClientSocket
        /// Fails if it is refused, which closes its channel.
        let isLetIn: EventLoopPromise<Void>
        /// Refuses it when it has waited too long.
        let deadline: Scheduled<Void>

        func refuse() {
            deadline.cancel()
            socket.close()
            isLetIn.fail(ChannelError.operationUnsupported)
        }
    }

    private var newcomers: [Newcomer] = []

    var isEmpty: Bool { newcomers.isEmpty }

    var count: Int { newcomers.count }

    var isFull: Bool { count >= Self.limit }

    /// Behind whom the next one comes.
    var last: ClientSocket? { newcomers.last?.socket }

    mutating func append(_ newcomer: Newcomer) {
        newcomers.append(newcomer)
    }

    /// Takes out the first that is still there or has left something; refuses those before it.
    mutating func next() -> Newcomer? {
        while !newcomers.isEmpty {
            let newcomer = newcomers.removeFirst()
            guard newcomer.socket.isSpent else {
                newcomer.deadline.cancel()
                return newcomer
            }
            newcomer.refuse()
        }
        return nil
    }

    mutating func refuse(_ socket: ClientSocket) {
        guard let index = newcomers.firstIndex(where: { $0.socket === socket }) else { return }
        newcomers.remove(at: index).refuse()
    }

    mutating func refuseAll() {
        let refused = newcomers
        newcomers = []
        refused.forEach { $0.refuse() }
    }
}
