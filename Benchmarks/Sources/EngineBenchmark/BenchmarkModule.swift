import ATEngine
import ATPrimitives

/// A module with one open TCP link, driven as a lab drives it: a call, then its effects, then its output.
///
/// Each operation checks how many bytes came out; a benchmark of an engine that answers something else stops here.
struct BenchmarkModule {
    private var engine: Engine
    private var now = Instant.zero
    private var socket: Socket?
    /// How many bytes of payload the send effects since the last call of `expect` had.
    private var sentCount = 0
    private var outputCount = 0

    private let payload = [UInt8](repeating: UInt8(ascii: "x"), count: Self.payloadSize)
    private let segment = [UInt8](repeating: UInt8(ascii: "y"), count: Self.segmentSize)
    private let peer = Endpoint(address: .loopback, port: 80)

    /// The most that one CIPSEND takes (manual 6.2.3).
    private static let payloadSize = 2048
    /// The most that one TCP segment carries (reference 3.5).
    private static let segmentSize = 1460
    /// How many bytes a port takes at once.
    private static let outputSize = 4096

    private static let at = bytes("AT\r\n")
    private static let send = bytes("AT+CIPSEND=2048\r\n")
    /// `\r\nOK\r\n`
    private static let okCount = 6
    /// `\r\nOK\r\n> `
    private static let promptCount = 8
    /// `\r\nSEND OK\r\n`
    private static let sendOKCount = 11
    /// `\r\n+IPD,1460:`
    private static let headerCount = 12

    /// A module that has started, with its echo as `operation` wants it and a link open.
    init(preparedFor operation: Operation) {
        let options = Options(
            mac: MACAddress(value: 0x18FE_3400_0001), timing: operation.isPaced ? .hardware : .fast, seed: 1)
        engine = Engine(firmware: .shipped021, flash: FlashImage(), options: options)
        engine.handle(.power(.on), at: now)
        drain()
        write(Self.bytes("AT+CIPSTART=\"TCP\",\"127.0.0.1\",80\r\n"))
        precondition(socket != nil, "the module has not dialled")
        if !operation.isEchoed { write(Self.bytes("ATE0\r\n")) }
        outputCount = 0
    }

    mutating func perform(_ operation: Operation) {
        now = now + .milliseconds(1)
        switch operation {
        case .at:
            write(Self.at)
            expect(output: Self.okCount)
        case .atEchoed, .atPaced:
            write(Self.at)
            expect(output: Self.at.count + 1 + Self.okCount)
        case .send:
            sendPayload()
            expect(output: Self.promptCount + Self.sendOKCount, sent: Self.payloadSize)
        case .sendEchoed:
            sendPayload()
            let echoCount = Self.send.count + 1 + Self.payloadSize
            expect(output: echoCount + Self.promptCount + Self.sendOKCount, sent: Self.payloadSize)
        case .receive, .receivePaced:
            receiveSegment()
            expect(output: Self.headerCount + Self.segmentSize)
        }
    }

    private mutating func sendPayload() {
        write(Self.send)
        write(payload)
    }

    private mutating func receiveSegment() {
        guard let socket else { return }
        let segment = segment
        let taken = engine.deliver(segment.span, on: socket, from: peer, at: now)
        precondition(taken == segment.count)
        drain()
    }

    private mutating func write(_ bytes: [UInt8]) {
        let taken = engine.receive(bytes.span, at: now)
        precondition(taken == bytes.count)
        drain()
    }

    /// Takes all that comes by itself, now and later.
    private mutating func drain() {
        drainNow()
        while let deadline = engine.nextDeadline {
            now = deadline
            engine.advance(to: now)
            drainNow()
        }
    }

    /// Effects first, then output, and again until there is neither.
    private mutating func drainNow() {
        while true {
            while let effect = engine.nextEffect() { carryOut(effect) }
            let before = outputCount
            var count = 0
            engine.withOutput(max: Self.outputSize) { bytes in
                count = bytes.count
                return bytes.count
            }
            outputCount += count
            if outputCount == before { return }
        }
    }

    /// A world that does at once what is asked of it.
    private mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .connect(_, let socket, to: _, localPort: _):
            self.socket = socket
            engine.handle(.connected(socket), at: now)
        case .send(_, let socket, let payload, to: _):
            sentCount += engine.withPayload(payload) { $0.count }
            engine.handle(.acknowledged(socket), at: now)
        default:
            break
        }
    }

    private mutating func expect(output: Int, sent: Int = 0) {
        precondition(outputCount == output, "output of \(outputCount) bytes, not \(output)")
        precondition(sentCount == sent, "payload of \(sentCount) bytes, not \(sent)")
        outputCount = 0
        sentCount = 0
    }

    private static func bytes(_ text: StaticString) -> [UInt8] {
        [UInt8](UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
