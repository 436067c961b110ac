import ATPrimitives
import Testing

@testable import ATSerial

@Suite struct ComPortTests {
    /// The values of all answers to a request, each with its number, without the telnet around them.
    private static func answers(
        _ port: inout ComPort, _ request: [UInt8], isIdle: Bool = true
    ) -> (answers: [[UInt8]], effect: ComPort.Effect?) {
        var output = TelnetOutput()
        let effect = port.receive(request[...], isIdle: isIdle, answer: &output)
        #expect(output.bytes.count <= TelnetOutput.limit)
        var decoder = TelnetDecoder()
        var position = 0
        var answers: [[UInt8]] = []
        while let token = decoder.next(in: output.bytes.span, at: &position) {
            #expect(token == .subnegotiation)
            #expect(decoder.subnegotiation.first == 44)
            answers.append(Array(decoder.subnegotiation.dropFirst()))
        }
        return (answers, effect)
    }

    @Test(
        "each request is answered with what is then in force",
        arguments: [
            // Rate: asked, set, impossible.
            ([1, 0, 0, 0, 0], [101, 0, 1, 0xC2, 0]), ([1, 0, 1, 0x24, 0x80], [101, 0, 1, 0x24, 0x80]),
            ([1, 0, 0, 0xFF, 0xFF], [101, 0, 0, 0xFF, 0xFF]), ([1, 255, 255, 255, 255], [101, 0, 1, 0xC2, 0]),
            // Data, parity, stop.
            ([2, 0], [102, 8]), ([2, 7], [102, 7]), ([2, 9], [102, 8]), ([3, 0], [103, 1]), ([3, 2], [103, 2]),
            ([3, 3], [103, 3]), ([3, 5], [103, 1]), ([4, 0], [104, 1]), ([4, 2], [104, 2]), ([4, 3], [104, 3]),
            ([4, 4], [104, 1]),
            // Flow control.
            ([5, 0], [105, 1]), ([5, 1], [105, 1]), ([5, 2], [105, 2]), ([5, 3], [105, 3]), ([5, 13], [105, 14]),
            ([5, 14], [105, 14]), ([5, 15], [105, 15]), ([5, 16], [105, 16]), ([5, 17], [105, 1]),
            ([5, 18], [105, 14]), ([5, 19], [105, 1]),
            // Break, DTR, RTS.
            ([5, 4], [105, 6]), ([5, 5], [105, 5]), ([5, 6], [105, 6]), ([5, 7], [105, 9]), ([5, 8], [105, 8]),
            ([5, 9], [105, 9]), ([5, 10], [105, 12]), ([5, 11], [105, 11]), ([5, 12], [105, 12]),
            // States and masks, purging, who we are.
            ([6], [106, 0x60]), ([7], [107, 0xB0]), ([10, 17], [110, 17]), ([11, 16], [111, 16]), ([12, 1], [112, 1]),
            ([12, 2], [112, 2]), ([12, 3], [112, 3]), ([0], Array([100] + "vesp".utf8)),
        ] as [([UInt8], [UInt8])])
    func answer(request: [UInt8], answer: [UInt8]) {
        var port = ComPort()
        #expect(Self.answers(&port, request).answers == [answer])
    }

    @Test(
        "what is not understood is not answered and changes nothing",
        arguments: [
            [], [1], [1, 0, 1], [2], [3], [4], [5], [5, 20], [5, 255], [12], [12, 0], [12, 4], [13], [100], [107, 1],
            [0, 65], [255], [8], [9],
        ] as [[UInt8]])
    func nonsense(request: [UInt8]) {
        var port = ComPort()
        #expect(Self.answers(&port, request).answers.isEmpty)
        #expect(port.line == .standard)
        #expect(port.controls == .released)
    }

    @Test("what is set stays, is told as a change once, and is what the next question gets")
    func settings() {
        var port = ComPort()
        let requests: [[UInt8]] = [[1, 0, 1, 0x24, 0x80], [2, 7], [3, 3], [4, 2], [5, 3]]
        for request in requests {
            #expect(Self.answers(&port, request).effect == .lineChanged)
            #expect(Self.answers(&port, request).effect == nil)
        }
        #expect(
            port.line
                == LineSettings(
                    baud: 74_880, dataBits: 7, stopBits: .two, parity: .even, requestToSend: true, clearToSend: true))
        #expect(Self.answers(&port, [1, 0, 0, 0, 0]).answers == [[101, 0, 1, 0x24, 0x80]])
        #expect(Self.answers(&port, [3, 0]).answers == [[103, 3]])
        #expect(Self.answers(&port, [5, 13]).answers == [[105, 16]])
        #expect(Self.answers(&port, [5, 1]).effect == .lineChanged)
        #expect(!port.line.requestToSend && !port.line.clearToSend)
    }

    @Test("DTR, RTS and break are told as they change, and can be asked for")
    func controls() {
        var port = ComPort()
        #expect(Self.answers(&port, [5, 8]).effect == .controlsChanged)
        #expect(Self.answers(&port, [5, 8]).effect == nil)
        #expect(Self.answers(&port, [5, 11]).effect == .controlsChanged)
        #expect(port.controls == SerialControls(dataTerminalReady: true, requestToSend: true))
        #expect(Self.answers(&port, [5, 7]).answers == [[105, 8]])
        #expect(Self.answers(&port, [5, 10]).answers == [[105, 11]])
        #expect(Self.answers(&port, [5, 5]).effect == .breakBegan)
        #expect(Self.answers(&port, [5, 5]).effect == nil)
        #expect(Self.answers(&port, [5, 4]).answers == [[105, 5]])
        #expect(Self.answers(&port, [5, 6]).effect == nil)
        #expect(Self.answers(&port, [5, 5]).effect == .breakBegan)
    }

    @Test("the mask hides modem lines, and the transmitter is not empty while bytes wait")
    func states() {
        var port = ComPort()
        #expect(Self.answers(&port, [11, 0x20]).answers == [[111, 0x20]])
        #expect(Self.answers(&port, [7]).answers == [[107, 0x20]])
        #expect(Self.answers(&port, [6], isIdle: false).answers == [[106, 0]])
    }

    @Test("suspending and resuming, and which purge voids what the client has sent")
    func flow() {
        var port = ComPort()
        #expect(Self.answers(&port, [8]).effect == nil)
        #expect(port.isSuspended)
        #expect(Self.answers(&port, [9]).effect == .resumed)
        #expect(!port.isSuspended)
        #expect(Self.answers(&port, [12, 1]).effect == nil)
        #expect(Self.answers(&port, [12, 2]).effect == .purged)
        #expect(Self.answers(&port, [12, 3]).effect == .purged)
    }

    @Test("RTS alone holds reset, DTR alone pulls GPIO0 low, both or neither do nothing")
    func wiring() {
        func pins(_ dataTerminalReady: Bool, _ requestToSend: Bool) -> (Bool, Bool) {
            AdapterWiring(SerialControls(dataTerminalReady: dataTerminalReady, requestToSend: requestToSend)).pins
        }
        #expect(pins(false, false) == (false, false))
        #expect(pins(false, true) == (true, false))
        #expect(pins(true, false) == (false, true))
        #expect(pins(true, true) == (false, false))
    }
}
