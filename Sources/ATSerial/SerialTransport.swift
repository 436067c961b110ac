import ATPrimitives
import NIOCore

/// One kind of serial line, without the rules that all kinds share: those are `SerialLine`'s. Everything happens on the
/// event loop. Whoever adds a kind writes one of these and a case of `SerialSpecification`.
protocol SerialTransport: AnyObject {
    /// Where a client finds the line; asked for only after `open` has succeeded.
    var location: SerialLocation { get }

    /// What the client has set, if that can be seen.
    var clientLine: LineSettings? { get }

    /// Makes the line. It tells `line` from now on who comes and goes and what they send.
    func open(for line: SerialLine) -> EventLoopFuture<Void>

    /// Finds out who has come and gone so far; called before bytes move, so that nobody gets another one's.
    func settle()

    /// Asks for one read; what it brings goes to `SerialLine.received`, then `SerialLine.readCompleted`.
    func requestRead()

    /// Takes bytes for the attached client; returns how many.
    func write(_ bytes: Span<UInt8>) -> Int

    /// Sends what was taken.
    func flush()

    /// Succeeds when what was taken has left the process.
    func drained() -> EventLoopFuture<Void>

    /// Applies the settings of the module's UART.
    func setLine(_ settings: LineSettings)

    /// Closes everything, after at most `SerialPort.closeLimit`; also after `open` has failed half-way.
    func close() -> EventLoopFuture<Void>
}

extension SerialTransport {
    var clientLine: LineSettings? { nil }

    func settle() {}

    func setLine(_ settings: LineSettings) {}
}
