import ATPrimitives

/// What the module asks of the world. The owner drains the effects after each call, before it takes serial output:
/// a flash write must be safe before the OK that confirms it is seen.
public enum Effect: Sendable {
    /// Look a name up; the name is a `Payload`. The answer is `Event.resolved`.
    case resolve(Lookup, name: Payload)

    /// Open a TCP connection. The answer is `connected`, `reset`, `unreachable`, or none.
    case connect(LinkID, Socket, to: Endpoint, localPort: UInt16)
    /// Open a UDP socket. There is no answer.
    case open(LinkID, Socket, to: Endpoint, localPort: UInt16)
    /// Send the payload; UDP sends one datagram to the endpoint, TCP ignores it. TCP answers with `acknowledged`.
    case send(LinkID, Socket, Payload, to: Endpoint)
    /// TCP: send FIN after what was sent; `acknowledged` and `closed` follow. UDP: close, no answer.
    case close(LinkID, Socket)
    /// TCP: the module has given up; send RST and forget the socket. No answer.
    case abort(LinkID, Socket)
    /// The module was reset and no longer knows this socket; the far end sees the end of the stream. No answer.
    case release(LinkID, Socket)

    /// Clients may connect to this port from now on; each goes to `Engine.accept`.
    case listen(port: UInt16)
    /// No more clients; those that have come stay.
    case unlisten(port: UInt16)

    /// Send one echo request (type 8, identifier 0xAFAF, 32 bytes; reference 2.30). The answer is `pong`, or none.
    case ping(Ping, IPv4Address)

    /// Scan. The answer is `scanned` or `scanRefused`.
    case scan(ScanFilter)
    /// Join an access point and stay joined until `leave`. `Event.station` tells how it goes.
    case join(JoinRequest)
    /// Leave the access point and want none.
    case leave
    /// The station's address is leased (nil), or fixed.
    case stationAddress(IPv4Address?)
    /// The softAP is on the air with these settings, or off it (nil).
    case softAP(SoftAPSettings?)

    /// The chip no longer drives its radio: what was under way there ends, a scan too, and nothing more is sent.
    case radioOff

    /// The UART has new settings from now on.
    case line(LineSettings)

    /// Erase one 4096-byte sector to 0xFF. The number is the address divided by 4096.
    case erase(sector: Int)
    /// Write the payload at a byte address; bits can only go from 1 to 0.
    case write(address: Int, Payload)

    /// The chip restarts now (AT+RST, AT+RESTORE, the forced restart). What it had open is released after this.
    case restart
    /// The chip sleeps now; zero means until the next reset.
    case sleep(Interval)
}

/// Bytes that belong to an effect. They lie in the engine until the effects are drained: read them with
/// `Engine.withPayload` before the next call.
public struct Payload: Sendable, Hashable {
    let start: Int
    public let count: Int
}
