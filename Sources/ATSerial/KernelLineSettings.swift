import ATPrimitives
import CPosix

extension cposix_line_settings {
    init(_ settings: LineSettings) {
        let parity =
            switch settings.parity {
            case .none: CPOSIX_PARITY_NONE
            case .odd: CPOSIX_PARITY_ODD
            case .even: CPOSIX_PARITY_EVEN
            }
        self.init(
            baud: settings.baud, data_bits: UInt32(settings.dataBits), parity: UInt32(parity),
            two_stop_bits: settings.stopBits == .one ? 0 : 1,
            // The kernel has both directions or none.
            hardware_flow_control: settings.requestToSend || settings.clearToSend ? 1 : 0)
    }
}

extension LineSettings {
    /// The settings of a terminal; nil at 0 baud, which hangs up, and at rates that no module has.
    init?(_ settings: cposix_line_settings) {
        guard (1...5_000_000).contains(settings.baud) else { return nil }
        let parity: Parity =
            switch Int(settings.parity) {
            case CPOSIX_PARITY_ODD: .odd
            case CPOSIX_PARITY_EVEN: .even
            default: .none
            }
        // See `cposix_line_configure`.
        let longStop: StopBits = settings.data_bits == 5 ? .oneAndAHalf : .two
        let hasFlowControl = settings.hardware_flow_control != 0
        self.init(
            baud: settings.baud, dataBits: UInt8(truncatingIfNeeded: settings.data_bits),
            stopBits: settings.two_stop_bits == 0 ? .one : longStop, parity: parity,
            requestToSend: hasFlowControl, clearToSend: hasFlowControl)
    }
}
