import ATPrimitives

// What the firmware keeps in the flash: two records of two copies each, and a flag that says which copy counts
// (reference 6). A change erases and writes the copy that does not count, then the flag, so that a power cut leaves the
// old record or the new one.

/// Where a record lies.
struct ParameterArea: Sendable {
    /// The sectors of the two copies.
    let copies: (Int, Int)
    /// The sector whose first byte is 0 when the first copy counts, and anything else when the second does.
    let flag: Int
    /// The size of the record in bytes.
    let size: Int

    static let user = ParameterArea(copies: (0x3D, 0x3E), flag: 0x3F, size: UserParameters.size)
    static let system = ParameterArea(copies: (0x7D, 0x7E), flag: 0x7F, size: SystemParameters.size)
}

/// The AT user record as bytes; what is blank or nonsense reads as the default (reference 6).
struct UserParameters: Sendable, Equatable {
    static let size = 56
    static let line = 0
    static let softAPAddress = 12
    static let stationAddress = 16
    static let softAPMAC = 20
    static let stationMAC = 28
    static let dhcp = 36
    static let transparent = 40

    var bytes: [UInt8]

    /// The UART's settings; nil stands for the standard ones.
    var lineSettings: LineSettings? {
        let baud = word(Self.line)
        guard (1...LineSettings.maximumBaud).contains(baud) else { return nil }
        // Quirk: after AT+IPR on blank flash the other bytes are FF: 8 data bits, a stop field of 3 and the parity
        // bits set (reference 2.7a).
        return LineSettings(
            baud: baud, dataBits: 5 + (bytes[4] & 3), stopBits: StopBits(rawValue: bytes[5] & 3) ?? .one,
            parity: bytes[6] & 2 == 0 ? (bytes[6] & 1 == 0 ? .even : .odd) : (bytes[6] == 2 ? .none : .odd),
            requestToSend: bytes[7] & 1 != 0 && bytes[7] <= 3, clearToSend: bytes[7] & 2 != 0 && bytes[7] <= 3)
    }

    var stationAddress: IPv4Address? { address(Self.stationAddress) }
    var softAPAddress: IPv4Address? { address(Self.softAPAddress) }
    var stationMAC: MACAddress? { mac(Self.stationMAC) }
    var softAPMAC: MACAddress? { mac(Self.softAPMAC) }
    var servesDHCP: Bool { bytes[Self.dhcp] & 1 != 0 }
    var usesDHCP: Bool { bytes[Self.dhcp] & 2 != 0 }

    /// AT+CIPMODE as stored.
    var isTransparentMode: Bool { bytes[Self.transparent] == 1 }
    /// The stored far end, if there is a valid one (reference 3.8).
    var transparentRemote: Endpoint? {
        guard isTransparentMode, bytes[Self.transparent + 1] == 0,
            bytes[Self.transparent + 2] == 16 || bytes[Self.transparent + 2] == 32,
            let address = address(Self.transparent + 4)
        else { return nil }
        let port = UInt16(bytes[Self.transparent + 8]) | UInt16(bytes[Self.transparent + 9]) << 8
        return Endpoint(address: address, port: port)
    }

    private func word(_ offset: Int) -> UInt32 {
        UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
            | UInt32(bytes[offset + 3]) << 24
    }

    /// An address lies as it goes over the network, first byte first.
    private func address(_ offset: Int) -> IPv4Address? {
        let address = IPv4Address(bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3])
        return address == .any || address == .broadcast ? nil : address
    }

    private func mac(_ offset: Int) -> MACAddress? {
        var value: UInt64 = 0
        for index in 0..<6 { value = value << 8 | UInt64(bytes[offset + index]) }
        let mac = MACAddress(value: value)
        return mac == .zero || mac == .broadcast ? nil : mac
    }
}

