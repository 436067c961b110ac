import Testing

@testable import ATSerial

@Suite struct TelnetTests {
    /// What a decoder makes of pieces of input.
    private struct Decoded: Hashable {
        var data: [UInt8] = []
        var negotiations: [[UInt8]] = []
        var subnegotiations: [[UInt8]] = []
        var breaks = 0
    }

    private static func decode(_ pieces: [[UInt8]]) -> Decoded {
        var decoder = TelnetDecoder()
        var decoded = Decoded()
        for piece in pieces {
            var position = 0
            while let token = decoder.next(in: piece.span, at: &position) {
                switch token {
                case .data(let range): decoded.data += piece[range]
                case .negotiation(let verb, let option): decoded.negotiations.append([verb.rawValue, option])
                case .subnegotiation: decoded.subnegotiations.append(decoder.subnegotiation)
                case .breakSignal: decoded.breaks += 1
                }
            }
            #expect(position == piece.count)
            #expect(decoder.subnegotiation.count <= TelnetDecoder.subnegotiationLimit)
        }
        return decoded
    }

    @Test("data, escapes, negotiations and subnegotiations are told apart, wherever the input is cut")
    func tokens() {
        let input: [UInt8] = [
            65, 255, 255, 66, 255, 253, 44, 67, 255, 250, 44, 1, 0, 255, 255, 194, 0, 255, 240, 68, 255, 243, 255, 241,
            69,
            255, 251, 255, 13, 0, 10, 255, 250, 255, 240, 255, 255,
        ]
        let expected = Decoded(
            data: [65, 255, 66, 67, 68, 69, 13, 0, 10, 255], negotiations: [[253, 44], [251, 255]],
            subnegotiations: [[44, 1, 0, 255, 194, 0], []], breaks: 1)
        #expect(Self.decode([input]) == expected)
        #expect(Self.decode(input.map { [$0] }) == expected)
        for cut in 0...input.count {
            #expect(Self.decode([Array(input[..<cut]), Array(input[cut...])]) == expected)
        }
    }

    @Test("a subnegotiation that is too long is read to its end and ignored")
    func tooLong() {
        for length in [63, 64, 65, 100_000] {
            let content = [UInt8](repeating: 1, count: length)
            let decoded = Self.decode([[255, 250], content, [255, 240, 65]])
            #expect(decoded.subnegotiations == (length <= TelnetDecoder.subnegotiationLimit ? [content] : []))
            #expect(decoded.data == [65])
        }
    }

    @Test("a subnegotiation without an end is over at the next command")
    func unterminated() {
        let decoded = Self.decode([[255, 250, 44, 1, 255, 253, 3, 65, 255, 250, 44, 255, 250, 44, 0, 255, 240, 66]])
        #expect(decoded == Decoded(data: [65, 66], negotiations: [[253, 3]], subnegotiations: [[44, 0]]))
    }

    @Test("nonsense never stops the decoder, and cuts do not change what it makes of it")
    func nonsense() {
        for round in 0..<50 {
            // Half of it commands, so that all states are met.
            let bytes = noise(2000 + round).map { $0 & 1 == 0 ? UInt8(255) : $0 | 0xF0 }
            #expect(Self.decode([bytes]) == Self.decode(bytes.map { [$0] }))
        }
    }

    @Test("an option is confirmed once, a strange one is refused, and a confirmation is not answered")
    func options() {
        var options = TelnetOptions()
        var greeting = TelnetOutput()
        options.greet(&greeting)
        #expect(greeting.bytes == TestClient.greeting)
        #expect(!options.hasComPort)

        func answer(_ verb: TelnetVerb, _ option: UInt8) -> [UInt8] {
            var output = TelnetOutput()
            options.receive(verb, option, answer: &output)
            return output.bytes
        }
        // What was proposed is accepted.
        for option: UInt8 in [0, 3, 1] { #expect(answer(.do, option).isEmpty) }
        for option: UInt8 in [0, 3, 44] { #expect(answer(.will, option).isEmpty) }
        #expect(options.hasComPort)
        // The port's side of RFC 2217 was not proposed.
        #expect(answer(.do, 44) == [255, 251, 44])
        #expect(answer(.do, 44).isEmpty)
        #expect(answer(.do, 6) == [255, 252, 6])
        #expect(answer(.will, 1) == [255, 254, 1])
        #expect(answer(.dont, 6).isEmpty)
        #expect(answer(.wont, 6).isEmpty)
        // Off, and on again.
        #expect(answer(.dont, 1) == [255, 252, 1])
        #expect(answer(.dont, 1).isEmpty)
        #expect(answer(.do, 1) == [255, 251, 1])
        #expect(answer(.wont, 44) == [255, 254, 44])
        #expect(options.hasComPort)
        #expect(answer(.dont, 44) == [255, 252, 44])
        #expect(!options.hasComPort)
    }
}
