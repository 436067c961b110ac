import ATPrimitives

/// What the world tells the module. Received payload and new clients have calls of their own, `Engine.deliver` and
/// `Engine.accept`, since they have an answer.
public enum Event: Sendable {
    /// The resolver's answer; nil means that there is no such name.
    case resolved(Lookup, IPv4Address?)

    /// The TCP handshake is done.
    case connected(Socket)
    /// No way leads to the far end; nothing was sent (a policy forbids it, the local port is taken).
    case unreachable(Socket)
    /// The far end has acknowledged all that was sent, and the FIN if one was.
    case acknowledged(Socket)
    /// The far end has closed its side, after all its data was delivered.
    case finished(Socket)
    /// The connection is gone: RST, or refused during the handshake.
    case reset(Socket)
    /// After `Effect.close`: both sides are closed.
    case closed(Socket)

    /// An echo reply has come. The second value is the round trip in milliseconds, rounded down.
    case pong(Ping, milliseconds: Int)

    /// What the scan found, in the order in which the radio heard it.
    case scanned([ScannedAccessPoint])
    /// The radio refused to scan.
    case scanRefused
    /// How far the station has come.
    case station(StationProgress)
    /// A station has joined the softAP; the address is 0.0.0.0 when it got none.
    case stationJoined(MACAddress, IPv4Address)
    /// A station has left the softAP.
    case stationLeft(MACAddress)

    /// The supply, the reset pin and the watchdog.
    case power(PowerEvent)
}

/// What can be done to a module from outside without its serial line.
public enum PowerEvent: Sendable, Hashable, CaseIterable {
    case on
    case off
    /// Off and on again at once.
    case cycle
    /// The reset pin.
    case reset
    /// The hardware watchdog fires.
    case watchdog
    /// The supply sags: the chip resets as after power-on.
    case brownout
    /// The reset pin is pulled low and stays there.
    case holdReset
    /// The reset pin is let go.
    case releaseReset
    /// GPIO0 is pulled low; a start then waits for a download.
    case pullGPIO0
    case releaseGPIO0
}
