import ATEngine
import Glibc

/// How an existing flash image is opened and checked; what is refused is only read.
enum FlashFileOpening {
    /// How often we look again when another vesp makes the same file at the same moment.
    private static let attempts = 8

    /// Opens and locks the image at `path`, or makes it.
    static func open(path: String) throws(FlashFileError) -> Descriptor {
        guard !path.isEmpty else { throw .notAFile(path, "has no name") }
        guard !path.utf8.contains(0) else { throw .notAFile(path, "has a name with a zero byte") }
        for _ in 0..<attempts {
            if let file = try openExisting(path) { return file }
            if let file = try FlashFileCreation.create(path: path) { return file }
        }
        throw FlashFileError(
            .unavailable, path: path, problem: "is a symbolic link that leads nowhere, or does not stay in place",
            remedy: "choose another path")
    }

    /// - Returns: the image, locked, of which only the type is known; nil when nothing is there.
    private static func openExisting(_ path: String) throws(FlashFileError) -> Descriptor? {
        do throws(SystemError) {
            // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
            let file = try Descriptor(opening: path, flags: O_RDWR | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(number: ENXIO) }
            guard try file.lock() else { throw SystemError(number: EWOULDBLOCK) }
            return file
        } catch {
            if error.number == ENOENT { return nil }
            throw FlashFileError(opening: path, error)
        }
    }

    /// The trailer of an image.
    /// - Returns: nil for a bare image, or for one to which a trailer was being appended when vesp was killed.
    static func trailer(of file: Descriptor, path: String) throws(FlashFileError) -> FlashTrailer? {
        let flashSize = FlashImage.flashSize
        let size: Int
        let rest: [UInt8]
        do throws(SystemError) {
            size = Int(try file.status().st_size)
            let isPlausible = (flashSize...flashSize + FlashTrailer.size).contains(size)
            rest = isPlausible ? try file.read(count: size - flashSize, at: flashSize) : []
        } catch {
            throw FlashFileError(opening: path, error)
        }
        if size == flashSize + FlashTrailer.size {
            do throws(FlashTrailer.Damage) { return try FlashTrailer(rest) } catch {
                throw FlashFileError(damaged: path, error)
            }
        }
        let isCutShort = !rest.isEmpty && FlashTrailer.fresh(.appended).starts(with: rest)
        guard size == flashSize || isCutShort else {
            throw FlashFileError(
                .invalid, path: path, problem: "has \(size) bytes, not the \(flashSize) of a 512 KB flash",
                remedy: "give a whole image, or the path of a file that does not exist to start with a blank one")
        }
        return nil
    }
}

extension FlashFileError {
    /// What stopped the opening of something that exists.
    fileprivate init(opening path: String, _ error: SystemError) {
        switch error.number {
        case EWOULDBLOCK: self = .inUse(path)
        case EISDIR: self = .notAFile(path, "is a directory")
        case ENXIO, ENODEV: self = .notAFile(path, "is not an ordinary file")
        case ENOTDIR, ENAMETOOLONG:
            self.init(
                .unavailable, path: path, problem: "cannot be made", remedy: "choose a path in a directory that exists",
                errorNumber: error.number)
        case EIO, EMFILE, ENFILE, ENOMEM, ENOLCK, EOPNOTSUPP:
            self.init(
                .io, path: path, problem: "could not be opened and locked", remedy: "try a file on a local disk",
                errorNumber: error.number)
        default:
            self.init(
                .invalid, path: path, problem: "cannot be opened for reading and writing",
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

    /// Something other than a regular file is there.
    fileprivate static func notAFile(_ path: String, _ problem: String) -> FlashFileError {
        FlashFileError(.invalid, path: path, problem: problem, remedy: "give the path of a file")
    }
}
