import ATPrimitives

/// Why the chip started; the raw value is what the ROM prints (reference 5.2).
enum ResetCause: UInt8, Sendable {
    case powerOn = 1
    /// The reset pin, and the wake from deep sleep, which comes through it.
    case external = 2
    /// The hardware watchdog; AT+RST uses it too (reference 5.2).
    case watchdog = 4
}

/// What the ROM, the second-stage boot and the SDK print before the firmware sets the UART (reference 5.1, 5.2). The
/// numbers are those of the log in the manual, section 7; the exact spaces differ between logs (inferred).
enum BootText {
    /// The ROM believes in a 40 MHz crystal, so its 115200 baud come out as 74880.
    static let line: LineSettings = {
        var line = LineSettings.standard
        line.baud = 74_880
        return line
    }()

    /// From the reset to the ROM's first byte, and to the SDK's lines (reference 5.3, likely).
    static let romStarts = Interval.milliseconds(10)
    static let sdkStarts = Interval.milliseconds(150)

    static let beforeCause: StaticString = "\r\n ets Jan  8 2013,rst cause:"
    static let fromFlash: StaticString = ", boot mode:(3,7)\r\n\r\n"
    static let fromUART: StaticString = ", boot mode:(1,7)\r\n\r\n"
    static let watchdog: StaticString = "wdt reset\r\n"
    static let load: StaticString = """
        load 0x40100000, len 26336, room 16 \r\ntail 0\r\nchksum 0xde\r\nload 0x3ffe8000, len 5672, room 8 \r\ntail 0\r
        chksum 0x69\r\nload 0x3ffe9630, len 8348, room 8 \r\ntail 4\r\nchksum 0xcb\r\ncsum 0xcb\r\n
        """
    static let secondBoot: StaticString = """
        \r\n2nd boot version : 1.2\r\n  SPI Speed      : 40MHz\r\n  SPI Mode       : QIO\r
          SPI Flash Size : 4Mbit\r\njump to run user
        """
    static let sdk: StaticString = """
        SDK ver: 0.9.5 compiled @ Jan 23 2015 20:38:12\r\nphy ver: 273, pp ver: 8.3\r\n\r\n
        """
}

extension Engine {
    /// The ROM and the second-stage boot say why the chip started and what it runs.
    mutating func printROMText() {
        put(BootText.beforeCause)
        put(digitsOf: UInt(chip.cause.rawValue))
        put(chip.isDownloadMode ? BootText.fromUART : BootText.fromFlash)
        if chip.cause == .watchdog { put(BootText.watchdog) }
        guard !chip.isDownloadMode else { return }
        put(BootText.load)
        put(BootText.secondBoot)
        put(digitsOf: UInt(runningHalf.rawValue))
        put("\r\n\r\n")
    }
}
