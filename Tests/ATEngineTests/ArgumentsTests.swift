import ATPrimitives
import Testing

@testable import ATEngine

/// A number field as it stands on a line, and what the firmware makes of it.
struct NumberCase: Sendable, CustomTestStringConvertible {
    let text: String
    let value: Int
    var isMissing = false
    var isLoneMinus = false
    var isEnded = true

    var testDescription: String { text.debugDescription }

    static let all = [
        NumberCase(text: "0\r", value: 0), NumberCase(text: "12\r", value: 12), NumberCase(text: "007\r", value: 7),
        NumberCase(text: "-5\r", value: -5), NumberCase(text: "1-2\r", value: 12),
        NumberCase(text: "-1-2-\r", value: -12), NumberCase(text: "--3\r", value: -3),
        NumberCase(text: "5,6\r", value: 5, isEnded: false), NumberCase(text: "5 \r", value: 5, isEnded: false),
        NumberCase(text: "5\0x\r", value: 5),
        NumberCase(text: "\r", value: 0, isMissing: true, isEnded: false),
        NumberCase(text: ",1\r", value: 0, isMissing: true, isEnded: false),
        NumberCase(text: "+1\r", value: 0, isMissing: true, isEnded: false),
        NumberCase(text: " 1\r", value: 0, isMissing: true, isEnded: false),
        NumberCase(text: "\"1\"\r", value: 0, isMissing: true, isEnded: false),
        NumberCase(text: "-\r", value: 0, isMissing: true, isLoneMinus: true),
        NumberCase(text: "-,\r", value: 0, isMissing: true, isLoneMinus: true, isEnded: false),
        NumberCase(text: "0x10\r", value: 0, isEnded: false),
        // Ten characters are read, and the eleventh follows.
        NumberCase(text: "0000000001\r", value: 1), NumberCase(text: "00000000012\r", value: 1, isEnded: false),
        NumberCase(text: "2147483647\r", value: 2_147_483_647),
        NumberCase(text: "2147483648\r", value: -2_147_483_648),
        NumberCase(text: "4294967297\r", value: 1), NumberCase(text: "9999999999\r", value: 1_410_065_407),
        NumberCase(text: "-2147483648\r", value: -214_748_364, isEnded: false),
        // After exactly nine the line counts as ended, whatever follows.
        NumberCase(text: "000000001x\r", value: 1), NumberCase(text: "00000001x\r", value: 1, isEnded: false),
        NumberCase(text: "1\n", value: 1, isEnded: false),
    ]
}

/// A quoted field as it stands on a line.
struct QuotedCase: Sendable, CustomTestStringConvertible {
    enum Result: Sendable, Equatable {
        case omitted
        case text(String)
        case malformed
    }

    let text: String
    let result: Result
    var isEnded = true
    var limit = 5

    var testDescription: String { text.debugDescription }

    static let all = [
        QuotedCase(text: "\"abc\"\r", result: .text("abc")), QuotedCase(text: "\"\"\r", result: .text("")),
        QuotedCase(text: "\"abcde\"\r", result: .text("abcde")),
        QuotedCase(text: "\"abcdef\"\r", result: .malformed, isEnded: false),
        QuotedCase(text: "\"a,b\",1\r", result: .text("a,b"), isEnded: false),
        QuotedCase(text: "\"a\\\"b\"\r", result: .text("a\"b")), QuotedCase(text: "\"a\\\\\"\r", result: .text("a\\")),
        QuotedCase(text: "\"a\\,b\"\r", result: .text("a,b")), QuotedCase(text: "\"\\x\"\r", result: .text("x")),
        QuotedCase(text: "\"a\\\rb\"\r", result: .text("a\rb")),
        QuotedCase(text: "\"abcd\\\"\"\r", result: .text("abcd\"")),
        QuotedCase(text: ",\r", result: .omitted, isEnded: false), QuotedCase(text: "\r", result: .omitted),
        QuotedCase(text: "abc\r", result: .malformed, isEnded: false),
        QuotedCase(text: "\"abc\r", result: .malformed), QuotedCase(text: "\"abc", result: .malformed),
        QuotedCase(text: "\"abc\\", result: .malformed), QuotedCase(text: "", result: .malformed),
        QuotedCase(text: "'abc'\r", result: .malformed, isEnded: false),
        QuotedCase(text: "\"abc\"x\r", result: .text("abc"), isEnded: false),
    ]
}

