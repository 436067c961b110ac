import ATPrimitives

// Chapter 5 of the manual: Wi-Fi.
extension Command {
    static let wiFi: [Command] = [
        // Wi-Fi mode: 1 station, 2 softAP, 3 both.
        Command(
            "+CWMODE", "5.2.1",
            test: line("+CWMODE:(1-3)"),
            query: { engine in
                engine.line("+CWMODE:", Int(engine.session.mode.rawValue))
                return .ok
            },
            set: .takes(.int("mode", 1...3)) { engine, mode in
                engine.setMode(WiFiMode(rawValue: UInt8(mode)) ?? .softAP)
                return .ok
            }),

        // Join an access point. The query looks at the address, not at the association.
        Command(
            "+CWJAP", "5.2.2",
            query: { engine in
                guard engine.session.station.hasAddress else {
                    engine.line("No AP")
                    return .ok
                }
                engine.session.links.addressWasShown()
                engine.line("+CWJAP:", Quoted(engine.session.station.ssid))
                return .ok
            },
            set: .takes(.quoted("ssid", 1...32), .quoted("pwd", 0...64), after: needsStation) {
                engine, ssid, password in
                engine.join(ssid, password)
            }),

        // Scan, all or by name, MAC and channel.
        Command(
            "+CWLAP", "5.2.3",
            set: .takes(.scanFilter) { engine, filter in engine.scan(filter) },
            execute: { engine in
                engine.session.mode.hasStation ? engine.scan(ScanFilter()) : .error
            }),

        // Leave the access point; never fails.
        Command(
            "+CWQAP", "5.2.4",
            test: accepted,
            execute: { engine in
                engine.leaveNetwork()
                return .ok
            }),

        // The softAP's name, password, channel and security.
        Command(
            "+CWSAP", "5.2.5",
            query: { engine in
                guard engine.session.mode.hasSoftAP else { return .error }
                let settings = engine.session.softAP.configuration
                engine.line(
                    "+CWSAP:", Quoted(settings.ssid), Quoted(settings.password), Int(settings.channel),
                    Int(settings.security.rawValue))
                return .ok
            },
            set: .takes(
                .quoted("ssid", 1...32), .quoted("pwd", 0...64), .byte("chl", 1...13),
                .int("ecn", oneOf: [0, 2, 3, 4]),
                after: needsSoftAP
            ) { engine, ssid, password, channel, security throws(Refusal) in
                let configuration = SoftAP.Configuration(
                    ssid: ssid, password: password, channel: UInt8(channel),
                    security: Security(rawValue: UInt8(security)) ?? .open)
                guard configuration.isValid else { throw .error }
                engine.configureSoftAP(configuration)
                return .ok
            }),

        // Who has joined the softAP: address and MAC, without a prefix.
        Command(
            "+CWLIF", "5.2.6",
            execute: { engine in
                guard engine.session.mode.hasSoftAP else { return .error }
                for client in engine.session.softAP.clients {
                    client.address.print(to: &engine)
                    engine.putField(client.mac)
                    engine.put("\r\n")
                }
                return .ok
            }),

        // DHCP of the softAP (0), the station (1) or both (2). Quirk: the query has no line end of its own.
        Command(
            "+CWDHCP", "5.2.7",
            query: { engine in
                engine.put("+CWDHCP:")
                engine.put(digitsOf: UInt(engine.dhcpBits))
                return .ok
            },
            set: .takes(.int("mode", 0...2), .int("en", 0...1)) { engine, mode, enable in
                engine.setDHCP(mode, isOn: enable == engine.firmware.policy.dhcpEnable) ? .ok : .error
            }),

        // Join by itself after a boot. Quirk: the query has no line end of its own.
        Command(
            "+CWAUTOCONN", "5.2.8",
            query: { engine in
                engine.put(engine.session.station.autoConnects ? "+CWAUTOCONN:1" : "+CWAUTOCONN:0")
                return .ok
            },
            set: .takes(.int("enable", 0...1)) { engine, enable in
                engine.setAutoConnect(enable == 1)
                return .ok
            }),

        // The station's MAC.
        Command(
            "+CIPSTAMAC", "5.2.9",
            query: { engine in
                engine.line("+CIPSTAMAC:", Quoted(engine.session.station.mac))
                return .ok
            },
            set: .takes(.macAddress("mac")) { engine, mac in
                engine.setStationMAC(mac)
                return .ok
            }),

        // The softAP's MAC.
        Command(
            "+CIPAPMAC", "5.2.10",
            query: { engine in
                engine.line("+CIPAPMAC:", Quoted(engine.session.softAP.mac))
                return .ok
            },
            set: .takes(.macAddress("mac")) { engine, mac in
                engine.setSoftAPMAC(mac)
                return .ok
            }),

        // The station's fixed address; setting it ends DHCP.
        Command(
            "+CIPSTA", "5.2.11",
            query: { engine in
                engine.line("+CIPSTA:", Quoted(engine.session.station.address))
                return .ok
            },
            set: .takes(.address("ip", allowsAny: true)) { engine, address in
                engine.setStationAddress(address)
                return .ok
            }),

        // The softAP's address.
        Command(
            "+CIPAP", "5.2.12",
            query: { engine in
                engine.line("+CIPAP:", Quoted(engine.session.softAP.address))
                return .ok
            },
            set: .takes(.address("ip", allowsAny: false)) { engine, address in
                engine.setSoftAPAddress(address)
                return .ok
            }),
    ]

