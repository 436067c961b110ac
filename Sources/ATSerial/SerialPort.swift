import ATPrimitives
import NIOCore

/// The module at the end of a serial port. The port calls it on its event loop, and never from inside a call that the
/// module makes to the port.
public protocol SerialPortDelegate: AnyObject {
    /// How many bytes the module takes now; the port never hands over more.
    var receiveCapacity: Int { get }
    /// Bytes from the client, at most `receiveCapacity` of them; returns how many were taken. What is left is offered
    /// again after `SerialPort.resumeReading()`.
    func serialPort(received bytes: Span<UInt8>) -> Int
    /// A write was not taken whole, and there is room again.
    func serialPortCanWrite()
    /// Standard input is at its end, and all that came before it has been taken.
    func serialPortEnded()
    /// The client has changed its rate or framing; only of RFC 2217, see `SerialPort.clientLine` for the others. When
    /// it leaves, they are 115200 8N1 again.
    func serialPort(clientLineChanged settings: LineSettings)
    /// The client has changed DTR or RTS; only of RFC 2217. Both drop when it leaves. What `AdapterWiring` makes of
    /// them is the module's.
    func serialPort(controls: SerialControls)
    /// The line is gone for good: the device was pulled out, input or output failed. Nothing more comes.
    func serialPortFailed(_ error: SerialPortError)
}

extension SerialPortDelegate {
    public func serialPort(clientLineChanged settings: LineSettings) {}
    public func serialPort(controls: SerialControls) {}
}

/// The serial line of a module, of whichever kind. It lives on one event loop; every call must be made there (a call
/// from elsewhere stops the program), so it may be passed around freely. It lives until it is closed.
///
/// Until the first client, the last 4096 bytes written are kept for it; later, what is written with nobody there is
/// lost (contract, Serial kinds). The port reads no more than the module takes, and takes no more than the client
/// reads.
public final class SerialPort: Sendable {
    /// How many bytes are kept for the first client (contract, Serial kinds).
    public static let keptOutputLimit = 4096
    /// How long `close()` waits for output that the client has not read.
    public static let closeLimit = TimeAmount.milliseconds(500)

    private let line: NIOLoopBound<SerialLine>

    /// Makes the line that `specification` asks for; it can be opened by a client when the future succeeds, but reads
    /// nothing before `start()`.
    ///
    /// - Parameters:
    ///   - settings: of the module's UART, as for `setLine(_:)`.
    ///   - loop: the one event loop of the module's lab (a `MultiThreadedEventLoopGroup`'s).
    /// - Returns: the port, or a `SerialPortError` of kind `unavailable` (exit 69).
    public static func open(
        _ specification: SerialSpecification, settings: LineSettings, on loop: any EventLoop
    ) -> EventLoopFuture<SerialPort> {
        guard loop.inEventLoop else {
            return loop.flatSubmit { open(specification, settings: settings, on: loop) }
        }
        let transport: any SerialTransport =
            switch specification {
            case .pseudoTerminal(let link): PseudoTerminalTransport(link: link, settings: settings, on: loop)
            case .tcp(let host, let port):
                ListeningTransport(.tcp(host: host, port: port), of: specification, on: loop)
            case .rfc2217(let host, let port): RemotePortTransport(host: host, port: port, on: loop)
            case .unix(let path):
                ListeningTransport(.unix(UnixSocketFile(path: path)), of: specification, on: loop)
            case .device(let path): DeviceTransport(path: path, settings: settings, on: loop)
            case .standardStreams: StandardStreamsTransport(on: loop)
            }
        return open(transport, on: loop)
    }

    /// Opens a transport made by hand (tests give other descriptors as the standard streams).
    static func open(_ transport: any SerialTransport, on loop: any EventLoop) -> EventLoopFuture<SerialPort> {
        let line = SerialLine(transport, on: loop)
        let port = SerialPort(line, on: loop)
        return transport.open(for: line).map { port }
    }

    private init(_ line: SerialLine, on loop: any EventLoop) {
        self.line = NIOLoopBound(line, eventLoop: loop)
    }

    /// The module; held weakly. Set it before `start()`.
    public var delegate: (any SerialPortDelegate)? {
        get { line.value.delegate }
        set { line.value.delegate = newValue }
    }

    /// Where a client finds the port.
    public var location: SerialLocation { line.value.transport.location }

    /// What the client has set its end of the line to; both kinds of flow control are on if it asked for RTS and CTS.
    ///
    /// - RFC 2217: what was negotiated, 115200 8N1 until then.
    /// - A pseudo-terminal: the rate and flow control of the slave, also those that an earlier client left. Linux does
    ///   not keep the framing there, so that it counts as the module's. Nil after a hang-up (0 baud).
    /// - The others: nil, since they show nothing.
    public var clientLine: LineSettings? { line.value.transport.clientLine }

    /// Begins to read.
    public func start() { line.value.start() }

    /// Takes bytes for the client and returns how many: all while nobody is attached, none while the client does not
    /// read. `serialPortCanWrite()` follows when fewer were taken than given and there is room again. Nothing has to
    /// leave before `flush()`.
    public func write(_ bytes: Span<UInt8>) -> Int { line.value.write(bytes) }

    /// Sends what was written, now.
    public func flush() { line.value.flush() }

    /// The module can take bytes again: `receiveCapacity` has grown from 0.
    public func resumeReading() { line.value.resumeReading() }

    /// The settings of the module's UART have changed. A device gets them once what was written before has left; until
    /// then it takes no output. Of a pseudo-terminal, `clientLine` takes the framing from them. The other kinds have no
    /// use for them.
    public func setLine(_ settings: LineSettings) { line.value.transport.setLine(settings) }

    /// Succeeds when everything written so far has left this process, or can't any more; waits as long as it takes.
    public func drained() -> EventLoopFuture<Void> { line.value.transport.drained() }

    /// Sends what the client reads within `closeLimit`, closes everything and removes the link or socket file if it is
    /// still ours. The delegate hears nothing after this call.
    public func close() -> EventLoopFuture<Void> { line.value.close() }
}
