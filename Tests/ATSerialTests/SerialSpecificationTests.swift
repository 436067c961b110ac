import Testing

@testable import ATSerial

@Suite struct SerialSpecificationTests {
    @Test(
        "every kind of the contract is read, and its text gives it again",
        arguments: [
            ("pty", SerialSpecification.pseudoTerminal(link: nil), "pty"),
            ("pty:./vesp.tty", .pseudoTerminal(link: "./vesp.tty"), "pty:./vesp.tty"),
            ("pty:a:b", .pseudoTerminal(link: "a:b"), "pty:a:b"),
            ("tcp:7001", .tcp(host: "127.0.0.1", port: 7001), "tcp:127.0.0.1:7001"),
            ("tcp:0.0.0.0:0", .tcp(host: "0.0.0.0", port: 0), "tcp:0.0.0.0:0"),
            ("tcp:localhost:65535", .tcp(host: "localhost", port: 65_535), "tcp:localhost:65535"),
            ("tcp:[::1]:7001", .tcp(host: "::1", port: 7001), "tcp:[::1]:7001"),
            ("rfc2217:7001", .rfc2217(host: "127.0.0.1", port: 7001), "rfc2217:127.0.0.1:7001"),
            ("rfc2217:[::1]:0", .rfc2217(host: "::1", port: 0), "rfc2217:[::1]:0"),
            ("unix:/run/vesp.sock", .unix(path: "/run/vesp.sock"), "unix:/run/vesp.sock"),
            ("device:/dev/ttyUSB0", .device(path: "/dev/ttyUSB0"), "device:/dev/ttyUSB0"),
            ("stdio", .standardStreams, "stdio"),
        ])
    func kinds(text: String, expected: SerialSpecification, description: String) throws {
        let specification = try SerialSpecification(text)
        #expect(specification == expected)
        #expect(specification.description == description)
        #expect(try SerialSpecification(specification.description) == expected)
    }

    @Test(
        "what cannot be meant is refused with a sentence that names the remedy",
        arguments: [
            ("", "use pty[:LINK]"), ("foo:1", "use pty[:LINK]"), ("PTY", "use pty[:LINK]"), ("pty:", "pty:LINK"),
            ("tcp", "tcp:PORT"), ("tcp:", "0 to 65535"), ("tcp:65536", "0 to 65535"), ("tcp:-1", "0 to 65535"),
            ("tcp:+5", "0 to 65535"), ("tcp::5", "tcp:HOST:PORT"), ("tcp:::1:7001", "tcp:[::1]:PORT"),
            ("tcp:[::1]", "tcp:[::1]:PORT"), ("tcp:[]:1", "tcp:[::1]:PORT"), ("tcp:host:", "0 to 65535"),
            ("unix:", "unix:PATH"), ("device", "device:PATH"), ("stdio:1", "stdio alone"), ("pty:a\0b", "leave it out"),
            ("rfc2217", "rfc2217:PORT"), ("rfc2217:", "0 to 65535"), ("rfc2217:::1:1", "rfc2217:[::1]:PORT"),
            ("rfc2217::5", "rfc2217:HOST:PORT"), ("rfc2217:[::1]", "rfc2217:[::1]:PORT"),
            ("bar", "rfc2217:[HOST:]PORT"),
        ])
    func refusals(text: String, remedy: String) {
        let error = #expect(throws: SerialSpecificationError.self) { try SerialSpecification(text) }
        #expect(error?.description.contains(remedy) == true, "\(String(describing: error))")
    }

    @Test("a line with a path can be moved, and others stay as they are")
    func paths() throws {
        func moved(_ text: String) throws -> SerialSpecification {
            try SerialSpecification(text).mapPath { "/lab/" + $0 }
        }
        #expect(try moved("pty:a.tty") == .pseudoTerminal(link: "/lab/a.tty"))
        #expect(try moved("unix:s") == .unix(path: "/lab/s"))
        #expect(try moved("device:d") == .device(path: "/lab/d"))
        #expect(try moved("pty") == .pseudoTerminal(link: nil))
        #expect(try moved("tcp:1") == .tcp(host: "127.0.0.1", port: 1))
        #expect(try moved("rfc2217:1") == .rfc2217(host: "127.0.0.1", port: 1))
        #expect(try moved("stdio") == .standardStreams)
    }

    @Test("a location reads as the contract prints it")
    func locations() {
        #expect(
            SerialLocation.pseudoTerminal(path: "/dev/pts/7", link: "./vesp.tty").description
                == "/dev/pts/7 (./vesp.tty)")
        #expect(SerialLocation.pseudoTerminal(path: "/dev/pts/7", link: nil).description == "/dev/pts/7")
        #expect(SerialLocation.tcp(host: "127.0.0.1", port: 40_213).description == "tcp 127.0.0.1:40213")
        #expect(SerialLocation.tcp(host: "::1", port: 1).description == "tcp [::1]:1")
        #expect(SerialLocation.rfc2217(host: "127.0.0.1", port: 40_213).description == "rfc2217 127.0.0.1:40213")
        #expect(SerialLocation.rfc2217(host: "::1", port: 1).description == "rfc2217 [::1]:1")
        #expect(SerialLocation.unix(path: "/a").description == "unix /a")
        #expect(SerialLocation.device(path: "/a").description == "device /a")
    }

    @Test("the last bytes are kept, the oldest give way", arguments: [0, 1, 9, 10, 11, 25, 1000])
    func keptOutput(count: Int) {
        let bytes = noise(count)
        var whole = KeptOutput(limit: 10)
        whole.append(bytes.span)
        #expect(Array(whole.lastBytes) == bytes.suffix(10))
        var single = KeptOutput(limit: 10)
        for byte in bytes { single.append([byte].span) }
        #expect(Array(single.lastBytes) == bytes.suffix(10))
    }
}
