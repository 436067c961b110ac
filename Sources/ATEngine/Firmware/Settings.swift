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
        erase(sector: sector)
        write(bytes, at: sector * FlashImage.sectorSize)
    }

    private mutating func erase(sector: Int) {
        work(.erase(sector: sector), for: delays.sectorErase)
    }

    private mutating func write(_ bytes: [UInt8], at address: Int) {
        work(.write(address: address, bytes), for: delays.recordWrite)
    }

    /// The CPU waits for the flash; the flash has changed when the time is over.
    private mutating func work(_ kind: FlashWork.Kind, for time: Interval) {
        stall(for: time)
        chip.begin(FlashWork(kind: kind, due: cpuFreeAt))
        settleFlash()
    }

    /// Tells the world of the work on the flash that is done.
    mutating func settleFlash() {
        while let done = chip.settleFlash(at: now) {
            switch done {
            case .erase(let sector):
                effects.append(.erase(sector: sector))
            case .write(let address, let bytes):
                let payload = effects.payload(bytes)
                effects.append(.write(address: address, payload))
            }
        }
    }
}
