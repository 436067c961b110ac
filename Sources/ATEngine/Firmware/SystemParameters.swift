import ATPrimitives

/// The SDK's system record. Its real layout is not known; this one is our own and says so in its first bytes, and a
/// record that does not is a foreign or blank one and reads as the defaults (design, Flash).
struct SystemParameters: Sendable {
    static let size = 0x370
    private static let mark: StaticString = "vesp\u{01}"

    var mode = WiFiMode.softAP
    var autoConnects = true
    /// Which image runs.
    var half = FlashHalf.user1
    var ssid: [UInt8] = []
    var password: [UInt8] = []
    /// nil is the default softAP, whose name depends on the MAC.
    var softAP: SoftAP.Configuration?

    init() {}

    /// Whether a record has our layout.
    static func isOurs(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: UnsafeBufferPointer(start: mark.utf8Start, count: mark.utf8CodeUnitCount))
    }

    init(bytes: [UInt8]) {
        guard Self.isOurs(bytes) else { return }
        mode = WiFiMode(rawValue: bytes[5]) ?? .softAP
        autoConnects = bytes[6] != 0
        half = FlashHalf(rawValue: bytes[7]) ?? .user1
        ssid = Self.text(in: bytes, at: 8, limit: 32)
        password = Self.text(in: bytes, at: 41, limit: 64)
        let name = Self.text(in: bytes, at: 106, limit: 32)
        let isDefault = name.count >= 2 && name[0] == 0xFF && name[1] == 0xFF
        guard !name.isEmpty, !isDefault, let security = Security(rawValue: bytes[205]) else { return }
        softAP = SoftAP.Configuration(
            ssid: name, password: Self.text(in: bytes, at: 139, limit: 64),
            channel: (1...13).contains(bytes[204]) ? bytes[204] : 1, security: security)
    }

    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0xFF, count: Self.size)
        for index in 0..<Self.mark.utf8CodeUnitCount { bytes[index] = Self.mark.utf8Start[index] }
        bytes[5] = mode.rawValue
        bytes[6] = autoConnects ? 1 : 0
        bytes[7] = half.rawValue
        Self.put(ssid, into: &bytes, at: 8)
        Self.put(password, into: &bytes, at: 41)
        guard let softAP else { return bytes }
        Self.put(softAP.ssid, into: &bytes, at: 106)
        Self.put(softAP.password, into: &bytes, at: 139)
        bytes[204] = softAP.channel
        bytes[205] = softAP.security.rawValue
        return bytes
    }

    /// A length and so many bytes; a length beyond `limit` is that of a blank field.
    private static func text(in bytes: [UInt8], at offset: Int, limit: Int) -> [UInt8] {
        let count = Int(bytes[offset])
        return count <= limit ? [UInt8](bytes[offset + 1..<offset + 1 + count]) : []
    }

    private static func put(_ text: [UInt8], into bytes: inout [UInt8], at offset: Int) {
        bytes[offset] = UInt8(text.count)
        for (index, byte) in text.enumerated() { bytes[offset + 1 + index] = byte }
    }
}
