import Glibc
import NIOCore
import NIOPosix

/// NIO channels over descriptors of pipes, terminals and the like.
enum DescriptorChannel {
    /// Makes a channel of descriptors; they are closed when it is closed, or when it cannot be made.
    ///
    /// NIO says that a failure leaves them to the caller. But one that comes after the channel was made has closed them,
    /// and by then the numbers may be somebody else's. Whether `initialize` was called tells the two apart.
    ///
    /// - Parameters:
    ///   - input: to read from.
    ///   - output: to write to; not the same number, but it may be the same file.
    ///   - loop: the event loop on which this is called.
    ///   - initialize: puts the handlers in.
    static func open(
        input: CInt?, output: CInt?, on loop: any EventLoop,
        initialize: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let isMade = NIOLoopBoundBox(false, eventLoop: loop)
        let bootstrap = NIOPipeBootstrap(group: loop).channelInitializer { channel in
            isMade.value = true
            return channel.eventLoop.makeCompletedFuture { try initialize(channel) }
        }
        let opened: EventLoopFuture<any Channel> =
            switch (input, output) {
            case (let input?, let output?): bootstrap.takingOwnershipOfDescriptors(input: input, output: output)
            case (let input?, nil): bootstrap.takingOwnershipOfDescriptor(input: input)
            case (nil, let output?): bootstrap.takingOwnershipOfDescriptor(output: output)
            case (nil, nil): preconditionFailure("a channel needs a descriptor")
            }
        return opened.flatMapErrorThrowing { error in
            if !isMade.value {
                for descriptor in [input, output].compactMap({ $0 }) { Glibc.close(descriptor) }
            }
            throw error
        }
    }
}
