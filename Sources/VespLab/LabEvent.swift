import ATPrimitives
import ATSerial

/// What a running lab has to tell the person who started it (contract, What it prints).
public enum LabEvent: Sendable {
    /// The module's serial port can be opened.
    case ready(module: String, serial: SerialLocation)
    /// A server of the module can be reached at a host port.
    case server(module: String, port: UInt16, at: Endpoint)
    /// A server of the module has ended.
    case serverClosed(module: String, port: UInt16)
    /// A UDP link got a host port that is not its own.
    case datagramPort(module: String, port: UInt16, at: Endpoint)
}
