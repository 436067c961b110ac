import Glibc

/// A refusal by the system: the `errno` of a call.
struct SystemError: Error {
    let number: Int32
}

/// An open file that is closed when it is no longer used; calls that a signal interrupts are made again.
final class Descriptor {
    private let number: Int32
    private(set) var isOpen = true

    /// - Parameters:
    ///   - flags: of `open`; O_CLOEXEC is added, so that a `ping` we start does not inherit the file and its lock.
    init(opening path: String, flags: Int32, mode: mode_t = 0) throws(SystemError) {
        number = Int32(try Self.retrying { Int(open(path, flags | O_CLOEXEC, mode)) })
    }

    deinit {
        if isOpen { _ = Glibc.close(number) }
    }

    /// Closes the file, which also gives up its lock.
    func close() throws(SystemError) {
        guard isOpen else { return }
        isOpen = false
        // Linux closes the descriptor even when it says EINTR: a second call could close somebody else's.
        if Glibc.close(number) != 0, errno != EINTR { throw SystemError(number: errno) }
    }

    /// Locks the file against other vesps until it is closed.
    /// - Parameter isShared: whether others may read it at the same time, in the same way.
    /// - Returns: false when somebody else holds it.
    func lock(isShared: Bool = false) throws(SystemError) -> Bool {
        do {
            _ = try Self.retrying { Int(flock(number, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB)) }
            return true
        } catch {
            if error.number == EWOULDBLOCK { return false }
            throw error
        }
    }

    func status() throws(SystemError) -> stat {
        var status = stat()
        _ = try Self.retrying { Int(fstat(number, &status)) }
        return status
    }

    /// Whether this is what `path` leads to now: another process may have put a new file in its place.
    func isNamed(_ path: String) throws(SystemError) -> Bool {
        let ours = try status()
        var named = stat()
        return stat(path, &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev
    }

    /// Gives the file the access rights of another, and its owner and group as far as we may.
    func adoptRights(of other: Descriptor) throws(SystemError) {
        let status = try other.status()
        do {
            _ = try Self.retrying { Int(fchown(number, status.st_uid, status.st_gid)) }
        } catch {
            // Only root gives files away; for everybody else the new file is their own.
            guard error.number == EPERM else { throw error }
        }
        _ = try Self.retrying { Int(fchmod(number, status.st_mode & 0o7777)) }
    }

    func synchronize() throws(SystemError) {
        _ = try Self.retrying { Int(fsync(number)) }
    }

    func truncate(toSize size: Int) throws(SystemError) {
        _ = try Self.retrying { Int(ftruncate(number, off_t(size))) }
    }

    /// Reads `count` bytes from `offset`; fewer are an input error, since the file was long enough when it was opened.
    func read(count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let step = try Self.retrying {
                bytes.withUnsafeMutableBytes { buffer in
                    pread(number, buffer.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
                }
            }
            guard step > 0 else { throw SystemError(number: EIO) }
            done += step
        }
        return bytes
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let step = try Self.retrying {
                bytes.withUnsafeBytes { buffer in
                    pwrite(number, buffer.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
                }
            }
            guard step > 0 else { throw SystemError(number: EIO) }
            done += step
        }
    }

    private static func retrying(_ call: () -> Int) throws(SystemError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw SystemError(number: errno) }
        }
    }
}
