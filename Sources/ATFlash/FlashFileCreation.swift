import Glibc

/// How a file is put in place so that a kill never leaves a part of one: under a name of its own, then renamed.
///
/// The unfinished file has one fixed name, so a leftover is used again, and it is locked, so of two vesps that make the
/// same image at once one is told that the file is in use.
enum FlashFileCreation {
    /// Makes a file at `path`, or replaces the one that is there.
    /// - Parameters:
    ///   - content: all of its bytes.
    ///   - old: what is to be replaced, open and locked; nil when nothing is there.
    /// - Returns: the file, locked; nil when `path` or the unfinished file changed hands meanwhile: look again.
    static func create(
        path: String, replacing old: Descriptor? = nil, _ content: [UInt8]
    ) throws(FlashFileError) -> Descriptor? {
        let unfinished = unfinishedPath(for: path)
        do throws(SystemError) {
            let file = try Descriptor(opening: unfinished, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644)
            guard try file.lock() else { throw SystemError(number: EWOULDBLOCK) }
            // A vesp that was faster may have renamed it.
            guard try file.isNamed(unfinished) else { return nil }
            let isUnchanged = if let old { try old.isNamed(path) } else { !exists(path) }
            guard isUnchanged else {
                unlink(unfinished)
                return nil
            }
            do throws(SystemError) {
                try file.truncate(toSize: 0)
                if let old { try file.adoptRights(of: old) }
                try file.write(content, at: 0)
                // Without this, a power cut after the rename could leave a file with a name and no content.
                try file.synchronize()
                guard rename(unfinished, path) == 0 else { throw SystemError(number: errno) }
            } catch {
                unlink(unfinished)
                throw error
            }
            return file
        } catch {
            throw FlashFileError(creating: path, isNew: old == nil, error)
        }
    }

    /// Makes or replaces a file whose content may depend on what is there now.
    /// - Parameter content: is given the present file, locked, or nil; what it throws leaves everything as it was.
    static func put(
        at path: String, _ content: (Descriptor?) throws(FlashFileError) -> [UInt8]
    ) throws(FlashFileError) {
        for _ in 0..<FlashFileOpening.attempts {
            let old = try FlashFileOpening.openExisting(path, for: .writing)
            // A rename would put the file in the place of the link and leave what it leads to as it was.
            guard let target = old == nil ? path : realpath(of: path) else { continue }
            guard let file = try create(path: target, replacing: old, try content(old)) else { continue }
            do throws(SystemError) { try file.close() } catch {
                throw FlashFileError(creating: path, isNew: old == nil, error)
            }
            return
        }
        throw .unsteady(path)
    }

    /// Whether anything is there, be it a symbolic link that leads nowhere.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// `.NAME.vesp-new` beside the image.
    static func unfinishedPath(for path: String) -> String {
        let split = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        return path[..<split] + "." + path[split...] + ".vesp-new"
    }

    /// - Returns: nil when the file has gone meanwhile.
    private static func realpath(of path: String) -> String? {
        guard let resolved = Glibc.realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension FlashFileError {
    /// What stopped the making of a file.
    fileprivate init(creating path: String, isNew: Bool, _ error: SystemError) {
        switch error.number {
        case EWOULDBLOCK: self = .inUse(path)
        case EIO, ENOSPC, EDQUOT, EFBIG:
            self.init(
                .io, path: path, problem: "could not be written",
                remedy: "make room for 513 KB, or choose another disk",
                errorNumber: error.number)
        default:
            self.init(
                .unavailable, path: path, problem: isNew ? "does not exist and cannot be made" : "cannot be replaced",
                remedy: "choose a path in a directory that exists and that you may write to", errorNumber: error.number)
        }
    }

    /// Another vesp holds the file.
    static func inUse(_ path: String) -> FlashFileError {
        FlashFileError(
            .inUse, path: path, problem: "is in use by another vesp",
            remedy: "stop that one, or give this module a file of its own")
    }
}
