import ATPrimitives
import Testing

@testable import ATEngine

@Suite struct WireTests {
    private static func settings(
        _ baud: UInt32, _ dataBits: UInt8 = 8, _ parity: Parity = .none, _ stopBits: StopBits = .one
    ) -> LineSettings {
        LineSettings(
            baud: baud, dataBits: dataBits, stopBits: stopBits, parity: parity, requestToSend: false,
            clearToSend: false)
    }

    private static let framings: [(dataBits: UInt8, parity: Parity, stopBits: StopBits)] =
        (5...8).flatMap { dataBits in
            [Parity.none, .odd, .even].flatMap { parity in
                [StopBits.one, .oneAndAHalf, .two].map { (UInt8(dataBits), parity, $0) }
            }
        }

    /// What arrives of `bytes` when the line rests after them.
    private static func sent(_ bytes: [UInt8], _ from: LineSettings, _ to: LineSettings) -> [UInt8] {
        var wire = Wire(from: from, to: to)
        var received: [UInt8] = []
        wire.transcode(bytes.span) { received.append($0) }
        if let last = wire.idle() { received.append(last) }
        return received
    }

    private static let allBytes = (0...255).map { UInt8($0) }

    @Test("equal settings give every byte as far as it has bits, in every framing")
    func identity() {
        for framing in Self.framings {
            let settings = Self.settings(115_200, framing.dataBits, framing.parity, framing.stopBits)
            #expect(Wire(from: settings, to: settings).isClear)
            let mask = UInt8((1 << Int(framing.dataBits)) - 1)
            #expect(Self.sent(Self.allBytes, settings, settings) == Self.allBytes.map { $0 & mask })
        }
    }

    @Test("a rate that differs by three in a hundred is sampled right, back to back, in every framing")
    func tolerance() {
        for framing in Self.framings {
            for baud in [UInt32(97_000), 103_000] {
                let from = Self.settings(baud, framing.dataBits, framing.parity, framing.stopBits)
                let to = Self.settings(100_000, framing.dataBits, framing.parity, framing.stopBits)
                #expect(!Wire(from: from, to: to).isClear)
                let mask = UInt8((1 << Int(framing.dataBits)) - 1)
                let bytes = Self.allBytes + Self.allBytes.reversed()
                #expect(Self.sent(bytes, from, to) == bytes.map { $0 & mask }, "\(framing) at \(baud)")
            }
        }
    }

