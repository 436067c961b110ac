/// How the two-transistor adapters wire DTR and RTS to the module: each transistor pulls its pin low while its own line
/// is asserted and the other is not, so that a program that asserts both, as most do when they open a port, does
/// nothing (contract, The module as hardware).
public struct AdapterWiring: Sendable, Hashable {
    private let controls: SerialControls

    public init(_ controls: SerialControls) {
        self.controls = controls
    }

    /// RTS alone holds the module in reset; DTR alone pulls GPIO0 low, which a boot reads as download mode.
    public var pins: (isResetHeld: Bool, isGPIO0Low: Bool) {
        (
            isResetHeld: controls.requestToSend && !controls.dataTerminalReady,
            isGPIO0Low: controls.dataTerminalReady && !controls.requestToSend
        )
    }
}
