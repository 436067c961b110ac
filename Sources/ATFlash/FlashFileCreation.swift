import ATEngine
import Glibc

/// How a flash image is made so that a kill never leaves a short one: under a name of its own, then renamed.
///
/// The unfinished file has one fixed name, so a leftover is used again, and it is locked, so of two vesps that make the
/// same image at once one is told that the file is in use.
enum FlashFileCreation {
    /// Makes a blank image at `path`.
    /// - Returns: the image, locked; nil when `path` or the unfinished file changed hands meanwhile: look again.
    static func create(path: String) throws(FlashFileError) -> Descriptor? {
        let unfinished = unfinishedPath(for: path)
        do throws(SystemError) {
            let file = try Descriptor(opening: unfinished, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644)
            guard try file.lock() else { throw SystemError(number: EWOULDBLOCK) }
            guard try isCurrent(file, unfinished) else { return nil }
            guard !exists(path) else {
                unlink(unfinished)
                return nil
            }
            try fill(file, thenRename: unfinished, to: path)
            return file
        } catch {
            throw FlashFileError(creating: path, error)
        }
    }

    private static func fill(_ file: Descriptor, thenRename unfinished: String, to path: String) throws(SystemError) {
        let blank = [UInt8](repeating: 0xFF, count: FlashImage.flashSize)
        do throws(SystemError) {
            try file.truncate(toSize: 0)
            try file.write(blank + FlashTrailer.fresh(.created), at: 0)
            // Without this, a power cut after the rename could leave a file with a name and no content.
            try file.synchronize()
            guard rename(unfinished, path) == 0 else { throw SystemError(number: errno) }
        } catch {
            unlink(unfinished)
            throw error
        }
    }

    /// Whether the name still belongs to the file: a vesp that was faster may have renamed it.
    private static func isCurrent(_ file: Descriptor, _ path: String) throws(SystemError) -> Bool {
        let ours = try file.status()
        var named = stat()
        return lstat(path, &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev
    }

    /// Whether anything is there, be it a symbolic link that leads nowhere.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// `.NAME.vesp-new` beside the image.
    static func unfinishedPath(for path: String) -> String {
        let split = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        return path[..<split] + "." + path[split...] + ".vesp-new"
    }
}

extension FlashFileError {
    /// What stopped the making of a new image.
    fileprivate init(creating path: String, _ error: SystemError) {
        switch error.number {
        case EWOULDBLOCK: self = .inUse(path)
        case EIO, ENOSPC, EDQUOT, EFBIG:
            self.init(
                .io, path: path, problem: "could not be written",
                remedy: "make room for 513 KB, or choose another disk",
                errorNumber: error.number)
        default:
            self.init(
                .unavailable, path: path, problem: "does not exist and cannot be made",
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
