import ATPrimitives

/// How long things take, on the module and at worst.
struct Delays: Sendable {
    /// From AT+RST, AT+RESTORE or AT+GSLP to the restart or sleep (reference 2.2, 2.4).
    var restart = Interval.milliseconds(100)
    /// From reset to `ready` (reference 5.3, likely).
    var boot = Interval.milliseconds(300)
    /// From CWJAP to the first look, and from look to look; there are seven (reference 2.9).
    var firstLook = Interval.seconds(3)
    var look = Interval.seconds(2)
    /// Whether a join is looked at as soon as its end is known.
    var looksAtOnce = false
    /// From an error of a connection to its report (reference 3.4).
    var errorReport = Interval.milliseconds(10)
    /// How often a closing connection is looked at (reference 2.23).
    var closePoll = Interval.milliseconds(125)
    /// From an echo request to its final answer without a reply, and with one (reference 2.30).
    var pingTimeout = Interval.milliseconds(1000)
    var pingSettles = Interval.milliseconds(1000)
    /// From AT+IPR's empty FIFO to the new baud rate (reference 2.7a).
    var lineSettles = Interval.zero
    /// One sector erased; one record written (reference 2.6, likely).
    var sectorErase = Interval.zero
    var recordWrite = Interval.zero
    /// 4096 rounds of key derivation for a passphrase (reference 2.12, open).
    var keyDerivation = Interval.zero

    /// Queries at 0, 1, 2 and 4 s, then the name is given up (reference 3.4).
    let lookup = Interval.milliseconds(6500)
    /// SYN at 0, 1, 2 and 3 s, then the connect is given up (reference 3.4).
    let handshake = Interval.milliseconds(3250)
    /// Data again after 1, 2 and 4 s, then the connection is given up (reference 3.6, the short end of 7 to 15 s).
    let retransmission = Interval.milliseconds(7250)
    /// How long a far end may keep its side open after ours is closed (reference 2.23).
    let finWait2 = Interval.seconds(20)
    /// The pause after which a transparent packet is sent (reference 3.8).
    let transparentFlush = Interval.milliseconds(20)
    /// How often a stored transparent link looks for an address (reference 5.4).
    let addressCheck = Interval.milliseconds(500)

    /// How long an update server may be silent, its second connection may take, and all may take (reference 7).
    let upgradeAnswer = Interval.seconds(5)
    let upgradeConnect = Interval.seconds(10)
    let upgradeTotal = Interval.seconds(60)

    /// How many looks a join has (reference 2.9).
    static let looks = 7

    /// How long the delays of `self` are in `timing` (contract, Timing).
    func scaled(to timing: Timing) -> Delays {
        var delays = self
        switch timing {
        case .firmware:
            break
        case .hardware:
            delays.lineSettles = .milliseconds(10)
            delays.sectorErase = .milliseconds(40)
            delays.recordWrite = .milliseconds(1)
            delays.keyDerivation = .milliseconds(700)
        case .fast:
            delays.restart = .zero
            delays.boot = .zero
            delays.looksAtOnce = true
            delays.errorReport = .zero
            delays.closePoll = .zero
            delays.pingSettles = .zero
        }
        return delays
    }

    /// From an error of a transparent link to the `attempt`-th try, 1 or more: ten milliseconds for each, at most ten of
    /// them, in a counter of 16 bits (reference 3.8).
    func reconnect(attempt: Int) -> Interval {
        // Quirk: 70 ms and more wrap, so the seventh try comes sooner than the sixth.
        .microseconds(Int64(min(attempt, 10) * 10_000) & 0xFFFF)
    }
}
