import ATPrimitives

/// The port's side of RFC 2217 for one client: its settings, its control lines, and the answers to its requests.
///
/// Every request that is understood is answered with what is then in force, so a client learns that a value was
/// refused.
struct ComPort {
    /// What is added to the number of a request to make that of the answer (RFC 2217, 3).
    static let answerOffset: UInt8 = 100
    /// What a client learns when it asks who we are.
    private static let signature = Array("vesp".utf8)
    /// The rates of the module's UART (manual 4.2.7).
    private static let rates: ClosedRange<UInt32> = 1...5_000_000

    /// Requests by their numbers (RFC 2217, 3).
    enum Command: UInt8 {
        case signature = 0
        case setBaudRate = 1
        case setDataSize = 2
        case setParity = 3
        case setStopSize = 4
        case setControl = 5
        case notifyLineState = 6
        case notifyModemState = 7
        case suspend = 8
        case resume = 9
        case setLineStateMask = 10
        case setModemStateMask = 11
        case purgeData = 12
    }

    /// What has to be done beyond the answer.
    enum Effect {
        case lineChanged
        case controlsChanged
        case breakBegan
        /// Output may go on.
        case resumed
        /// What the client sent and the module has not taken is void.
        case purged
    }

    /// What the client has set; 115200 8N1 until then.
    private(set) var line = LineSettings.standard
    private(set) var controls = SerialControls.released
    /// The client wants no data for the moment.
    private(set) var isSuspended = false
    private var isBreak = false
    private var usesXonXoff = (outbound: false, inbound: false)
    private var lineStateMask: UInt8 = 0
    private var modemStateMask: UInt8 = 255

    /// A whole request.
    ///
    /// - Parameters:
    ///   - request: the number and the value; nonsense is ignored.
    ///   - isIdle: the module has taken all that the client sent.
    mutating func receive(_ request: ArraySlice<UInt8>, isIdle: Bool, answer output: inout TelnetOutput) -> Effect? {
        guard let command = request.first.flatMap(Command.init) else { return nil }
        let value = request.dropFirst()
        switch command {
        case .signature:
            if value.isEmpty { output.notify(.signature, Self.signature) }
        case .setBaudRate, .setDataSize, .setParity, .setStopSize:
            return set(command, value, answer: &output)
        case .setControl:
            return value.first.flatMap { control($0, answer: &output) }
        case .notifyLineState:
            output.notify(.notifyLineState, [isIdle ? LineState.transmitterEmpty : 0])
        case .notifyModemState:
            notifyModemState(&output)
        case .suspend:
            isSuspended = true
        case .resume:
            isSuspended = false
            return .resumed
        case .setLineStateMask:
            lineStateMask = value.first ?? lineStateMask
            output.notify(command, [lineStateMask])
        case .setModemStateMask:
            modemStateMask = value.first ?? modemStateMask
            output.notify(command, [modemStateMask])
        case .purgeData:
            return purge(value, answer: &output)
        }
        return nil
    }

    /// Tells the state of the modem lines, which never changes: the module is there and takes bytes (inferred: the
    /// adapters leave these lines open, and programs that look at them should go on).
    func notifyModemState(_ output: inout TelnetOutput) {
        output.notify(.notifyModemState, [ModemState.present & modemStateMask])
    }

    private func purge(_ value: ArraySlice<UInt8>, answer output: inout TelnetOutput) -> Effect? {
        guard let which = value.first, (1...3).contains(which) else { return nil }
        output.notify(.purgeData, [which])
        // 1 is the data for the client. What is not yet on its way to it is still in the module.
        return which == 1 ? nil : .purged
    }
}

// MARK: - Rate and framing

extension ComPort {
    /// Sets a value, unless it is 0 or impossible, and answers with the one in force.
    private mutating func set(
        _ command: Command, _ value: ArraySlice<UInt8>, answer output: inout TelnetOutput
    ) -> Effect? {
        let length = command == .setBaudRate ? 4 : 1
        guard value.count >= length else { return nil }
        let number = value.prefix(length).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let before = line
        let inForce: UInt32
        switch command {
        case .setBaudRate:
            if Self.rates.contains(number) { line.baud = number }
            inForce = line.baud
        case .setDataSize:
            if (5...8).contains(number) { line.dataBits = UInt8(number) }
            inForce = UInt32(line.dataBits)
        case .setParity:
            // Mark and space, 4 and 5, are none of the module's.
            if let parity = Self.parities.first(where: { $0.number == number }) { line.parity = parity.value }
            inForce = Self.parities.first { $0.value == line.parity }?.number ?? 1
        default:
            if let stopBits = Self.stopSizes.first(where: { $0.number == number }) { line.stopBits = stopBits.value }
            inForce = Self.stopSizes.first { $0.value == line.stopBits }?.number ?? 1
        }
        output.notify(command, (0..<length).reversed().map { UInt8(truncatingIfNeeded: inForce >> UInt32(8 * $0)) })
        return line == before ? nil : .lineChanged
    }

