import ATPrimitives

// Chapter 4 of the manual: basic commands.
extension Command {
    static let basic: [Command] = [
        // Test whether the module is there.
        Command("", "4.2.1", execute: accepted),

        // Restart.
        Command(
            "+RST", "4.2.2",
            execute: { engine in
                engine.restart()
                return .ok
            }),

        // Version.
        Command(
            "+GMR", "4.2.3",
            execute: { engine in
                engine.line("AT version:0.21.0.0")
                engine.line("SDK version:0.9.5")
                return .ok
            }),

        // Deep sleep for so many milliseconds; 0 until the next reset.
        Command(
            "+GSLP", "4.2.4",
            set: .takes(.anyInt("time")) { engine, time in
                engine.sleep(forMilliseconds: time)
                return .ok
            }),

        // Echo: ATE0, ATE1.
        Command(
            "E", "4.2.5",
            set: .takes(.int("echo", 0...1), separator: .digit) { engine, echo in
                engine.session.parser.echoes = echo == 1
                return .ok
            }),

        // Factory reset.
        Command(
            "+RESTORE", "4.2.6",
            execute: { engine in
                engine.eraseSettings()
                engine.restart()
                return .ok
            }),

        uart(baud: 1...Int(LineSettings.maximumBaud)),
    ]

    /// UART settings; the OK is still sent with the old ones. Editions differ in the rates that they take.
    static func uart(baud: ClosedRange<Int>) -> Command {
        Command(
            "+UART", "4.2.7",
            set: .takes(
                .int("baudrate", baud), .int("databits", 5...8), .int("stopbits", 1...3), .int("parity", 0...2),
                .int("flow control", 0...3)
            ) { engine, baud, dataBits, stopBits, parity, flow in
                engine.setUART(
                    LineSettings(
                        baud: UInt32(baud), dataBits: UInt8(dataBits),
                        stopBits: StopBits(rawValue: UInt8(stopBits)) ?? .one,
                        parity: Parity(rawValue: UInt8(parity)) ?? .none, requestToSend: flow & 1 != 0,
                        clearToSend: flow & 2 != 0))
                return .ok
            })
    }

    /// Commands of the shipped firmware that the manual does not have.
    static let undocumented: [Command] = [
        // Baud rate alone; the OK is sent with the new one (shipped firmware, reference 2.7a).
        Command(
            "+IPR", "",
            set: .takes(.int("baudrate", 1...Int(LineSettings.maximumBaud))) { engine, baud in
                engine.setBaudRate(UInt32(baud))
                return .pending
            }),

        // Quirk: prints nothing at all, not even OK (shipped firmware, reference 2.32).
        Command("+CIPAPPUP", "", execute: { _ in .silent }),
    ]
}
