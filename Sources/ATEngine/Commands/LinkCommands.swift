import ATPrimitives

// Chapter 6 of the manual: links, from CIPSTATUS to CIPCLOSE.
extension Command {
    static let links: [Command] = [
        // The links and their STATUS.
        Command(
            "+CIPSTATUS", "6.2.1",
            test: accepted,
            execute: { engine in
                engine.line("STATUS:", engine.linkStatus)
                for id in Links.ids where engine.session.links[id].isEnabled { engine.putStatus(of: id) }
                return .ok
            }),

        // Open a link.
        Command(
            "+CIPSTART", "6.2.2",
            // Quirk: the texts of the two modes are swapped and their parentheses uneven.
            test: { engine in
                if engine.session.links.areMultiple {
                    engine.line("+CIPSTART:(\"type\"),(\"ip address\"),(port)")
                    engine.line("+CIPSTART:(\"type\"),(\"domain name\"),(port)")
                } else {
                    engine.line("+CIPSTART:(id)(\"type\"),(\"ip address\"),(port)")
                    engine.line("+CIPSTART:((id)\"type\"),(\"domain name\"),(port)")
                }
                return .ok
            },
            set: connection),

        // Send counted payload, or enter transparent mode.
        Command(
            "+CIPSEND", "6.2.3",
            test: accepted,
            set: .takes(.payload, after: needsNormalMode) { engine, payload in
                engine.startCollecting(payload.id, count: payload.count)
            },
            execute: { engine in engine.enterTransparent() }),

        // Close one link; 5 closes all.
        Command(
            "+CIPCLOSE", "6.2.4",
            test: accepted,
            set: .takes(
                .int("id", 0...5),
                after: { engine throws(Refusal) in
                    guard engine.session.links.areMultiple else { throw .text("MUX=0") }
                }
            ) { engine, id throws(Refusal) in
                if id == 5 { return engine.closeAllLinks() }
                guard engine.session.links[id].isEnabled else { throw engine.firmware.texts.linkIsNot }
                return engine.closeLink(id)
            },
            execute: { engine in
                guard !engine.session.links.areMultiple else { return .refused(.text("MUX=1")) }
                guard engine.session.links[0].isEnabled else { return .refused(engine.firmware.texts.noLinkToClose) }
                return engine.closeLink(0)
            }),
    ]

    static let connection = SetForm.takes(.connection, after: needsAddress) { engine, request throws(Refusal) in
        try engine.openLink(request)
    }

    /// A station without an address opens nothing (reference 2.21, 1).
    static let needsAddress: SetForm.Check = { engine throws(Refusal) in
        guard engine.session.mode != .station || engine.session.station.hasAddress else { throw .text("no ip") }
    }

    static let needsNormalMode: SetForm.Check = { engine throws(Refusal) in
        guard !engine.session.links.isTransparentMode else { throw .text("IPMODE=1") }
    }
}

extension Parameter where Value == ConnectionRequest {
    /// `[<id>,]"TCP"|"UDP","<addr>",<port>[,<local port>[,<mode>]]`, in the order of checks of reference 2.21.
    static var connection: Parameter {
        Parameter([
            Field("id", .number(0...4), isOptional: true), Field("type", .words(["TCP", "UDP"])),
            Field("addr", .quoted(1...64)), Field("port", .number(0...65535)),
            Field("local port", .number(1...65535), isOptional: true), Field("mode", .number(0...2), isOptional: true),
        ]) { arguments, engine throws(Refusal) in
            var request = ConnectionRequest()
            if engine.session.links.areMultiple { request.id = try arguments.linkID(beyond: .text("ID ERROR")) }
            request.transport = try arguments.transport()
            guard arguments.skip(UInt8(ascii: ",")) else { throw .error }
            guard case .text(let host) = arguments.quoted(limit: 64), !host.isEmpty else { throw .text("IP ERROR") }
            request.host = host
            guard arguments.skip(UInt8(ascii: ",")) else { throw .text("ENTRY ERROR") }
            let port = arguments.number()
            guard !port.isLoneMinus, let value = UInt16(exactly: port.value) else { throw .error }
            request.port = value
            if request.transport == .udp {
                try arguments.datagramOptions(&request)
            } else if !arguments.isEnded {
                throw .error
            }
            return request
        }
    }
}

