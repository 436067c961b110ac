import ATPrimitives

/// What the parameter sectors of a flash hold, decoded for people: both copies of both records, and which of them the
/// firmware reads (reference 6).
public struct SettingsReport: Sendable, Hashable {
    /// The AT firmware's own record: AT+UART, AT+CIPSTA, AT+CWDHCP and the like.
    public let user: SettingsRecord<UserSettings>
    /// The record that belongs to the SDK: AT+CWMODE, AT+CWJAP, AT+CWSAP, AT+CWAUTOCONN and the running image.
    public let system: SettingsRecord<SystemSettings>

    /// Decodes the sectors of an image; any content can be.
    public init(of image: FlashImage) {
        user = SettingsRecord(image, .user) { .settings(UserSettings(UserParameters(bytes: $0))) }
        system = SettingsRecord(image, .system) { bytes in
            SystemParameters.isOurs(bytes) ? .settings(SystemSettings(SystemParameters(bytes: bytes))) : .foreign
        }
    }
}

/// A record of the flash: two copies, and a flag that says which counts.
public struct SettingsRecord<Settings: Sendable & Hashable>: Sendable, Hashable {
    /// What one copy holds.
    public enum Content: Sendable, Hashable {
        /// Every byte is FF: all settings are the defaults.
        case blank
        /// Somebody else's layout, for example that of the SDK on a real module; it reads as the defaults.
        case foreign
        case settings(Settings)
    }

    /// One copy.
    public struct Copy: Sendable, Hashable {
        /// The sector in which it lies; its address is 4096 times that.
        public let sector: Int
        public let content: Content
    }

    public let copies: [Copy]
    /// The index in `copies` of the one that the firmware reads.
    public let currentIndex: Int
    /// The sector whose first byte says which copy counts.
    public let flagSector: Int
    /// That byte: 0 selects the first copy, anything else the second.
    public let flag: UInt8

    /// The copy that the firmware reads.
    public var current: Copy { copies[currentIndex] }

    init(_ image: FlashImage, _ area: ParameterArea, decode: ([UInt8]) -> Content) {
        func copy(_ sector: Int) -> Copy {
            let bytes = (0..<area.size).map { image[address: sector * FlashImage.sectorSize + $0] }
            return Copy(sector: sector, content: bytes.allSatisfy { $0 == 0xFF } ? .blank : decode(bytes))
        }
        copies = [copy(area.copies.0), copy(area.copies.1)]
        flagSector = area.flag
        flag = image[address: area.flag * FlashImage.sectorSize]
        currentIndex = flag == 0 ? 0 : 1
    }
}

/// The AT user record as the firmware reads it; nil is the default, be it blank or nonsense (reference 6).
public struct UserSettings: Sendable, Hashable {
    /// AT+UART and AT+IPR.
    public let line: LineSettings?
    /// AT+CIPSTA.
    public let stationAddress: IPv4Address?
    /// AT+CIPAP.
    public let softAPAddress: IPv4Address?
    /// AT+CIPSTAMAC.
    public let stationMAC: MACAddress?
    /// AT+CIPAPMAC.
    public let softAPMAC: MACAddress?
    /// AT+CWDHCP: whether the softAP gives leases.
    public let servesDHCP: Bool
    /// AT+CWDHCP: whether the station asks for one.
    public let usesDHCP: Bool
    /// AT+CIPMODE; nil when it is off.
    public let transparent: TransparentSettings?

    init(_ parameters: UserParameters) {
        line = parameters.lineSettings
        stationAddress = parameters.stationAddress
        softAPAddress = parameters.softAPAddress
        stationMAC = parameters.stationMAC
        softAPMAC = parameters.softAPMAC
        servesDHCP = parameters.servesDHCP
        usesDHCP = parameters.usesDHCP
        transparent = parameters.isTransparentMode ? TransparentSettings(parameters) : nil
    }
}

/// Transparent mode as stored (reference 3.8, 6).
public struct TransparentSettings: Sendable, Hashable {
    /// The far end to which the module connects when it starts; nil when none is stored that it would take.
    public let remote: Endpoint?
    /// What the stored link was. The firmware connects over TCP in either case (reference 5.4); nil is neither.
    public let transport: Transport?

    init(_ parameters: UserParameters) {
        remote = parameters.transparentRemote
        transport =
            switch parameters.bytes[UserParameters.transparent + 2] {
            case 16: .tcp
            case 32: .udp
            default: nil
            }
    }
}

/// The system record in our own layout, since that of the SDK is not known (design, Flash).
public struct SystemSettings: Sendable, Hashable {
    /// What AT+CWSAP has set.
    public struct AccessPoint: Sendable, Hashable {
        /// 1 to 32 bytes of any value.
        public let ssid: [UInt8]
        public let password: [UInt8]
        /// 1 to 13.
        public let channel: UInt8
        public let security: Security
    }

    /// AT+CWMODE: 1 station, 2 softAP, 3 both.
    public let mode: UInt8
    /// AT+CWAUTOCONN.
    public let autoConnects: Bool
    /// The access point of AT+CWJAP; empty when there is none.
    public let ssid: [UInt8]
    public let password: [UInt8]
    /// nil is the default softAP, whose name comes from the MAC.
    public let softAP: AccessPoint?
    /// The image that runs: 1 for user1.bin, 2 for user2.bin (reference 7).
    public let runningImage: Int

    init(_ parameters: SystemParameters) {
        mode = parameters.mode.rawValue
        autoConnects = parameters.autoConnects
        ssid = parameters.ssid
        password = parameters.password
        softAP = parameters.softAP.map {
            AccessPoint(ssid: $0.ssid, password: $0.password, channel: $0.channel, security: $0.security)
        }
        runningImage = Int(parameters.half.rawValue)
    }
}

extension FlashImage {
    /// The sectors of user1.bin (reference 6).
    package static var user1Sectors: Range<Int> { FlashHalf.user1.sectors }
    /// The sectors of user2.bin (reference 6).
    package static var user2Sectors: Range<Int> { FlashHalf.user2.sectors }
}