extension LineSettings {
    /// The fastest rate that AT+UART and AT+IPR take (reference 2.7).
    static let maximumBaud: UInt32 = 5_000_000
}

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

    init(bytes: [UInt8]) {
        let mark = UnsafeBufferPointer(start: Self.mark.utf8Start, count: Self.mark.utf8CodeUnitCount)
        guard bytes.starts(with: mark) else { return }
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

extension Engine {
    var userParameters: UserParameters { UserParameters(bytes: record(.user)) }
    var systemParameters: SystemParameters { SystemParameters(bytes: record(.system)) }

    /// The copy that counts.
    private func record(_ area: ParameterArea) -> [UInt8] {
        let start = currentCopy(of: area) * FlashImage.sectorSize
        return (0..<area.size).map { chip.flash[address: start + $0] }
    }

    private func currentCopy(of area: ParameterArea) -> Int {
        chip.flash[address: area.flag * FlashImage.sectorSize] == 0 ? area.copies.0 : area.copies.1
    }

    /// Writes a record unless it is the same; two sectors are erased.
    private mutating func store(_ bytes: [UInt8], in area: ParameterArea) {
        guard bytes != record(area) else { return }
        let isFirst = currentCopy(of: area) == area.copies.0
        let target = isFirst ? area.copies.1 : area.copies.0
        erase(sector: target)
        write(bytes, at: target * FlashImage.sectorSize)
        erase(sector: area.flag)
        write([isFirst ? 1 : 0], at: area.flag * FlashImage.sectorSize)
    }

    mutating func storeUserParameters(at offset: Int, _ field: [UInt8]) {
        var bytes = record(.user)
        bytes.replaceSubrange(offset..<offset + field.count, with: field)
        store(bytes, in: .user)
    }

    /// AT+CIPSTA and AT+CIPAP: the address and the DHCP bits in one record, so that no power cut comes between them.
    mutating func storeAddress(_ address: IPv4Address, at offset: Int) {
        let (a, b, c, d) = address.octets
        var bytes = record(.user)
        bytes.replaceSubrange(offset..<offset + 4, with: [a, b, c, d])
        bytes[UserParameters.dhcp] = dhcpBits
        store(bytes, in: .user)
    }

    mutating func storeUserParameters(at offset: Int, _ mac: MACAddress) {
        storeUserParameters(at: offset, (0..<6).map { mac[$0] })
    }

    /// AT+UART stores all eight bytes, AT+IPR the rate alone (reference 2.7, 2.7a).
    mutating func storeLine(_ settings: LineSettings, rateOnly: Bool) {
        var field = (0..<4).map { UInt8(truncatingIfNeeded: settings.baud >> UInt32(8 * $0)) }
        if !rateOnly {
            let parity: UInt8 =
                switch settings.parity {
                case .even: 0
                case .odd: 1
                case .none: 2
                }
            let flow: UInt8 = (settings.requestToSend ? 1 : 0) | (settings.clearToSend ? 2 : 0)
            field += [settings.dataBits - 5, settings.stopBits.rawValue, parity, flow]
        }
        storeUserParameters(at: UserParameters.line, field)
    }

    /// Both DHCP bits as they are now.
    mutating func storeDHCP() { storeUserParameters(at: UserParameters.dhcp, [dhcpBits]) }

    /// Bit 0 the softAP's server, bit 1 the station's client (reference 2.14).
    var dhcpBits: UInt8 { (session.softAP.servesDHCP ? 1 : 0) | (session.station.usesDHCP ? 2 : 0) }

    /// AT+CIPMODE: the flag, and the connection of the last link used for sending if it has one (reference 2.27).
    mutating func storeTransparent(_ isOn: Bool) {
        let id = session.links.lastSent
        let link = session.links[id]
        var field: [UInt8] = [isOn ? 1 : 0]
        if !link.isFree {
            let (a, b, c, d) = link.remote.address.octets
            field += [UInt8(id), link.transport == .tcp ? 16 : 32, UInt8(link.udpMode), a, b, c, d]
            field += [UInt8(truncatingIfNeeded: link.remote.port), UInt8(truncatingIfNeeded: link.remote.port >> 8)]
            field += [0, 0, UInt8(truncatingIfNeeded: link.localPort), UInt8(truncatingIfNeeded: link.localPort >> 8)]
            field += [0, 0]
        }
        storeUserParameters(at: UserParameters.transparent, field)
    }

    /// The mode, the station's network and auto-connect as they are now, and the softAP if AT+CWSAP has set it: a
    /// default name is not stored, since it follows the MAC.
    mutating func storeSystemParameters(softAP: SoftAP.Configuration? = nil) {
        var parameters = systemParameters
        parameters.mode = session.mode
        parameters.autoConnects = session.station.autoConnects
        parameters.ssid = session.station.ssid
        parameters.password = session.station.password
        if let softAP { parameters.softAP = softAP }
        store(parameters.bytes, in: .system)
    }

    func defaultSoftAP(_ mac: MACAddress) -> SoftAP.Configuration {
        SoftAP.Configuration(ssid: SoftAP.defaultName(mac), password: [], channel: 1, security: .open)
    }

    /// AT+RESTORE: the user record's second copy and its flag, which selects it, are erased; the system record is
    /// written blank (reference 2.6).
    mutating func eraseSettings() {
        erase(sector: ParameterArea.user.copies.1)
        erase(sector: ParameterArea.user.flag)
        store([UInt8](repeating: 0xFF, count: SystemParameters.size), in: .system)
    }

    /// The half that the second-stage boot starts: user1 unless an upgrade has selected the other (reference 6, 7).
    var runningHalf: FlashHalf { systemParameters.half }

    /// The upgrade flag: the next start runs this half.
    mutating func storeRunningHalf(_ half: FlashHalf) {
        var parameters = systemParameters
        parameters.half = half
        store(parameters.bytes, in: .system)
    }

    /// One sector of an image, or what there is for the last.
    mutating func writeSector(_ sector: Int, _ bytes: [UInt8]) {
        effects.append(.erase(sector: sector))
        stall(for: delays.sectorErase)
        let payload = effects.payload(bytes)
        effects.append(.write(address: sector * FlashImage.sectorSize, payload))
        stall(for: delays.recordWrite)
    }

    private mutating func erase(sector: Int) {
        chip.flash.erase(sector: sector)
        effects.append(.erase(sector: sector))
        stall(for: delays.sectorErase)
    }

    private mutating func write(_ bytes: [UInt8], at address: Int) {
        for (offset, byte) in bytes.enumerated() { chip.flash.write(byte, at: address + offset) }
        let payload = effects.payload(bytes)
        effects.append(.write(address: address, payload))
        stall(for: delays.recordWrite)
    }
}
