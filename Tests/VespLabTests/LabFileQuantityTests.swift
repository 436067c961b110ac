import ATAir
import ATPrimitives
import Testing

@testable import VespLab

@Suite("Durations, bandwidths, losses and places of a lab file")
struct LabFileQuantityTests {
    private func accessPoint(_ line: String) throws -> AccessPoint {
        try lab("modules: [{name: esp}]\nair:\n  accessPoints:\n    - ssid: Home\n      \(line)\n").accessPoints[0]
    }

    @Test(
        "a duration is a number and a unit",
        arguments: [
            ("0", 0), ("0s", 0), ("7us", 7), ("20ms", 20_000), ("1.5s", 1_500_000), ("0.25ms", 250), ("1m", 60_000_000),
            ("60s", 60_000_000), ("59.999999s", 59_999_999),
        ])
    func duration(text: String, microseconds: Int64) throws {
        #expect(try accessPoint("latency: \(text)").link.latency == .microseconds(microseconds))
        #expect(try accessPoint("jitter: \(text)").link.jitter == .microseconds(microseconds))
        let module = try lab("modules: [{name: esp, latency: \(text)}]").modules[0]
        #expect(module.latency == .microseconds(microseconds))
    }

    @Test(
        "what is no duration of 0 to 60 s is refused",
        arguments: [
            "20", "-1ms", "61s", "2m", "1h", "1.5us", "1 s", "1S", "ms", ".5s", "5.s", "1e3s", "99999999999999s",
            "\"\"",
            "1.2.3s", "[20ms]", "1d",
        ])
    func noDuration(text: String) throws {
        let error = try refusal("modules:\n  - name: esp\n    latency: \(text)\n")
        #expect(error.line == 3)
        #expect(error.key == "modules[0].latency")
    }

    @Test("the sentence about a duration says what to write")
    func durationSentence() throws {
        #expect(
            try refusal("modules:\n  - name: esp\n    latency: 20\n").sentence
                == "\"20\" is not a duration; give 0 to 60s, such as 20ms or 1.5s; the units are us, ms, s, m, h and d."
        )
    }

    @Test("a lease lasts a second to a year")
    func leaseTime() throws {
        #expect(try accessPoint("leaseTime: 1s").leaseTime == .seconds(1))
        #expect(try accessPoint("leaseTime: 2h").leaseTime == .seconds(7_200))
        #expect(try accessPoint("leaseTime: 365d").leaseTime == .seconds(365 * 86_400))
        #expect(try accessPoint("channel: 1").leaseTime == nil)
        for text in ["0", "999ms", "366d"] {
            #expect(throws: ConfigurationError.self) { try accessPoint("leaseTime: \(text)") }
        }
    }

    @Test(
        "a bandwidth is in bits a second",
        arguments: [
            ("54Mbit", 54_000_000), ("250kbit", 250_000), ("1Gbit", 1_000_000_000), ("1.5Mbit", 1_500_000),
            ("9600", 9_600),
            ("1", 1), ("300bit", 300), ("1000Gbit", 1_000_000_000_000),
        ] as [(String, UInt64)])
    func bandwidth(text: String, bits: UInt64) throws {
        #expect(try accessPoint("bandwidth: \(text)").link.bandwidth == bits)
    }

    @Test(
        "what is no bandwidth is refused",
        arguments: ["0", "0Mbit", "-1", "54", "1001Gbit", "0.5bit", "54MBit", "fast", "54 Mbit"].filter { $0 != "54" })
    func noBandwidth(text: String) throws {
        #expect(throws: ConfigurationError.self) { try accessPoint("bandwidth: \(text)") }
    }

    @Test(
        "a loss is a part of a hundred or of one",
        arguments: [
            ("0", 0), ("0%", 0), ("2%", 20_000), ("0.5%", 5_000), ("100%", 1_000_000), ("1", 1_000_000),
            ("0.02", 20_000),
            ("0.000001", 1), ("0.0001%", 1),
        ] as [(String, UInt32)])
    func loss(text: String, lossPerMillion: UInt32) throws {
        #expect(try accessPoint("loss: \(text)").link.lossPerMillion == lossPerMillion)
    }

    @Test("what is no loss is refused", arguments: ["101%", "1.1", "-0.1", "2 %", "%", "0.0000001", "half", "1e-3"])
    func noLoss(text: String) throws {
        #expect(throws: ConfigurationError.self) { try accessPoint("loss: \"\(text)\"") }
    }

    @Test("places are in metres, to the centimetre")
    func position() throws {
        #expect(try accessPoint("position: [3, -4.25]").position == Position(x: 300, y: -425))
        #expect(try accessPoint("position: [-0.01, 100000]").position == Position(x: -1, y: 10_000_000))
        #expect(try lab("modules: [{name: esp, position: [0, 0]}]").modules[0].position == Position(x: 0, y: 0))
        #expect(try accessPoint("range: 0.01").range == 1)
        #expect(try accessPoint("range: 30").range == 3_000)
        for text in ["3", "[3]", "[1, 2, 3]", "[1.001, 2]", "[100001, 0]", "[a, b]", "[\"1\", \"2\"]", "[--1, 2]"] {
            #expect(throws: ConfigurationError.self) { try accessPoint("position: \(text)") }
        }
        for text in ["0", "-1", "0.001", "100000.01", "far"] {
            #expect(throws: ConfigurationError.self) { try accessPoint("range: \(text)") }
        }
    }

    @Test("capacity and fading have their limits")
    func limits() throws {
        #expect(try accessPoint("capacity: 1").capacity == 1)
        #expect(try accessPoint("capacity: 1024").capacity == 1_024)
        #expect(try accessPoint("fading: 60").fading == 60)
        for text in ["capacity: 0", "capacity: 1025", "fading: -1", "fading: 61", "fading: 300"] {
            #expect(throws: ConfigurationError.self) { try accessPoint(text) }
        }
    }

    @Test(
        "a duration is shown as people write it",
        arguments: [
            (0, "0"), (7, "7us"), (1_500, "1.5ms"), (20_000, "20ms"), (1_500_000, "1.5s"), (60_000_000, "60s"),
            (90_000_000, "90s"), (120_000_000, "2m"), (7_200_000_000, "2h"), (86_400_000_000, "1d"),
        ] as [(Int64, String)])
    func shortened(microseconds: Int64, text: String) throws {
        #expect(Interval.microseconds(microseconds).shortened == text)
        #expect(try Interval(durationText: text, in: .zero...Interval.seconds(86_400)).microseconds == microseconds)
    }
}
