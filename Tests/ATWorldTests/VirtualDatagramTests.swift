import ATAir
import ATPrimitives
import Testing

@testable import ATWorld

@Suite("UDP and echo requests between modules")
struct VirtualDatagramTests {
    private let hostAddress = IPv4Address(192, 168, 4, 1)
    private let guestAddress = IPv4Address(192, 168, 4, 2)

    @Test("a datagram comes whole, with its sender, and is taken whole; none comes where no port is open")
    func datagrams() {
        let (stage, host, guest) = NetworkStage.pair()
        let server = stage.open(host, port: 1000)
        let client = stage.open(guest, port: 2000)
        let target = Endpoint(address: hostAddress, port: 1000)
        stage.send(Array("one".utf8), client, of: guest, to: target)
        stage.send(Array("two".utf8), client, of: guest, to: target)
        stage.send(Array("lost".utf8), client, of: guest, to: Endpoint(address: hostAddress, port: 1001))
        #expect(stage.text(host, server) == "onetwo")
        let place = NetworkStage.Place(radio: host, socket: server)
        #expect(stage.senders[place] == [Endpoint](repeating: Endpoint(address: guestAddress, port: 2000), count: 2))
        stage.close(server, of: host)
        stage.send(Array("three".utf8), client, of: guest, to: target)
        #expect(stage.text(host, server) == "onetwo")
        #expect(stage.events() == [])
    }

    @Test("of two sockets on a port the first hears it")
    func samePort() {
        let (stage, host, guest) = NetworkStage.pair()
        let (first, second) = (stage.open(host, port: 1000), stage.open(host, port: 1000))
        let client = stage.open(guest, port: 2000)
        stage.send([65], client, of: guest, to: Endpoint(address: hostAddress, port: 1000))
        #expect(stage.text(host, first) == "A")
        stage.close(first, of: host)
        stage.send([66], client, of: guest, to: Endpoint(address: hostAddress, port: 1000))
        #expect(stage.text(host, second) == "B")
    }

    @Test("eight datagrams wait for a module that does not take them, further ones are lost")
    func waiting() {
        let (stage, host, guest) = NetworkStage.pair()
        let server = stage.open(host, port: 1000)
        let client = stage.open(guest, port: 2000)
        stage.appetite[host] = 0
        for letter in UInt8(65)...75 {
            stage.send([letter], client, of: guest, to: Endpoint(address: hostAddress, port: 1000))
        }
        stage.appetite[host] = .max
        stage.offerAgain()
        #expect(stage.text(host, server) == "ABCDEFGH")
    }

    @Test("1472 bytes are carried, more or none are not")
    func sizes() {
        let (stage, host, guest) = NetworkStage.pair()
        let server = stage.open(host, port: 1000)
        let client = stage.open(guest, port: 2000)
        for count in [1473, 0, 1472] {
            stage.send(pattern(count), client, of: guest, to: Endpoint(address: hostAddress, port: 1000))
        }
        #expect(stage.received[.init(radio: host, socket: server)] == pattern(1472))
    }

    @Test("a broadcast reaches everybody in every network of the sender, but not itself; one of a subnet only that")
    func broadcast() throws {
        let stage = NetworkStage()
        let radios = (0..<4).map { _ in stage.attach() }
        try stage.addAccessPoint("home")
        stage.openSoftAP("soft", of: radios[0])
        for radio in radios[0...2] { stage.join(radio, "home") }
        stage.join(radios[3], "soft")
        let sockets = radios.map { stage.open($0, port: 5000) }
        func heard() -> [String] { zip(radios, sockets).map { stage.text($0, $1) } }
        stage.send([65], sockets[0], of: radios[0], to: Endpoint(address: .broadcast, port: 5000))
        #expect(heard() == ["", "A", "A", "A"])
        let home = Endpoint(address: IPv4Address(10, 77, 1, 255), port: 5000)
        stage.send([66], sockets[0], of: radios[0], to: home)
        #expect(heard() == ["", "AB", "AB", "A"])
        stage.send([67], sockets[1], of: radios[1], to: home)
        #expect(heard() == ["C", "AB", "ABC", "A"])
        stage.send([68], sockets[3], of: radios[3], to: Endpoint(address: IPv4Address(192, 168, 4, 255), port: 5000))
        #expect(heard() == ["CD", "AB", "ABC", "A"])
        let place = NetworkStage.Place(radio: radios[3], socket: sockets[3])
        #expect(stage.senders[place] == [Endpoint(address: hostAddress, port: 5000)])
    }

    @Test("an echo comes back from whoever owns the address, after twice the latency of each way")
    func echoes() throws {
        let stage = NetworkStage()
        let slow = stage.attach(RadioSettings(latency: .microseconds(7_600)))
        let fast = stage.attach(RadioSettings(latency: .microseconds(400)))
        try stage.addAccessPoint("home")
        for radio in [slow, fast] { stage.join(radio, "home") }
        stage.ping(1, slow, IPv4Address(10, 77, 1, 101))
        stage.ping(2, slow, IPv4Address(10, 77, 1, 1))
        stage.ping(3, slow, IPv4Address(10, 77, 1, 100))
        stage.ping(4, slow, IPv4Address(10, 77, 1, 102))
        stage.ping(5, slow, .broadcast)
        stage.run(for: .seconds(1))
        #expect(stage.events() == ["0s 0 pong 3 0", "15200us 0 pong 2 15", "16ms 0 pong 1 16"])
    }

    @Test("a station that is no module answers, and so does a softAP")
    func echoOfOthers() {
        let (stage, host, guest) = NetworkStage.pair()
        stage.air.stationJoins(MACAddress(value: 0x5ECF_7F00_0001), softAPOf: host, at: stage.now)
        stage.ping(1, host, IPv4Address(192, 168, 4, 3))
        stage.ping(2, guest, hostAddress)
        stage.ping(3, guest, IPv4Address(192, 168, 4, 3))
        #expect(stage.events() == ["0s 0 pong 1 0", "0s 1 pong 2 0", "0s 1 pong 3 0"])
    }

    @Test("an echo for a module that was reset in the meantime is not told")
    func echoAfterReset() {
        let (stage, host, guest) = NetworkStage.pair(latency: .milliseconds(5))
        stage.ping(1, guest, hostAddress)
        stage.network.releaseAll(of: guest, at: stage.now, air: stage.air)
        stage.run(for: .seconds(1))
        #expect(stage.events() == [])
        for number in UInt32(2)...11 { stage.ping(number, host, guestAddress) }
        stage.run(for: .seconds(1))
        #expect(stage.events().count == VirtualNetwork.maximumEchoes)
    }

    @Test("what is on its way to a module that leaves is lost")
    func leaving() {
        let (stage, host, guest) = NetworkStage.pair(latency: .milliseconds(5))
        let client = stage.open(guest, port: 2000)
        let server = stage.open(host, port: 1000)
        stage.send([65], server, of: host, to: Endpoint(address: guestAddress, port: 2000))
        stage.run(for: .milliseconds(2))
        stage.air.leave(guest, at: stage.now)
        stage.run(for: .milliseconds(2))
        stage.join(guest, "soft")
        stage.run(for: .milliseconds(1))
        #expect(stage.text(guest, client) == "A")
        stage.send([66], server, of: host, to: Endpoint(address: guestAddress, port: 2000))
        stage.air.leave(guest, at: stage.now)
        stage.run(for: .seconds(1))
        #expect(stage.text(guest, client) == "A")
    }
}