    static let needsStation: SetForm.Check = { engine throws(Refusal) in
        guard engine.session.mode.hasStation else { throw .error }
    }

    static let needsSoftAP: SetForm.Check = { engine throws(Refusal) in
        guard engine.session.mode.hasSoftAP else { throw .error }
    }
}

extension SoftAP.Configuration {
    /// The SDK's rules beyond those of the parameters: a password of 8 bytes or more unless open, 64 only as hexadecimal
    /// digits (reference 2.12, 4.6).
    var isValid: Bool {
        guard security != .open else { return true }
        if password.count == 64 { return password.allSatisfy { hexadecimalDigit($0) != nil } }
        return password.count >= 8
    }
}

extension Parameter where Value == ScanFilter {
    /// `[<ssid>][,<mac>[,<ch>]]`, each of which may be empty (reference 2.10).
    static var scanFilter: Parameter {
        Parameter([
            Field("ssid", .quoted(0...32), isOptional: true), Field("mac", .macAddress, isOptional: true),
            Field("ch", .number(0...13), isOptional: true),
        ]) { arguments, _ throws(Refusal) in
            var filter = ScanFilter()
            filter.ssid = try arguments.optionalText(limit: 32)
            guard !arguments.isEnded else { return filter }
            guard arguments.skip(UInt8(ascii: ",")) else { throw .error }
            let mac = try arguments.optionalText(limit: 18)
            if !mac.isEmpty {
                guard let bssid = MACAddress(text: mac) else { throw .error }
                filter.bssid = bssid
            }
            guard !arguments.isEnded else { return filter }
            guard arguments.skip(UInt8(ascii: ",")) else { throw .error }
            let channel = arguments.number()
            arguments.allowEmptyEnd()
            guard !channel.isLoneMinus, (0...13).contains(channel.value) else { throw .error }
            filter.channel = UInt8(channel.value)
            return filter
        }
    }
}

extension Arguments {
    /// A quoted field that may be empty or left out.
    mutating func optionalText(limit: Int) throws(Refusal) -> [UInt8] {
        switch quoted(limit: limit) {
        case .omitted: return []
        case .text(let text): return text
        case .malformed: throw .error
        }
    }
}

extension Engine {
    /// AT+CWDHCP=: 0 the softAP's server, 1 the station's client, 2 both. Only a full success is stored; of both, one may
    /// be done and the other refused (reference 2.14).
    mutating func setDHCP(_ mode: Int, isOn: Bool) -> Bool {
        let isDone =
            switch mode {
            case 0: setSoftAPDHCP(isOn)
            case 1: setStationDHCP(isOn)
            default: setBothDHCP(isOn)
            }
        if isDone { storeDHCP() }
        return isDone
    }

    private mutating func setBothDHCP(_ isOn: Bool) -> Bool {
        let hasSoftAP = setSoftAPDHCP(isOn)
        let hasStation = setStationDHCP(isOn)
        return hasSoftAP && hasStation
    }

    /// AT+CWAUTOCONN=: the SDK refuses in mode 2, and the answer is OK all the same (reference 2.15).
    mutating func setAutoConnect(_ isOn: Bool) {
        guard session.mode.hasStation else { return }
        session.station.autoConnects = isOn
        storeSystemParameters()
    }
}
