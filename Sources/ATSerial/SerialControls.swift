/// The two lines by which a program at the other end controls the module, where the kind of port has them.
public struct SerialControls: Sendable, Hashable {
    /// DTR is asserted.
    public var dataTerminalReady: Bool
    /// RTS is asserted.
    public var requestToSend: Bool

    /// Neither is asserted, as with nobody there.
    public static let released = SerialControls(dataTerminalReady: false, requestToSend: false)

    public init(dataTerminalReady: Bool, requestToSend: Bool) {
        self.dataTerminalReady = dataTerminalReady
        self.requestToSend = requestToSend
    }
}
