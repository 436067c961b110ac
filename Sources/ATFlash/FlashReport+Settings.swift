import ATEngine
import ATPrimitives

// The fields of the two records in words.
extension FlashReport {
    /// The AT user record; what is left out is the default.
    struct User: Encodable, Sendable {
        let uart: Line?
        let stationAddress: String?
        let softAPAddress: String?
        let stationMAC: String?
        let softAPMAC: String?
        let stationDHCP: Bool
        let softAPDHCP: Bool
        let transparent: Transparent?

        init(_ settings: UserSettings) {
            uart = settings.line.map(Line.init)
            stationAddress = settings.stationAddress?.description
            softAPAddress = settings.softAPAddress?.description
            stationMAC = settings.stationMAC?.description
            softAPMAC = settings.softAPMAC?.description
            stationDHCP = settings.usesDHCP
            softAPDHCP = settings.servesDHCP
            transparent = settings.transparent.map(Transparent.init)
        }
    }

    /// AT+UART.
    struct Line: Encodable, Sendable {
        let baud: UInt32
        let dataBits: UInt8
        let stopBits: String
        let parity: String
        let flowControl: String

        init(_ line: LineSettings) {
            baud = line.baud
            dataBits = line.dataBits
            stopBits =
                switch line.stopBits {
                case .one: "1"
                case .oneAndAHalf: "1.5"
                case .two: "2"
                }
            parity =
                switch line.parity {
                case .none: "none"
                case .odd: "odd"
                case .even: "even"
                }
            flowControl =
                switch (line.requestToSend, line.clearToSend) {
                case (false, false): "none"
                case (true, false): "RTS"
                case (false, true): "CTS"
                case (true, true): "RTS and CTS"
                }
        }
    }

    /// AT+CIPMODE=1 and the connection stored with it.
    struct Transparent: Encodable, Sendable {
        let remote: String?
        let transport: String?

        init(_ settings: TransparentSettings) {
            remote = settings.remote?.description
            transport = settings.transport.map { $0 == .tcp ? "tcp" : "udp" }
        }
    }

    /// The system record.
    struct System: Encodable, Sendable {
        let mode: UInt8
        let autoConnect: Bool
        let ssid: String
        let password: String
        let softAP: AccessPoint?
        let runs: String

        init(_ settings: SystemSettings) {
            mode = settings.mode
            autoConnect = settings.autoConnects
            ssid = escaped(settings.ssid)
            password = escaped(settings.password)
            softAP = settings.softAP.map(AccessPoint.init)
            runs = settings.runningImage == 2 ? FlashRegion.user2.name : FlashRegion.user1.name
        }
    }

    /// AT+CWSAP.
    struct AccessPoint: Encodable, Sendable {
        let ssid: String
        let password: String
        let channel: UInt8
        let security: String

        init(_ accessPoint: SystemSettings.AccessPoint) {
            ssid = escaped(accessPoint.ssid)
            password = escaped(accessPoint.password)
            channel = accessPoint.channel
            security =
                switch accessPoint.security {
                case .open: "open"
                case .wep: "wep"
                case .wpa: "wpa"
                case .wpa2: "wpa2"
                case .wpaWpa2: "wpaWpa2"
                }
        }
    }

    /// Bytes as text; what is not printable ASCII, and the backslash, is written as `\xHH`, so that nothing disturbs a
    /// terminal.
    private static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            let isPlain = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\\")
            text += isPlain ? String(Unicode.Scalar(byte)) : "\\x" + hexadecimal(Int(byte), digits: 2)
        }
        return text
    }

    /// A number with so many upper-case digits at least.
    static func hexadecimal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