    @Test("ten thousand bytes back to back at nearly the same rate arrive as they are")
    func nearlyEqual() {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 167) }
        #expect(Self.sent(bytes, Self.settings(74_880), Self.settings(74_881)) == bytes)
    }

    // By hand. 74880 / 115200 is 0.65, so the receiver's samples at 0.5, 1.5 … 9.5 of its bits fall on 0.325, 0.975,
    // 1.625, 2.275, 2.925, 3.575, 4.225, 4.875, 5.525, 6.175 of the sender's: after the start bit the data bits are
    // start, d0, d1, d1, d2, d3, d3, d4, and the stop bit is d5. CR is d0, d2, d3: 0 1 0 0 1 1 1 0 is 0x72. LF is d1,
    // d3: 0 0 1 1 0 1 1 0 is 0x6C. Neither has a falling edge after 6.175, so they are alone also in a row.
    @Test("the boot text's end of line at 74880 is `rl` for a host at 115200")
    func bootTextLineEnd() {
        #expect(Self.sent([0x0D, 0x0A], Self.settings(74_880), .standard) == [0x72, 0x6C])
    }

    // A `U` is 0 1 0 1 0 1 0 1 0 1. Samples as above give the data 0 1 0 0 1 0 0 1 (0x92), stop bit 0. The next falling
    // edge is that of bit 8 (7 to 8), sampled at 8.325, 8.975, 9.625, then in the next U at 0.275, 0.925, 1.575, 2.225,
    // 2.875, 3.525, 4.175: start 0, data 0 1 0 0 1 0 0 1 (0x92), stop bit 0; then the edge at 6 of the second U: 6.325,
    // 6.975 and 7.625, 8.275, 8.925, 9.575, and 1 from 10 on: start 0, data 0 1 0 0 1 1 1 1 (0xF2).
    @Test("two bytes may become three at a higher rate, the last one filled with the resting line")
    func moreBytes() {
        #expect(Self.sent([0x55, 0x55], Self.settings(74_880), .standard) == [0x92, 0x92, 0xF2])
    }

    // 115200 / 74880 is 1.538: samples on 0.77, 2.31, 3.85, 5.38, 6.92, 8.46, 10 (exactly), 11.54, 13.08 and 14.62. `A`
    // is d0 and d6: start, then d1 d2 d4 d5 d7 of it (0), then three samples of the resting line (1): 0xE0. A second A
    // behind it starts at 10: its start bit, its d0, its d2 are the last three: 0 1 0 is 0x40; the stop bit is d3, and
    // the next falling edge is that of its d7 (8): 8.77, 10.31 and on, all 1: 0xFF.
    @Test("a host at 115200 is garbage for a module at 74880")
    func fasterSender() {
        #expect(Self.sent([0x41], .standard, Self.settings(74_880)) == [0xE0])
        #expect(Self.sent([0x41, 0x41], .standard, Self.settings(74_880)) == [0x40, 0xFF])
    }

    // A bit at 9600 is twelve at 115200, so one of the receiver's bytes lies in the first of a run of equal bits: the
    // start bit and each falling edge give a NUL, whose stop bit is in the same bit.
    @Test("each falling edge at 9600 is a NUL at 115200")
    func muchFasterReceiver() {
        #expect(Self.sent([0x55], Self.settings(9_600), .standard) == [0, 0, 0, 0, 0])
        #expect(Self.sent([0x00, 0xFF, 0x0F], Self.settings(9_600), .standard) == [0, 0, 0, 0])
    }

    // A bit at 9600 is twelve at 115200, so the middle of its start bit is where d5 of the byte begins, six bits after
    // the edge. The edge of d7 (8) has its middle after the byte.
    @Test("at 9600 a start bit of 115200 is none unless the line is low after six of its bits, and then the rest is 1")
    func muchSlowerReceiver() {
        let slow = Self.settings(9_600)
        #expect(Self.sent([0xFF], .standard, slow).isEmpty)
        #expect(Self.sent([0x75], .standard, slow).isEmpty)
        #expect(Self.sent([0x41], .standard, slow) == [0xFF])
        #expect(Self.sent([0x00], .standard, slow) == [0xFF])
    }

    // Computed once by another program, with the waveform as a list of edges and times as fractions.
    @Test("whole lines become what a search through their edges gives")
    func knownText() {
        let boot = Array("\r\n ets Jan  8 2013,rst cause:4".utf8)
        #expect(
            Self.sent(boot, Self.settings(74_880), .standard) == [
                0x72, 0x6C, 0x00, 0x6C, 0x9C, 0x9E, 0x7C, 0x00, 0x8C, 0x6C, 0xE0, 0x7C, 0x02, 0x0C, 0x0C, 0x0C, 0x8C,
                0x0C, 0x6C, 0xEC, 0x0C, 0x62, 0x7C, 0x8E, 0x82, 0x02, 0xEC, 0x12, 0x92, 0x72, 0x92, 0x62, 0x0C, 0x8E,
            ])
        let command = Array("AT+GMR\r\n".utf8)
        #expect(Self.sent(command, .standard, Self.settings(74_880)) == [0x80, 0xBE, 0xA6, 0xC5, 0x00])
        #expect(
            Self.sent(command, Self.settings(9_600, 7, .even, .oneAndAHalf), Self.settings(14_400, 8, .odd)) == [
                0x03, 0x87, 0xBF, 0x1B, 0x1F, 0xB7, 0x64, 0xE4, 0x3B, 0x24,
            ])
    }

    @Test("the parity of 7E1 is the eighth bit of 8N1, and the other way it is not looked at")
    func sevenEven() {
        let even = Self.settings(115_200, 7, .even)
        #expect(!Wire(from: even, to: .standard).isClear)
        // `A` has two ones, `C` three.
        #expect(Self.sent([0x41, 0x43], even, .standard) == [0x41, 0xC3])
        #expect(Self.sent([0x41, 0x43, 0xC3], .standard, even) == [0x41, 0x43, 0x43])
        #expect(Self.sent([0x41, 0x43], Self.settings(115_200, 7, .odd), .standard) == [0xC1, 0x43])
    }

    @Test("a byte with the wrong parity is taken as it is")
    func wrongParity() {
        let odd = Self.settings(115_200, 8, .odd)
        let even = Self.settings(115_200, 8, .even)
        #expect(Self.sent(Self.allBytes, odd, even) == Self.allBytes)
    }

    @Test("a parity bit that the receiver does not expect is its stop bit, and a low one costs no byte at rest")
    func unexpectedParity() {
        let even = Self.settings(115_200, 8, .even)
        #expect(Self.sent([0x41, 0x43], even, .standard) == [0x41, 0x43])
    }

    @Test("bytes with a pause between them stand alone, however they were cut")
    func pauses() {
        var wire = Wire(from: .standard, to: Self.settings(74_880))
        var received: [UInt8] = []
        for _ in 0..<3 {
            wire.transcode([0x41].span) { received.append($0) }
            #expect(received.isEmpty)
            #expect(wire.idle() == 0xE0)
            #expect(wire.idle() == nil)
        }
    }

    @Test("the same bytes give the same, one at a time or all at once, at any two rates, and never more than the limit")
    func determinism() {
        let rates: [UInt32] = [1, 300, 9_600, 74_880, 76_800, 115_200, 921_600, 4_999_999, 5_000_000, .max]
        let bytes = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 73 ^ $0 >> 3) }
        for from in rates {
            for (index, to) in rates.enumerated() {
                let framing = Self.framings[(index * 7 + Int(from % 31)) % Self.framings.count]
                let sender = Self.settings(from, framing.dataBits, framing.parity, framing.stopBits)
                let whole = Self.sent(bytes, sender, Self.settings(to))
                var wire = Wire(from: sender, to: Self.settings(to))
                var single: [UInt8] = []
                for byte in bytes {
                    let count = single.count
                    wire.transcode([byte].span) { single.append($0) }
                    #expect(single.count - count <= Wire.outputLimit)
                }
                if let last = wire.idle() { single.append(last) }
                #expect(single == whole)
            }
        }
    }

    @Test("settings that no UART has become the nearest")
    func nonsense() {
        let nonsense = Self.settings(0, 0)
        #expect(Self.sent([0xFF], nonsense, Self.settings(1, 5)) == [0x1F])
        #expect(Self.sent([0xFF], Self.settings(115_200, 255), .standard) == [0xFF])
    }
}