extension Arguments {
    /// A link id and its comma. A negative one would do harm in the firmware; here it is refused.
    fileprivate mutating func linkID(beyond refusal: Refusal) throws(Refusal) -> LinkID {
        let id = number()
        guard !id.isMissing, !isEnded, starts(with: UInt8(ascii: ",")) else { throw .error }
        guard id.value < Links.count else { throw refusal }
        guard id.value >= 0, skip(UInt8(ascii: ",")) else { throw .error }
        return id.value
    }

    fileprivate mutating func transport() throws(Refusal) -> Transport {
        guard case .text(let type) = quoted(limit: 6) else { throw .text("Link typ ERROR") }
        if type == [UInt8(ascii: "T"), UInt8(ascii: "C"), UInt8(ascii: "P")] { return .tcp }
        if type == [UInt8(ascii: "U"), UInt8(ascii: "D"), UInt8(ascii: "P")] { return .udp }
        throw .text("Link typ ERROR")
    }

    /// The local port and the mode of a UDP link, after its port.
    fileprivate mutating func datagramOptions(_ request: inout ConnectionRequest) throws(Refusal) {
        if isEnded {
            guard request.port != 0 else { throw .text("Miss param") }
            return
        }
        guard skip(UInt8(ascii: ",")) else { throw .error }
        let local = number()
        guard !local.isMissing, local.value > 0, let port = UInt16(exactly: local.value) else { throw .error }
        request.localPort = port
        if isEnded { return }
        guard skip(UInt8(ascii: ",")) else { throw .error }
        let mode = number()
        allowEmptyEnd()
        guard isEnded, !mode.isLoneMinus, (0...2).contains(mode.value) else { throw .error }
        request.udpMode = mode.value
    }
}

/// What AT+CIPSEND= asks for.
struct PayloadRequest: Sendable {
    let id: LinkID
    /// 1 to 2048; with the bug send-zero also 0.
    let count: Int
}

extension Parameter where Value == PayloadRequest {
    /// `[<id>,]<length>`, in the order of checks of reference 2.22.
    static var payload: Parameter {
        Parameter(
            [Field("id", .number(0...4), isOptional: true), Field("length", .number(1...Parser.payloadCapacity))],
            misfollowed: .text("Too many inputs.")
        ) { arguments, engine throws(Refusal) in
            // The one command that insists on its equals sign.
            guard arguments.followsEqualsSign else { throw .error }
            let id = engine.session.links.areMultiple ? try arguments.linkID(beyond: .error) : 0
            guard engine.session.links[id].isEnabled else { throw .text("link is not valid") }
            let length = arguments.number()
            guard !length.isMissing, arguments.isEnded else { throw .text("Too many inputs.") }
            guard length.value <= Parser.payloadCapacity else { throw .text("too long") }
            if length.value > 0 { return PayloadRequest(id: id, count: length.value) }
            guard engine.options.bugs.contains(.sendZero) else { throw .error }
            return PayloadRequest(id: id, count: length.value == 0 ? 0 : Parser.payloadCapacity)
        }
    }
}

extension Engine {
    /// One line of CIPSTATUS; that of a TCP link has no local port (reference 2.20).
    fileprivate mutating func putStatus(of id: LinkID) {
        let link = session.links[id]
        put("+CIPSTATUS:")
        id.print(to: &self)
        put(link.transport == .tcp ? ",\"TCP\"" : ",\"UDP\"")
        putField(Quoted(link.remote.address))
        putField(link.remote.port)
        if link.transport == .udp || firmware.policy.tcpStatusHasLocalPort { putField(link.localPort) }
        putField(Int(link.role.rawValue))
        put("\r\n")
    }
}
