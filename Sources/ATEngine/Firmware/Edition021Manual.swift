import ATPrimitives

extension Firmware {
    /// Version 0.21 as its manual prints it, wherever that is explicit; numbers in comments are the rows of
    /// manual-differences.
    public static let manual021: Firmware = {
        var firmware = Firmware(identifier: "0.21-manual", commands: shipped021.commands)
        for command in Command.asPrinted { firmware.replace(command) }

        firmware.texts.alreadyConnected = .bare("ALREADY CONNECT")  // 11
        firmware.texts.prompt = "\r\n>"  // 12
        firmware.texts.transparentPrompt = "\r\n>"  // 12
        firmware.texts.sendFailed = "\r\nERROR\r\n"  // 13
        firmware.texts.linkIsNot = .bare("Link is not")  // 14
        firmware.texts.noLinkToClose = .text("UNLINK")  // 15
        firmware.texts.linkIsBuilt = .bare("Link is builded")  // 18, 21
        firmware.texts.pingTimedOut = .error  // 22

        firmware.policy.joinFailure = .error  // 4
        firmware.policy.scanLine = .bare  // 5
        firmware.policy.softAPChangesAtOnce = false  // 6
        firmware.policy.dhcpEnable = 0  // 7
        firmware.policy.tcpStatusHasLocalPort = true  // 8
        firmware.policy.status = .computed  // 9
        firmware.policy.closesAllWithServer = false  // 16
        firmware.policy.modesLookAtLinks = true  // 18, 21
        firmware.policy.serverStop = .atRestart  // 19, 20
        firmware.policy.udpDataEndsInOK = false  // 23
        firmware.policy.reconnectsAfterFin = true  // 24
        return firmware
    }()
}

extension Command {
    /// The entries that the manual's edition has in place of the shipped ones.
    fileprivate static let asPrinted: [Command] = [
        // 1: one number of 8 bytes, the first four the AT version.
        Command("+GMR", "4.2.3", execute: line("00210905")),

        // 2: the time comes back.
        Command(
            "+GSLP", "4.2.4",
            set: .takes(.anyInt("time")) { engine, time in
                engine.line("", time)
                engine.sleep(forMilliseconds: time)
                return .ok
            }),

        // 3: other baud rates.
        uart(baud: 110...4_608_000),

        // 10: other texts.
        startWithPrintedTest,

        // 17: bare addresses, and an error without one.
        Command(
            "+CIFSR", "6.2.5",
            test: accepted,
            set: softAPAddress,
            execute: { engine in
                if engine.session.mode.hasSoftAP { engine.line("+CIFSR:", engine.session.softAP.address) }
                let hasStation = engine.session.mode.hasStation && engine.session.station.hasAddress
                if hasStation { engine.line("+CIFSR:", engine.session.station.address) }
                return engine.session.mode.hasSoftAP || hasStation ? .ok : .error
            }),
    ]

    private static let startWithPrintedTest = Command(
        "+CIPSTART", "6.2.2",
        test: { engine in
            let prefix: StaticString = engine.session.links.areMultiple ? "+CIPSTART:(id)," : "+CIPSTART:"
            engine.put(prefix)
            engine.line("(<type>),(<IP address>),(<port>)[,(<local port>),(<mode>)]")
            engine.put(prefix)
            engine.line("(<type>),(<domain name>),(<port>)[,(<local port>),(<mode>)]")
            return .ok
        },
        set: connection)
}
