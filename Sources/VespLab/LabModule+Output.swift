import ATEngine
import ATPrimitives
import ATSerial

// What the host is to hear, and how its line is set.
extension LabModule {
    /// Output goes through a buffer of our own: the port may call back while it is written to, and must not find the
    /// engine in the middle of something.
    /// - Returns: whether there was any.
    func takeOutput() -> Bool {
        guard !hasFailed else { return false }
        writeOutput()
        guard output.isEmpty else { return false }
        let (line, isBootText) = (engine.line, !engine.isRunning)
        let host = hostLine.mattersToHost(isBootText: isBootText) ? hostSettings : line
        engine.withOutput(max: Self.outputPiece) { bytes in
            if let heard = hostLine.heardByHost(bytes, module: line, host: host, isBootText: isBootText) {
                output += heard
            } else {
                bytes.withUnsafeBufferPointer { output.append(contentsOf: $0) }
            }
            return bytes.count
        }
        if engine.outputCount == 0, let last = hostLine.heardByHostAtRest() { output.append(last) }
        guard !output.isEmpty else { return false }
        writeOutput()
        return true
    }

    func writeOutput() {
        guard !portIsFull, outputStart < output.count else { return }
        outputStart += port.write(output.span.extracting(outputStart...))
        portIsFull = outputStart < output.count
        guard !portIsFull else { return }
        output.removeAll(keepingCapacity: true)
        outputStart = 0
    }

    /// How the host's UART is set: what its port shows, else as the module usually is.
    var hostSettings: LineSettings { port.clientLine ?? usualLine }

    /// Without a strict UART a wrong rate does no harm, but the host's author will want to know.
    func warnOfRate() {
        let now = lab.clock.now
        guard !hasWarnedOfRate, engine.isRunning, now >= nextRateCheck else { return }
        nextRateCheck = now + Self.rateCheckInterval
        let host = hostSettings
        guard !host.looksLike(engine.line) else { return }
        hasWarnedOfRate = true
        logger.warning(
            "the host is set to \(host.baud) baud and the module to \(engine.line.baud): a real one would hear garbage")
    }
}
