import ATPrimitives

// Chapter 6 of the manual: addresses, modes, the server, ping.
extension Command {
    static let network: [Command] = [
        // Addresses and MACs of the interfaces that the mode has. Quirk: STATUS becomes 2.
        Command(
            "+CIFSR", "6.2.5",
            test: accepted,
            set: softAPAddress,
            execute: { engine in
                if engine.session.mode.hasSoftAP {
                    engine.line("+CIFSR:APIP,", Quoted(engine.session.softAP.address))
                    engine.line("+CIFSR:APMAC,", Quoted(engine.session.softAP.mac))
                }
                if engine.session.mode.hasStation {
                    engine.line("+CIFSR:STAIP,", Quoted(engine.session.station.address))
                    engine.line("+CIFSR:STAMAC,", Quoted(engine.session.station.mac))
                }
                engine.session.links.addressWasShown()
                return .ok
            }),

        // One link or several.
        Command(
            "+CIPMUX", "6.2.6",
            query: { engine in
                engine.line("+CIPMUX:", engine.session.links.areMultiple ? 1 : 0)
                return .ok
            },
            set: .takes(.int("mode", 0...1), after: needsNoBuiltLink) { engine, mode throws(Refusal) in
                try engine.setMultiple(mode == 1)
                return .ok
            }),

        // The server: 1 starts it, 0 stops it.
        Command(
            "+CIPSERVER", "6.2.7",
            set: .takes(
                .server,
                after: { engine throws(Refusal) in
                    guard engine.session.links.areMultiple else { throw .error }
                }
            ) { engine, port in
                if let port { engine.startServer(port: port) } else { engine.stopServer() }
            }),

        // Normal or transparent; stored with the connection.
        Command(
            "+CIPMODE", "6.2.8",
            query: { engine in
                engine.line("+CIPMODE:", engine.session.links.isTransparentMode ? 1 : 0)
                return .ok
            },
            set: .takes(.int("mode", 0...1), after: needsSingleLink) { engine, mode in
                engine.session.links.isTransparentMode = mode == 1
                engine.storeTransparent(mode == 1)
                return .ok
            }),

        // How long a client of the server may be idle, in seconds.
        Command(
            "+CIPSTO", "6.2.9",
            query: { engine in
                engine.line("+CIPSTO:", engine.session.server.timeout)
                return .ok
            },
            set: .takes(
                .int("time", 0...7200),
                after: { engine throws(Refusal) in
                    guard engine.session.server.isRunning else { throw .error }
                }
            ) { engine, time in
                engine.setServerTimeout(time)
                return .ok
            }),

        // Upgrade through the network.
        Command("+CIUPDATE", "6.2.10", execute: { engine in engine.startUpgrade() }),

        // Ping. The parser is free meanwhile.
        Command(
            "+PING", "6.2.11",
            set: .takes(.quoted("ip", 1...128)) { engine, host in engine.startPing(host) }),
    ]

    /// The softAP's address until the next start (not in the manual; shipped firmware, reference 2.24).
    static let softAPAddress = SetForm.takes(
        .address("ip", allowsAny: false, malformed: .text("IP ERROR")), after: needsSoftAP
    ) { engine, address in engine.setUnstoredSoftAPAddress(address) }

    /// CIPMUX looks at the STATUS before it looks at its argument (reference 2.25); the manual's looks at the links.
    static let needsNoBuiltLink: SetForm.Check = { engine throws(Refusal) in
        let isBuilt =
            engine.firmware.policy.modesLookAtLinks
            ? engine.session.links.enabledCount > 0 : engine.session.links.status == 3
        guard !isBuilt else { throw engine.firmware.texts.linkIsBuilt }
    }

    /// CIPMODE looks at these before it looks at its argument (reference 2.27).
    static let needsSingleLink: SetForm.Check = { engine throws(Refusal) in
        guard !engine.session.links.areMultiple, !engine.session.server.isRunning
        else { throw .text("CIPMUX and CIPSERVER must be 0") }
        guard !engine.firmware.policy.modesLookAtLinks || engine.session.links.enabledCount == 0
        else { throw engine.firmware.texts.linkIsBuilt }
    }
}

extension Parameter where Value == UInt16? {
    /// `0` or `1[,<port>]`; the value is the port, nil stops the server (reference 2.26).
    static var server: Parameter {
        Parameter([Field("mode", .number(0...1)), Field("port", .number(1...65535), isOptional: true)]) {
            arguments, _ throws(Refusal) in
            let mode = arguments.number()
            guard !mode.isMissing else { throw .error }
            switch mode.value {
            case 0:
                return nil
            case 1:
                if arguments.isEnded { return Server.defaultPort }
                guard arguments.skip(UInt8(ascii: ",")) else { throw .error }
                let port = arguments.number()
                guard !port.isMissing, port.value > 0, let value = UInt16(exactly: port.value) else { throw .error }
                return value
            default:
                throw .error
            }
        }
    }
}

extension Engine {
    /// AT+CIPMUX=, after its first check (reference 2.25).
    mutating func setMultiple(_ areMultiple: Bool) throws(Refusal) {
        if areMultiple {
            guard !session.links.isTransparentMode else { throw .text("IPMODE must be 0") }
        } else {
            guard !session.server.isRunning || firmware.policy.serverStop == .atRestart
            else { throw .text("CIPSERVER must be 0") }
            guard firmware.policy.serverStop == .atOnce || !session.server.wasStarted else { throw .error }
            guard !session.links.areMultiple || session.links.enabledCount == 0
            else { throw .text("Connection exists") }
        }
        session.links.areMultiple = areMultiple
    }
}
