import ATEngine

extension FlashImage {
    /// What another firmware, or a broken chip, could have left behind: each record is blank or nonsense, some with the
    /// mark of ours.
    static func foreign(_ choices: inout Choices) -> FlashImage {
        var flash = FlashImage()
        for sector in sectors where choices.chance(70) {
            var bytes = [UInt8](repeating: 0xFF, count: sectorSize)
            let length = sector < 0x40 ? 56 : 0x370
            bytes.replaceSubrange(..<length, with: choices.bytes(length))
            if sector == 0x3F || sector == 0x7F { bytes[0] = choices.pick([0, 1, 0xFF]) }
            if sector == 0x7D || sector == 0x7E, choices.chance(70) {
                bytes.replaceSubrange(..<5, with: Array("vesp\u{01}".utf8))
            }
            flash[sector: sector] = bytes
        }
        return flash
    }
}
