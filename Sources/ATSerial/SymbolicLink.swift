import Glibc
import NIOCore

/// The symbolic link by which a pseudo-terminal is found.
struct SymbolicLink {
    let path: String
    let target: String

    /// Makes the link. An existing symbolic link is replaced in one step; anything else is left alone and is an error.
    func place() throws(SerialPortError) {
        do {
            // If nothing is there, this is one step, too.
            try SystemCall.run("symlink") { symlink(target, path) }
            return
        } catch  where error.errnoCode == EEXIST {
        } catch {
            throw unavailable("cannot be made", error)
        }
        let existing: stat?
        do {
            existing = try SystemCall.status(ofLinkAt: path)
        } catch {
            throw unavailable("cannot be looked at", error)
        }
        if let existing, existing.type != S_IFLNK {
            throw unavailable("cannot be made: the path is taken; remove what is there or name another link", nil)
        }
        do {
            try replace()
        } catch {
            throw unavailable("cannot be replaced", error)
        }
    }

    private func replace() throws(IOError) {
        // The process id keeps two programs apart; what an earlier process of that id left behind is of no use.
        let temporary = "\(path).\(getpid())"
        if unlink(temporary) < 0, errno != ENOENT {
            throw IOError(errnoCode: errno, reason: "unlink")
        }
        try SystemCall.run("symlink") { symlink(target, temporary) }
        do {
            try SystemCall.run("rename") { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Removes the link if it still points to the target.
    func remove() {
        // One byte more than the target, so that a longer one is seen to differ.
        let found = withUnsafeTemporaryAllocation(of: CChar.self, capacity: target.utf8.count + 1) { buffer in
            guard let start = buffer.baseAddress else { return [UInt8]() }
            let count = readlink(path, start, buffer.count)
            return buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        }
        if found == Array(target.utf8) {
            unlink(path)
        }
    }

    private func unavailable(_ problem: String, _ error: IOError?) -> SerialPortError {
        SerialPortError(.unavailable, line: "pty:\(path)", problem: problem, underlying: error)
    }
}
