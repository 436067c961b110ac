import ATFlash

/// What the server has for a module: one image, and the version that it is said to be.
public struct UpdateOffer: Sendable, Hashable {
    public let version: FirmwareVersion
    /// Given for user1.bin and for user2.bin alike.
    public let image: ApplicationImage

    public init(version: FirmwareVersion, image: ApplicationImage) {
        self.version = version
        self.image = image
    }

    /// The body of the answer to the first request. The firmware looks for `rom_version": "`, to the blank, and takes
    /// the five characters after it (reference 7).
    var description: String { "{\"rom_version\": \"\(version)\"}\n" }
}

/// The version of a firmware as the update server tells it, for example `v0.22`.
public struct FirmwareVersion: Sendable, Hashable, LosslessStringConvertible {
    /// The firmware takes exactly so many characters (reference 7).
    public static let length = 5

    public let description: String

    /// - Parameter text: five letters, digits, dots, hyphens or underscores: what the module can put into its second
    ///   request as it is. nil for any other text.
    public init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard isPlain, text.utf8.count == Self.length else { return nil }
        description = text
    }
}
