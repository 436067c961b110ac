import ATPrimitives

/// One direction of a serial line: what is sent with the settings of one end, sampled with those of the other.
///
/// Theory of operation. A sent byte is a waveform: a start bit (0), the data bits with the lowest first, the parity
/// bit, the stop bits (1). The receiver waits for a falling edge, samples in the middle of each of its own bits, takes
/// the byte at the middle of the first stop bit, whatever parity and stop bit are (inferred: the chip notes such errors
/// and keeps the byte), and waits for the next falling edge. A start bit that is over by its middle was none. Time is
/// counted from the start of the frame being sent, in ticks of which each end has a whole number in half a bit, so that
/// nothing is rounded and nothing drifts.
package struct Wire: Sendable {
    /// The most bytes that one byte sent can become: each takes a falling edge to begin, and a frame of ten bits before
    /// the stop bit has no more.
    package static let outputLimit = 5

    /// Whether every byte arrives as it was sent, but for data bits that the line does not have. Stop bits do not
    /// matter to that, nor whether the parity is even or odd.
    package let isClear: Bool

    private let sender: Sender
    /// Ticks of half a bit and of a whole one at the receiver.
    private let halfBit: Int64
    private let bit: Int64
    private let dataBits: Int
    /// The sample that takes the byte: the middle of the first stop bit.
    private let lastSample: Int
    private var receiver = Receiver.waiting(after: Self.beforeFrame)

    private static let beforeFrame: Int64 = -1

    /// What the receiver does next; times are in ticks from the start of the frame being sent.
    private enum Receiver {
        /// A falling edge later than this begins a byte.
        case waiting(after: Int64)
        /// `index` counts from the start bit, 0; `byte` has the data bits so far.
        case sampling(at: Int64, index: Int, byte: UInt8)
    }

    /// A line between two ends.
    ///
    /// - Parameters:
    ///   - sent: the settings with which bytes are sent. Data bits beyond 5 to 8 and a rate of 0 become the nearest.
    ///   - sampled: the settings with which they are received.
    package init(from sent: LineSettings, to sampled: LineSettings) {
        let sentRate = Int64(max(1, sent.baud))
        let sampledRate = Int64(max(1, sampled.baud))
        sender = Sender(sent, halfBit: sampledRate)
        halfBit = sentRate
        bit = 2 * sentRate
        dataBits = Self.dataBits(of: sampled)
        lastSample = 1 + dataBits + (sampled.parity == .none ? 0 : 1)
        isClear =
            sentRate == sampledRate && Self.dataBits(of: sent) == dataBits
            && (sent.parity == .none) == (sampled.parity == .none)
    }

    private static func dataBits(of settings: LineSettings) -> Int {
        Int(min(max(settings.dataBits, 5), 8))
    }

    /// Sends bytes without a pause, also after those sent before, and gives those that the receiver has taken when the
    /// last stop bit ends. What it is in the middle of then comes with the next byte or with `idle()`.
    ///
    /// - Parameters:
    ///   - bytes: what is sent.
    ///   - body: is called with each byte received, at most `outputLimit` times for each one sent.
    package mutating func transcode(_ bytes: Span<UInt8>, into body: (UInt8) -> Void) {
        for index in 0..<bytes.count {
            if isClear {
                body(bytes[index] & sender.dataMask)
            } else {
                receive(sender.frame(of: bytes[index]), body)
            }
        }
    }

    /// The line rests, at 1, for longer than a byte takes.
    ///
    /// - Returns: the byte of which the receiver was in the middle, if it was.
    @discardableResult
    package mutating func idle() -> UInt8? {
        defer { receiver = .waiting(after: Self.beforeFrame) }
        guard case .sampling(_, let index, var byte) = receiver, index > 0 else { return nil }
        // All that it has yet to sample is 1.
        for bit in index - 1..<max(index - 1, dataBits) {
            byte |= 1 << UInt8(bit)
        }
        return byte
    }

    private mutating func receive(_ frame: Frame, _ body: (UInt8) -> Void) {
        while true {
            switch receiver {
            case .waiting(let time):
                guard let edge = frame.fallingEdge(after: time) else {
                    receiver = .waiting(after: max(time - frame.duration, Self.beforeFrame))
                    return
                }
                receiver = .sampling(at: edge + halfBit, index: 0, byte: 0)
            case .sampling(let time, let index, let byte):
                guard time < frame.duration else {
                    receiver = .sampling(at: time - frame.duration, index: index, byte: byte)
                    return
                }
                sample(frame.isHigh(at: time), at: time, index: index, byte: byte, body)
            }
        }
    }

    private mutating func sample(_ isHigh: Bool, at time: Int64, index: Int, byte: UInt8, _ body: (UInt8) -> Void) {
        if index == 0, isHigh {
            receiver = .waiting(after: time)
        } else if index == lastSample {
            body(byte)
            receiver = .waiting(after: time)
        } else {
            let isOne = isHigh && (1...dataBits).contains(index)
            let taken = isOne ? byte | 1 << UInt8(index - 1) : byte
            receiver = .sampling(at: time + bit, index: index + 1, byte: taken)
        }
    }
}

/// The end of a wire that sends.
private struct Sender: Sendable {
    let dataMask: UInt8
    private let dataBits: Int
    private let parity: Parity
    private let bit: Int64
    private let duration: Int64

    /// `halfBit` is in ticks.
    init(_ settings: LineSettings, halfBit: Int64) {
        dataBits = Int(min(max(settings.dataBits, 5), 8))
        dataMask = UInt8(truncatingIfNeeded: (1 << dataBits) - 1)
        parity = settings.parity
        bit = 2 * halfBit
        let bitCount = Int64(1 + dataBits + (settings.parity == .none ? 0 : 1))
        duration = (2 * bitCount + settings.stopBits.halfBits) * halfBit
    }

    /// The waveform of a byte.
    func frame(of byte: UInt8) -> Frame {
        let data = byte & dataMask
        var levels = UInt16(data) << 1
        var bitCount = 1 + dataBits
        if parity != .none {
            let isOdd = data.nonzeroBitCount & 1 == 1
            if isOdd == (parity == .even) { levels |= 1 << UInt16(bitCount) }
            bitCount += 1
        }
        return Frame(levels: levels, bitCount: bitCount, bit: bit, duration: duration)
    }
}

/// The waveform of one byte: bits of equal length, then 1 until the end.
private struct Frame {
    /// The start bit is the lowest.
    let levels: UInt16
    let bitCount: Int
    /// Ticks of a bit, and of the whole frame.
    let bit: Int64
    let duration: Int64

    /// The level at a time from 0 to the end; at an edge, the one that begins there.
    func isHigh(at time: Int64) -> Bool {
        isHigh(bit: time / bit)
    }

    /// The first change from 1 to 0 later than `time`; before the frame the line is at 1.
    func fallingEdge(after time: Int64) -> Int64? {
        guard time >= 0 else { return 0 }
        var index = time / bit + 1
        while index < Int64(bitCount) {
            if !isHigh(bit: index), isHigh(bit: index - 1) { return index * bit }
            index += 1
        }
        return nil
    }

    private func isHigh(bit index: Int64) -> Bool {
        index >= Int64(bitCount) || levels >> UInt16(index) & 1 == 1
    }
}
