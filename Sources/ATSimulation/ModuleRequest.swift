import ATPrimitives

/// Something that a module asked of the world. Effects that say nothing to a reader (flash, RST, a reset's release,
/// addresses, the softAP) have no request.
public enum ModuleRequest: Sendable, Hashable {
    case resolve(name: [UInt8])
    case connect(LinkID, Transport, Endpoint)
    case send(LinkID, [UInt8])
    case close(LinkID)
    case listen(port: UInt16)
    case unlisten(port: UInt16)
    case ping(IPv4Address)
    case scan
    case join(ssid: [UInt8])
    case leave
    case restart
    /// Zero means until the next reset.
    case sleep(Interval)
    case baud(UInt32)
}