@Suite("Fields of a line")
struct ArgumentsTests {
    @Test("numbers", arguments: NumberCase.all)
    func numbers(_ expected: NumberCase) {
        var arguments = Arguments(line: Array(expected.text.utf8), from: 0)
        let number = arguments.number()
        #expect(number.value == expected.value)
        #expect(number.isMissing == expected.isMissing)
        #expect(number.isLoneMinus == expected.isLoneMinus)
        #expect(arguments.isEnded == expected.isEnded)
    }

    @Test("strings", arguments: QuotedCase.all)
    func strings(_ expected: QuotedCase) {
        var arguments = Arguments(line: Array(expected.text.utf8), from: 0)
        let result: QuotedCase.Result =
            switch arguments.quoted(limit: expected.limit) {
            case .omitted: .omitted
            case .text(let bytes): .text(String(decoding: bytes, as: UTF8.self))
            case .malformed: .malformed
            }
        #expect(result == expected.result)
        #expect(arguments.isEnded == expected.isEnded)
    }

    @Test(
        "addresses as inet_addr reads them",
        arguments: [
            ("192.168.4.1", 0xC0A8_0401), ("1.2.3", 0x0102_0003), ("1.2", 0x0100_0002), ("1", 1),
            ("0x7f.1", 0x7F00_0001), ("0X7F.1", 0x7F00_0001), ("010.0.0.1", 0x0800_0001), ("4294967295", 0xFFFF_FFFF),
            ("1.65535", 0x0100_FFFF), ("1.2.65535", 0x0102_FFFF), ("0", 0),
        ] as [(String, UInt32)])
    func addresses(_ text: String, _ value: UInt32) {
        #expect(IPv4Address(inet: Array(text.utf8))?.value == value)
    }

    @Test(
        "what is no address",
        arguments: [
            "", ".", "1.", ".1", "1..2", "1.2.3.4.5", "256.1.1.1", "1.2.3.256", "1.16777216", "4294967296", "08", "0x",
            "1.2.3.4 ", "a.b.c.d", "1,2", "99999999999999999999",
        ])
    func noAddresses(_ text: String) {
        #expect(IPv4Address(inet: Array(text.utf8)) == nil)
    }

    @Test(
        "MAC addresses have six pairs of digits with colons",
        arguments: [
            ("01:23:45:67:89:aB", true), ("01-23-45-67-89-ab", false), ("01:23:45:67:89:a", false),
            ("01:23:45:67:89:ag", false), ("0123456789abcdef0", false), ("01:23:45:67:89:ab:", false),
        ])
    func macAddresses(_ text: String, _ isAddress: Bool) {
        #expect((MACAddress(text: Array(text.utf8)) != nil) == isAddress)
    }

    @Test("a frame's time is exact over any number of bytes, and no wait is too long to count")
    func frameTime() {
        let frame = FrameTime(.standard)
        #expect(frame.time(of: 1).microseconds == 87)
        #expect(frame.time(of: 11_520).microseconds == 1_000_000)
        for count in [1, 2, 3, 7, 100, 11_519, 691_200] as [Int64] {
            #expect(frame.count(in: frame.time(of: count)) == count)
            #expect(frame.count(in: frame.time(of: count) + .microseconds(-1)) == count - 1)
        }
        #expect(frame.count(in: Interval(microseconds: .max)) > 0)
    }
}