    private static let parities: [(number: UInt32, value: Parity)] = [(1, .none), (2, .odd), (3, .even)]
    private static let stopSizes: [(number: UInt32, value: StopBits)] = [(1, .one), (2, .two), (3, .oneAndAHalf)]
}

// MARK: - Control lines and flow control

extension ComPort {
    /// The values of SET-CONTROL (RFC 2217, 3).
    private enum Control {
        static let flow: ClosedRange<UInt8> = 0...3
        static let askBreak: UInt8 = 4
        static let breakOn: UInt8 = 5
        static let breakOff: UInt8 = 6
        static let askDataTerminalReady: UInt8 = 7
        static let dataTerminalReadyOn: UInt8 = 8
        static let dataTerminalReadyOff: UInt8 = 9
        static let askRequestToSend: UInt8 = 10
        static let requestToSendOn: UInt8 = 11
        static let requestToSendOff: UInt8 = 12
        static let inboundFlow: ClosedRange<UInt8> = 13...16
        /// Flow control by carrier, DTR and DSR, which the adapters have not.
        static let otherOutboundFlow: [UInt8] = [17, 19]
        static let otherInboundFlow: UInt8 = 18
    }

    private mutating func control(_ value: UInt8, answer output: inout TelnetOutput) -> Effect? {
        let before = (line: line, controls: controls, isBreak: isBreak)
        let inForce: UInt8
        switch value {
        case Control.flow:
            inForce = setFlow(value)
        case Control.inboundFlow:
            inForce = setInboundFlow(value)
        case Control.askBreak, Control.breakOn, Control.breakOff:
            if value != Control.askBreak { isBreak = value == Control.breakOn }
            inForce = isBreak ? Control.breakOn : Control.breakOff
        case Control.askDataTerminalReady, Control.dataTerminalReadyOn, Control.dataTerminalReadyOff:
            if value != Control.askDataTerminalReady {
                controls.dataTerminalReady = value == Control.dataTerminalReadyOn
            }
            inForce = controls.dataTerminalReady ? Control.dataTerminalReadyOn : Control.dataTerminalReadyOff
        case Control.askRequestToSend, Control.requestToSendOn, Control.requestToSendOff:
            if value != Control.askRequestToSend { controls.requestToSend = value == Control.requestToSendOn }
            inForce = controls.requestToSend ? Control.requestToSendOn : Control.requestToSendOff
        default:
            guard value <= 19 else { return nil }
            inForce = value == Control.otherInboundFlow ? setInboundFlow(13) : setFlow(0)
        }
        output.notify(.setControl, [inForce])
        if line != before.line { return .lineChanged }
        if controls != before.controls { return .controlsChanged }
        return isBreak && !before.isBreak ? .breakBegan : nil
    }

    /// 0 asks, 1 none, 2 XON/XOFF, 3 hardware; what is set holds for both directions (RFC 2217, 3).
    private mutating func setFlow(_ value: UInt8) -> UInt8 {
        if value != 0 {
            line.clearToSend = value == 3
            line.requestToSend = value == 3
            usesXonXoff = (value == 2, value == 2)
        }
        return line.clearToSend ? 3 : usesXonXoff.outbound ? 2 : 1
    }

    /// 13 asks, 14 none, 15 XON/XOFF, 16 hardware.
    private mutating func setInboundFlow(_ value: UInt8) -> UInt8 {
        if value != 13 {
            line.requestToSend = value == 16
            usesXonXoff.inbound = value == 15
        }
        return line.requestToSend ? 16 : usesXonXoff.inbound ? 15 : 14
    }
}

/// The bits of NOTIFY-LINESTATE that are ever set (RFC 2217, 3).
private enum LineState {
    /// Holding and shift register of the transmitter.
    static let transmitterEmpty: UInt8 = 0x60
}

/// The bits of NOTIFY-MODEMSTATE that are ever set (RFC 2217, 3).
private enum ModemState {
    /// Carrier, DSR and CTS.
    static let present: UInt8 = 0xB0
}
