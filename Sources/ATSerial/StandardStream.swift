import Glibc
import NIOCore

/// One of the standard streams, as a descriptor of our own.
///
/// NIO needs a descriptor that does not block, and that is a property of the open file, which the parent and standard
/// error may share. So a pipe or terminal is opened anew, if the system lets us; else the old flags are put back.
final class StandardStream {
    /// -1 once given away or closed.
    private(set) var descriptor: CInt
    /// NIO can wait for it; a regular file or /dev/null is always ready and cannot be waited for.
    let isWaitable: Bool
    private var shared: (descriptor: CInt, flags: CInt)?

    /// - Parameters:
    ///   - original: the descriptor that the process was given; it stays open.
    ///   - access: `O_RDONLY` or `O_WRONLY`.
    init(_ original: CInt, access: CInt) throws(IOError) {
        let type = try SystemCall.status(of: original).type
        isWaitable = type == S_IFIFO || type == S_IFSOCK || isatty(original) == 1
        if isWaitable, type != S_IFSOCK {
            // O_NONBLOCK, or a pipe without its other end would stop us here.
            let anew = Glibc.open("/proc/self/fd/\(original)", access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            if anew >= 0 {
                descriptor = anew
                return
            }
        }
        descriptor = try SystemCall.duplicate(original)
        if isWaitable {
            shared = (original, try SystemCall.run("fcntl") { fcntl(original, F_GETFL) })
        }
    }

    /// The descriptor, which is the caller's from now on.
    func take() -> CInt {
        defer { descriptor = -1 }
        return descriptor
    }

    /// Closes the descriptor if it was not taken, and gives the shared open file its flags back.
    func restore() {
        if descriptor >= 0 {
            Glibc.close(descriptor)
            descriptor = -1
        }
        if let shared {
            _ = fcntl(shared.descriptor, F_SETFL, shared.flags)
            self.shared = nil
        }
    }
}
