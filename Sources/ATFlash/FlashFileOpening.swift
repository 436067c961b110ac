import ATEngine
import Glibc

/// How an existing flash image is opened and checked; what is refused is only read.
enum FlashFileOpening {
    /// How often we look again when another vesp makes or replaces the same file at the same moment.
    static let attempts = 8

    /// What a file is opened for.
    enum Access {
        /// To look at it, beside others who do.
        case reading
        /// To have it alone.
        case writing
    }

    /// Opens and locks the image at `path`, or makes it.
    static func open(path: String) throws(FlashFileError) -> Descriptor {
        for _ in 0..<attempts {
            if let file = try openExisting(path, for: .writing) { return file }
            let blank = [UInt8](repeating: 0xFF, count: FlashImage.flashSize)
            if let file = try FlashFileCreation.create(path: path, blank + FlashTrailer.fresh(.created)) { return file }
        }
        throw .unsteady(path)
    }

    /// Opens and locks what must be there.
    static func openPresent(_ path: String, for access: Access) throws(FlashFileError) -> Descriptor {
        for _ in 0..<attempts {
            if let file = try openExisting(path, for: access) { return file }
            guard FlashFileCreation.exists(path) else { throw .missing(path) }
        }
        throw .unsteady(path)
    }

    /// - Returns: the file, locked, of which only the type is known; nil when nothing is there, or no longer the same.
    static func openExisting(_ path: String, for access: Access) throws(FlashFileError) -> Descriptor? {
        guard !path.isEmpty else { throw .notAFile(path, "has no name") }
        guard !path.utf8.contains(0) else { throw .notAFile(path, "has a name with a zero byte") }
        do throws(SystemError) {
            // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
            let mode = access == .reading ? O_RDONLY : O_RDWR
            let file = try Descriptor(opening: path, flags: mode | O_NONBLOCK | O_NOCTTY)
            switch try file.status().st_mode & S_IFMT {
            case S_IFREG: break
            case S_IFDIR: throw SystemError(number: EISDIR)
            default: throw SystemError(number: ENXIO)
            }
            guard try file.lock(isShared: access == .reading) else { throw SystemError(number: EWOULDBLOCK) }
            // Who held it before may have put a new file in its place, and ours would be nobody's.
            return try file.isNamed(path) ? file : nil
        } catch {
            if error.number == ENOENT { return nil }
            throw FlashFileError(opening: path, for: access, error)
        }
    }

    /// The trailer of an image.
    /// - Returns: nil for a bare image, or for one to which a trailer was being appended when vesp was killed.
    static func trailer(of file: Descriptor, path: String) throws(FlashFileError) -> FlashTrailer? {
        switch try ending(of: file, path: path) {
        case .bare, .cutShort: return nil
        case .whole(let trailer): return trailer
        case .damaged(let damage): throw FlashFileError(damaged: path, damage)
        case .otherSize(let size):
            throw .size(
                of: path, size,
                remedy: "give a whole image, or the path of a file that does not exist to start with a blank one")
        }
    }

    /// What follows the flash in a file.
    enum Ending {
        case bare
        case cutShort
        case whole(FlashTrailer)
        case damaged(FlashTrailer.Damage)
        /// The file has so many bytes, which no flash of ours has.
        case otherSize(Int)
    }

    static func ending(of file: Descriptor, path: String) throws(FlashFileError) -> Ending {
        let flashSize = FlashImage.flashSize
        let size: Int
        let rest: [UInt8]
        do throws(SystemError) {
            size = Int(try file.status().st_size)
            let isPlausible = (flashSize...flashSize + FlashTrailer.size).contains(size)
            rest = isPlausible ? try file.read(count: size - flashSize, at: flashSize) : []
        } catch {
            throw FlashFileError(opening: path, for: .reading, error)
        }
        if size == flashSize { return .bare }
        if size == flashSize + FlashTrailer.size {
            do throws(FlashTrailer.Damage) { return .whole(try FlashTrailer(rest)) } catch { return .damaged(error) }
        }
        let isCutShort = !rest.isEmpty && FlashTrailer.fresh(.appended).starts(with: rest)
        return isCutShort ? .cutShort : .otherSize(size)
    }
}

extension FlashFileError {
    /// What stopped the opening of something that exists.
    fileprivate init(opening path: String, for access: FlashFileOpening.Access, _ error: SystemError) {
        switch error.number {
        case EWOULDBLOCK: self = .inUse(path)
        case EISDIR: self = .notAFile(path, "is a directory")
        case ENXIO, ENODEV: self = .notAFile(path, "is not an ordinary file")
        case ENOTDIR, ENAMETOOLONG:
            self.init(
                .unavailable, path: path, problem: access == .reading ? "cannot be opened" : "cannot be made",
                remedy: "choose a path in a directory that exists", errorNumber: error.number)
        case EIO, EMFILE, ENFILE, ENOMEM, ENOLCK, EOPNOTSUPP:
            self.init(
                .io, path: path, problem: "could not be opened and locked", remedy: "try a file on a local disk",
                errorNumber: error.number)
        default:
            let purpose = access == .reading ? "reading" : "reading and writing"
            self.init(
                .unavailable, path: path, problem: "cannot be opened for \(purpose)",
                remedy: "give yourself the right to, or give the path of another file", errorNumber: error.number)
        }
    }

    fileprivate init(damaged path: String, _ damage: FlashTrailer.Damage) {
        let problem =
            switch damage {
            case .header, .slots: "has a damaged trailer"
            case .version(let version): "has a trailer of version \(version), which this vesp does not know"
            }
        self.init(
            .invalid, path: path, problem: problem,
            remedy: "cut it to its first \(FlashImage.flashSize) bytes to keep the flash without its wear counts")
    }

    /// A file is too long or too short.
    static func size(of path: String, _ size: Int, remedy: String) -> FlashFileError {
        FlashFileError(
            .invalid, path: path, problem: "has \(size) bytes, not the \(FlashImage.flashSize) of a 512 KB flash",
            remedy: remedy)
    }

    /// Something other than a regular file is there.
    fileprivate static func notAFile(_ path: String, _ problem: String) -> FlashFileError {
        FlashFileError(.invalid, path: path, problem: problem, remedy: "give the path of a file")
    }

    /// There is neither a file nor room for one.
    static func unsteady(_ path: String) -> FlashFileError {
        FlashFileError(
            .unavailable, path: path, problem: "is a symbolic link that leads nowhere, or does not stay in place",
            remedy: "choose another path")
    }
}
