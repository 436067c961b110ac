import CPosix
import Glibc
import NIOCore

/// The file of a listening Unix socket.
struct UnixSocketFile {
    /// The longest path that an address holds: 108 bytes with the NUL (unix(7)).
    static let pathLimit = 107

    let path: String
    /// What we bound, so that nobody else's file is removed.
    private var identity: (device: dev_t, inode: ino_t)?

    init(path: String) {
        self.path = path
    }

    /// Makes room at the path: a socket file that nobody is bound to is removed, anything else is an error.
    func prepare() throws(SerialPortError) {
        guard path.utf8.count <= Self.pathLimit else {
            throw unavailable(
                "is longer than the \(Self.pathLimit) bytes that a Unix socket can have; use a shorter path")
        }
        do {
            guard let existing = try SystemCall.status(ofLinkAt: path) else { return }
            guard existing.type == S_IFSOCK else {
                throw unavailable("is in the way and is not a socket; remove it or use another path")
            }
            let probe = cposix_unix_socket_probe(path)
            guard probe == -ECONNREFUSED else {
                throw unavailable("is in use by another program; end it or use another path")
            }
            try SystemCall.run("unlink") { unlink(path) }
        } catch let error as SerialPortError {
            throw error
        } catch {
            throw unavailable("cannot be used", error)
        }
    }

    /// Remembers the file that was just bound.
    mutating func remember() throws(IOError) {
        identity = try SystemCall.status(ofLinkAt: path).map { ($0.st_dev, $0.st_ino) }
    }

    /// Removes the file if it is still the one that was bound.
    func remove() {
        var status = stat()
        guard let identity, lstat(path, &status) == 0 else { return }
        if (status.st_dev, status.st_ino) == identity {
            unlink(path)
        }
    }

    private func unavailable(_ problem: String, _ error: (any Error)? = nil) -> SerialPortError {
        SerialPortError(.unavailable, line: "unix:\(path)", problem: problem, underlying: error)
    }
}
