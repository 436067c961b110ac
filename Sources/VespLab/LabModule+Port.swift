import ATEngine
import ATPrimitives
import ATSerial

extension LabModule: SerialPortDelegate {
    var receiveCapacity: Int {
        let capacity = engine.receiveCapacity
        if capacity == 0 { portHasInput = true }
        return capacity
    }

    func serialPort(received bytes: Span<UInt8>) -> Int {
        let now = lab.clock.now
        let taken: Int
        if let heard = hostLine.heardByModule(bytes, module: engine.line, host: hostSettings) {
            // A line that is set wrong loses bytes anyway, so what is too much is lost as well.
            engine.receive(heard.span, at: now)
            taken = bytes.count
        } else {
            taken = engine.receive(bytes, at: now)
            warnOfRate()
        }
        if taken < bytes.count || engine.receiveCapacity == 0 { portHasInput = true }
        pump()
        return taken
    }

    func serialPort(clientLineChanged line: LineSettings) {
        hasWarnedOfRate = false
        logger.debug("the client's line: \(line.baud) baud")
    }

    func serialPort(controls: SerialControls) {
        let pins = AdapterWiring(controls).pins
        handle(.power(pins.isGPIO0Low ? .pullGPIO0 : .releaseGPIO0))
        if pins.isResetHeld {
            releaseAlarm?.cancel()
            handle(.power(.holdReset))
        } else {
            // Releasing what is not held does nothing.
            releaseAlarm?.set(for: lab.clock.now + Self.resetRelease)
        }
    }

    func serialPortCanWrite() {
        portIsFull = false
        pump()
    }

    func serialPortEnded() {
        let now = lab.clock.now
        inputEnds = now
        alarm?.set(for: now + Self.endLimit)
        pump()
    }

    func serialPortFailed(_ error: SerialPortError) {
        lab.fail(LabError(error, module: name))
    }
}
