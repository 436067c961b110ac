import Glibc

/// An image that an upgrade writes into one half of the flash: a user1.bin or user2.bin.
public struct ApplicationImage: Sendable, Hashable {
    /// What the smaller half takes, in bytes: the same image may be asked for either (reference 6).
    public static let sizeLimit = min(FlashRegion.user1.size, FlashRegion.user2.size)

    /// 1 to `sizeLimit` bytes.
    public let bytes: [UInt8]

    /// Reads an image.
    /// - Throws: `invalid` when it is not there, is empty or is larger than a half; `io`.
    public init(path: String) throws(FlashFileError) {
        do throws(SystemError) {
            // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
            let file = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw SystemError(number: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : ENODEV)
            }
            let size = Int(status.st_size)
            bytes = (1...Self.sizeLimit).contains(size) ? try file.read(count: size, at: 0) : []
            guard bytes.isEmpty else { return }
            throw SystemError(number: size == 0 ? ENODATA : EFBIG)
        } catch {
            throw FlashFileError(reading: path, error)
        }
    }
}

extension FlashFileError {
    fileprivate init(reading path: String, _ error: SystemError) {
        let (kind, problem, remedy): (Kind, String, String) =
            switch error.number {
            case ENODATA: (.invalid, "is empty", "give a user1.bin or user2.bin")
            case EFBIG:
                (
                    .invalid, "is larger than the \(ApplicationImage.sizeLimit) bytes of one half of the flash",
                    "give a user1.bin or user2.bin"
                )
            case EISDIR: (.invalid, "is a directory", "give the path of a file")
            case ENODEV: (.invalid, "is not an ordinary file", "give the path of a file")
            case EIO, EMFILE, ENFILE, ENOMEM: (.io, "could not be read", "check the disk")
            default: (.invalid, "cannot be opened", "give the path of a file that is there and that you may read")
            }
        let isOurs = [ENODATA, EFBIG, EISDIR, ENODEV].contains(error.number)
        self.init(
            kind, subject: "firmware image", path: path, problem: problem, remedy: remedy,
            errorNumber: isOurs ? nil : error.number)
    }
}
