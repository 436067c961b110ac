import ATPrimitives
import Testing

@testable import ATEngine

@Suite("The upgrade through the network")
struct UpgradeTests {
    private static let link = Upgrade.link
    private static let version = #"{"rom_version": "v1.0a"}"#

    /// A module whose first connection is open.
    private static func asking() -> Bench {
        var bench = Bench.online()
        bench.host("AT+CIUPDATE")
        bench.handle(.resolved(bench.lookup, IPv4Address(10, 0, 0, 1)))
        bench.handle(.connected(bench.socket(link)))
        bench.handle(.acknowledged(bench.socket(link)))
        return bench
    }

    /// A module that has asked for the image, with user1 running.
    private static func downloading() -> Bench {
        var bench = asking()
        bench.deliver(version, on: link)
        bench.handle(.finished(bench.socket(link)))
        bench.handle(.connected(bench.socket(link)))
        return bench
    }

    @Test("four steps, the image in the other half, OK, and the restart")
    func whole() {
        var bench = Bench.online()
        expect(bench.host("AT+CIUPDATE"), asks: ["resolve iot.espressif.cn"])
        expect(
            bench.handle(.resolved(bench.lookup, IPv4Address(10, 0, 0, 1))), says: #"+CIPUPDATE:1\r\n"#,
            asks: ["connect 5 10.0.0.1:80"])
        let request = bench.handle(.connected(bench.socket(Self.link)))
        #expect(request.output == #"+CIPUPDATE:2\r\n"#)
        #expect(request.effects.count == 1)
        expect(bench.deliver(Self.version, on: Self.link), says: #"+CIPUPDATE:3\r\n"#)
        expect(
            bench.handle(.finished(bench.socket(Self.link))), says: #"+CIPUPDATE:4\r\n"#,
            asks: ["close 5", "connect 5 10.0.0.1:80"])
        #expect(
            bench.handle(.connected(bench.socket(Self.link))).effects.first?.contains(
                "download_rom&version=v1.0a&filename=user2.bin") == true)
        expect(
            bench.deliver("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nim", on: Self.link))
        let end = bench.deliver("g", on: Self.link)
        #expect(end.output == ok)
        #expect(end.effects.prefix(2) == ["erase 41", "write 41000 3"])
        #expect(bench.wait(.milliseconds(100)).effects.first == "restart")
    }

    @Test("one that starts while another is under way lets go of its connection (bug event-forces-idle)")
    func twice() {
        var bench = Bench.online(bugs: .eventForcesIdle)
        bench.host(#"AT+CIPSTART="TCP","10.0.0.1",80"#)
        bench.host("AT+CIUPDATE")
        bench.handle(.resolved(bench.lookup, IPv4Address(10, 0, 0, 1)))
        bench.handle(.connected(bench.socket(0)))
        expect(bench.host("AT+CIUPDATE"), asks: ["release 5", "resolve iot.espressif.cn"])
    }

    @Test("the mark before the version is found wherever it stands, in whatever pieces", arguments: 1...20)
    func mark(_ size: Int) {
        for before in ["", "rom_ve", "rom_verom_ve", "rom_version\": ", "rrom", "{\""] {
            let text = Array((before + #"rom_version": "v1.0a"}"#).utf8)
            var bench = Self.asking()
            for start in stride(from: 0, to: text.count, by: size) {
                bench.deliver(
                    String(decoding: text[start..<min(start + size, text.count)], as: UTF8.self), on: Self.link)
            }
            #expect(bench.handle(.finished(bench.socket(Self.link))).output == #"+CIPUPDATE:4\r\n"#)
        }
    }

    @Test("an image that ends too soon changes nothing")
    func tooShort() {
        var bench = Self.downloading()
        bench.deliver("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nim", on: Self.link)
        let flash = bench.flash
        expect(bench.handle(.finished(bench.socket(Self.link))), says: error, asks: ["close 5"])
        #expect(bench.flash == flash)
        expect(bench.host("AT"), says: ok)
    }

    @Test(
        "what is no image is ERROR, and nothing is written",
        arguments: [
            "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nimg", "HTTP/1.1 200 OK\r\n\r\nimg",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nimg", "HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nimg",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nimg",
            "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nimg",
        ])
    func noImage(_ answer: String) {
        var bench = Self.downloading()
        expect(bench.deliver(answer, on: Self.link), says: error, asks: ["release 5"])
        expect(bench.host("AT"), says: ok)
    }

    @Test("each wait has its end: the name, the handshake, the first word, the whole")
    func waits() {
        var bench = Bench.online()
        bench.host("AT+CIUPDATE")
        expect(bench.wait(.milliseconds(6_500)), says: error)
        bench.host("AT+CIUPDATE")
        bench.handle(.resolved(bench.lookup, .loopback))
        expect(bench.wait(.milliseconds(3_260)), says: error + error, asks: ["abort 5"])
        bench = Self.asking()
        expect(bench.wait(.microseconds(4_999_999)))
        expect(bench.wait(.microseconds(1)), says: error, asks: ["release 5"])
        bench = Self.downloading()
        expect(bench.wait(.seconds(60)), says: error, asks: ["release 5"])
        expect(bench.host("AT"), says: ok)
    }

    @Test("cut at any of a thousand places, the old image runs until the new one is whole, and all settings stay")
    func cut() {
        var bench = Self.downloading()
        let start = bench.flash
        let image = String(repeating: "\u{7F}", count: 9 * FlashImage.sectorSize + 7)
        bench.deliver("HTTP/1.1 200 OK\r\nContent-Length: \(image.utf8.count)\r\n\r\n", on: Self.link)
        var work: [Bench.FlashWork] = []
        var rest = Substring(image)
        while !rest.isEmpty {
            bench.deliver(String(rest.prefix(Links.segmentSize)), on: Self.link)
            work += bench.flashWork
            rest = rest.dropFirst(Links.segmentSize)
        }
        let images = work.filter { if case .write(let address, _) = $0 { address < 0x7D000 } else { false } }
        #expect(images.count == 10)

        let cuts = FlashImage.cuts(of: work, from: start, step: 31)
        #expect(cuts.count > 1_000)
        var halves: [FlashHalf] = []
        for flash in cuts {
            let engine = Engine(
                firmware: .shipped021, flash: flash, options: Options(mac: Bench.mac, timing: .fast, seed: 1))
            #expect(engine.systemParameters.ssid == Array("home".utf8))
            #expect(engine.systemParameters.mode == .station)
            halves.append(engine.runningHalf)
        }
        // Once the new image runs it stays so, and it does so only at the very end.
        #expect(halves.first == .user1)
        #expect(halves.last == .user2)
        #expect(halves == halves.sorted { $0.rawValue < $1.rawValue })
    }
}
