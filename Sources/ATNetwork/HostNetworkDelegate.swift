import ATPrimitives

/// What the host's network tells the module behind it. All calls come on the network's event loop, and none comes from
/// inside a call of `HostNetwork`. Nothing is told about a socket after `reset`, `unreachable`, `closed`, or after the
/// module has aborted or released it.
public protocol HostNetworkDelegate: AnyObject {
    /// The TCP handshake is done.
    func hostNetwork(connected socket: Socket)
    /// Nothing was sent: the policy forbids it, or there is no local port or socket to be had.
    func hostNetwork(unreachable socket: Socket)
    /// The connection was refused, reset, or has failed.
    func hostNetwork(reset socket: Socket)
    /// The far end's TCP has acknowledged all that was sent, and the FIN if one was.
    func hostNetwork(acknowledged socket: Socket)
    /// The far end has closed its side, and all its data was taken.
    func hostNetwork(finished socket: Socket)
    /// After `close`: both sides are closed, or the far end is gone.
    func hostNetwork(closed socket: Socket)

    /// Payload has come.
    ///
    /// - Parameters:
    ///   - bytes: what has come: of a stream as much as is there, of UDP one datagram of 1 to 1472 bytes.
    ///   - sender: where it is from, as the module is to see it.
    ///   - socket: where it has come.
    /// - Returns: How many bytes the module took: of a stream any number from 0, of UDP all or 0. After 0 the rest is
    ///   kept, and offered again only after `HostNetwork.resume`.
    func hostNetwork(received bytes: Span<UInt8>, from sender: Endpoint, on socket: Socket) -> Int
    /// A client has connected to a server of the module.
    ///
    /// - Returns: The module's socket, or nil to have the client closed at once.
    func hostNetwork(client: Endpoint, onPort port: UInt16) -> Socket?

    /// The answer of `resolve`; nil means that there is no such name.
    func hostNetwork(resolved lookup: Lookup, to address: IPv4Address?)
    /// An echo reply has come, after so many whole milliseconds.
    func hostNetwork(pong ping: Ping, milliseconds: Int)

    /// A server of the module can now be reached at a host port (contract, What it prints: `server`).
    func hostNetwork(serving port: UInt16, at host: Endpoint)
    /// It no longer can (`server-closed`).
    func hostNetwork(stoppedServing port: UInt16)
    /// No host port could be had for a server of the module.
    func hostNetwork(cannotServe port: UInt16, error: NetworkError)
    /// A UDP link that anybody may send to has a host port other than its local port (`udp`).
    func hostNetwork(datagramPort port: UInt16, at host: Endpoint)
}
