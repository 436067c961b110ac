import ATPrimitives

/// Which passwords an access point can have. Messages tell the length of a password, never the password.
struct PasswordRule {
    let security: Security

    /// How many bytes a passphrase has (IEEE 802.11i).
    private static let passphraseLength = 8...63
    /// How many hex digits a raw WPA key has.
    private static let keyLength = 64
    /// How many characters, or twice as many hex digits, a WEP key of 40 or 104 bits has.
    private static let wepLengths = [5, 13]

    /// Checks that a password fits.
    func check(_ password: [UInt8]) throws(InvalidValue) {
        let isHex = password.allSatisfy { ($0 < 0x80) && Character(UnicodeScalar($0)).isHexDigit }
        switch security {
        case .open:
            throw InvalidValue("an open network has no password; leave it out, or make the security wpa2.")
        case .wep:
            let isKey = Self.wepLengths.contains(password.count)
            guard isKey || isHex && Self.wepLengths.contains(where: { 2 * $0 == password.count }) else {
                throw InvalidValue(
                    "a WEP key of \(password.count) characters does not exist; give 5 or 13 characters, or 10 or 26 hex "
                        + "digits.")
            }
        case .wpa, .wpa2, .wpaWpa2:
            guard Self.passphraseLength.contains(password.count) || isHex && password.count == Self.keyLength else {
                throw InvalidValue(
                    "the password has \(password.count) characters; give 8 to 63, or 64 hex digits, or none for an open "
                        + "network.")
            }
        }
    }
}
