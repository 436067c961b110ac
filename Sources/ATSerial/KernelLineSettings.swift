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
