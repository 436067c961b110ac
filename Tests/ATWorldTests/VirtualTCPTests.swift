import ATAir
import ATPrimitives
import Testing

@testable import ATWorld

@Suite("TCP between modules")
struct VirtualTCPTests {
    private let hostAddress = IPv4Address(192, 168, 4, 1)
    private let guestAddress = IPv4Address(192, 168, 4, 2)

    @Test("over a perfect way a connect, data and both closes are over when the call returns")
    func everythingAtOnce() {
        let (stage, host, guest) = NetworkStage.pair()
        stage.listen(host, 80)
        let client = stage.connect(guest, to: hostAddress, 80, from: 1025)
        #expect(stage.events() == ["0s 1 connected 1", "0s 0 client 2 from 192.168.4.2:1025 on 80"])
        let server = Socket(number: 2)
        stage.send(Array("ping".utf8), client, of: guest)
        #expect(stage.text(host, server) == "ping")
        stage.send(Array("pong".utf8), server, of: host)
        #expect(stage.text(guest, client) == "pong")
        #expect(stage.events() == ["0s 1 acknowledged 1", "0s 0 acknowledged 2"])
        stage.close(client, of: guest)
        #expect(stage.events() == ["0s 0 finished 2", "0s 1 acknowledged 1"])
        stage.send(Array("late".utf8), server, of: host)
        #expect(stage.events() == ["0s 0 acknowledged 2"])
        #expect(stage.text(guest, client) == "pong")
        stage.close(server, of: host)
        #expect(stage.events() == ["0s 1 closed 1", "0s 0 acknowledged 2", "0s 0 closed 2"])
        stage.settle()
        #expect(stage.events() == [])
        #expect(stage.network.nodes.allSatisfy { $0.connections.isEmpty })
    }

    @Test("the way's latency counts for each packet: three halves of a round trip until the server knows")
    func latency() {
        let (stage, host, guest) = NetworkStage.pair(latency: .milliseconds(20))
        stage.listen(host, 80)
        let client = stage.connect(guest, to: hostAddress, 80, from: 1025)
        stage.run(for: .milliseconds(100))
        #expect(stage.events() == ["40ms 1 connected 1", "60ms 0 client 2 from 192.168.4.2:1025 on 80"])
        stage.send([1], client, of: guest)
        stage.run(for: .milliseconds(100))
        #expect(stage.events() == ["140ms 1 acknowledged 1"])
    }

    @Test("a port on which nobody listens refuses, whoever owns the address")
    func refused() throws {
        let (stage, _, guest) = NetworkStage.pair()
        _ = stage.connect(guest, to: hostAddress, 81)
        #expect(stage.events() == ["0s 1 reset 1"])
        let station = stage.attach()
        try stage.addAccessPoint("home")
        stage.join(station, "home")
        _ = stage.connect(station, to: IPv4Address(10, 77, 1, 1), 80)
        #expect(stage.events() == ["0s 2 reset 2"])
        #expect(stage.network.nodes.allSatisfy { $0.connections.isEmpty })
    }

    @Test("where nobody is, SYN goes out at 0, 1, 2 and 3 s, and nothing is ever told")
    func noAnswer() {
        let (stage, host, guest) = NetworkStage.pair()
        stage.listen(host, 80)
        let socket = stage.connect(guest, to: IPv4Address(192, 168, 4, 77), 80)
        stage.run(for: .seconds(60))
        #expect(stage.events() == [])
        stage.abort(socket, of: guest)
        // The address comes to life after two lost SYNs.
        let third = stage.attach()
        stage.listen(third, 80)
        _ = stage.connect(guest, to: IPv4Address(192, 168, 4, 3), 80, from: 1025)
        stage.run(for: .milliseconds(1_500))
        stage.join(third, "soft")
        stage.run(for: .seconds(2))
        #expect(stage.events() == ["62s 1 connected 2", "62s 2 client 3 from 192.168.4.2:1025 on 80"])
    }

    @Test("abort resets the far end, and the aborting side hears nothing")
    func abort() {
        let (stage, _, guest, client, _) = NetworkStage.connectedPair()
        stage.abort(client, of: guest)
        #expect(stage.events() == ["100ms 0 reset 2"])
        stage.send([1], client, of: guest)
        stage.settle()
        #expect(stage.events() == [])
    }

    @Test("release lets the far end see the end of the stream, and the releasing side hears nothing")
    func release() {
        let (stage, host, guest, client, server) = NetworkStage.connectedPair()
        stage.send(Array("last words".utf8), client, of: guest)
        stage.release(client, of: guest)
        #expect(stage.text(host, server) == "last words")
        stage.close(server, of: host)
        #expect(
            stage.events() == [
                "100ms 1 acknowledged 1", "100ms 0 finished 2", "100ms 0 acknowledged 2", "100ms 0 closed 2",
            ])
        #expect(stage.network.nodes.allSatisfy { $0.connections.isEmpty })
    }

    @Test("both close at once, and both hear the end once")
    func simultaneousClose() {
        let (stage, host, guest, client, server) = NetworkStage.connectedPair(latency: .milliseconds(10))
        stage.close(client, of: guest)
        stage.close(server, of: host)
        stage.settle()
        #expect(
            stage.events().sorted() == [
                "120ms 0 acknowledged 2", "120ms 0 closed 2", "120ms 1 acknowledged 1", "120ms 1 closed 1",
            ])
    }

    @Test("the far end's data comes before its end, and only when all was taken")
    func finishAfterData() {
        let (stage, host, guest, client, server) = NetworkStage.connectedPair()
        stage.appetite[host] = 0
        stage.send(Array("abc".utf8), client, of: guest)
        stage.close(client, of: guest)
        #expect(stage.events() == ["100ms 1 acknowledged 1", "100ms 1 acknowledged 1"])
        stage.appetite[host] = 2
        stage.offerAgain()
        #expect(stage.events() == [])
        stage.offerAgain()
        #expect(stage.events() == ["100ms 0 finished 2"])
        #expect(stage.text(host, server) == "abc")
    }

    @Test("a far end that does not read lets 5840 bytes come, then shuts its window until it reads")
    func window() {
        let (stage, host, guest, client, server) = NetworkStage.connectedPair()
        let data = pattern(3 * 2048)
        stage.appetite[host] = 0
        for start in [0, 2048, 4096] { stage.send(Array(data[start..<start + 2048]), client, of: guest) }
        #expect(stage.events() == ["100ms 1 acknowledged 1", "100ms 1 acknowledged 1"])
        stage.run(for: .seconds(30))
        #expect(stage.events() == [])
        stage.appetite[host] = .max
        stage.offerAgain()
        #expect(stage.received[.init(radio: host, socket: server)] == data)
        #expect(stage.events().count == 1)
    }

    @Test("a megabyte each way arrives as it was sent, though the receivers take little at a time")
    func megabyte() {
        let (stage, host, guest, client, server) = NetworkStage.connectedPair(latency: .milliseconds(1))
        let (up, down) = (pattern(1 << 20, seed: 1), pattern(1 << 20, seed: 2))
        stage.appetite = [host: 700, guest: 1900]
        var start = 0
        while start < up.count {
            let end = min(start + 2048, up.count)
            stage.send(Array(up[start..<end]), client, of: guest)
            stage.send(Array(down[start..<end]), server, of: host)
            var waiting: Set = ["1 acknowledged 1", "0 acknowledged 2"]
            for _ in 0..<1000 where !waiting.isEmpty {
                stage.run(for: .milliseconds(1))
                stage.offerAgain()
                for event in stage.events() {
                    waiting.remove(event.split(separator: " ", maxSplits: 1).last.map(String.init) ?? "")
                }
            }
            #expect(waiting.isEmpty)
            start = end
        }
        for _ in 0..<100 { stage.offerAgain() }
        #expect(stage.received[.init(radio: host, socket: server)] == up)
        #expect(stage.received[.init(radio: guest, socket: client)] == down)
        #expect(stage.mostUnderWay < 64)
    }

    @Test("a module without power in mid-transfer is silence, and RST once it has its address again")
    func powerOff() {
        let (stage, host, guest, client, server) = NetworkStage.connectedPair()
        stage.send(pattern(2048), client, of: guest)
        stage.powerOff(guest)
        _ = stage.events()
        stage.send(pattern(2048), server, of: host)
        stage.run(for: .seconds(2))
        #expect(stage.events() == [])
        stage.join(guest, "soft")
        #expect(stage.address(of: guest) == guestAddress)
        stage.run(for: .milliseconds(899))
        #expect(stage.events() == [])
        // The third of the segments' retransmissions, at 3 s, finds nobody who knows the connection.
        stage.run(for: .milliseconds(201))
        #expect(stage.events() == ["3100ms 0 reset 2"])
    }

    @Test("a module that comes back and dials from the same port ends the old connection and is let in")
    func halfOpen() {
        let (stage, _, guest, _, _) = NetworkStage.connectedPair()
        stage.powerOff(guest)
        stage.join(guest, "soft")
        _ = stage.connect(guest, to: hostAddress, 80, from: 10_001)
        #expect(stage.events() == ["100ms 0 reset 2"])
        stage.run(for: .seconds(1))
        #expect(stage.events() == ["1100ms 1 connected 3", "1100ms 0 client 4 from 192.168.4.2:10001 on 80"])
    }

    @Test("a module reaches a server of its own")
    func ownAddress() {
        let (stage, host, _) = NetworkStage.pair()
        stage.listen(host, 80)
        let client = stage.connect(host, to: hostAddress, 80, from: 1025)
        #expect(stage.events() == ["0s 0 connected 1", "0s 0 client 2 from 192.168.4.1:1025 on 80"])
        stage.send(Array("self".utf8), client, of: host)
        #expect(stage.text(host, Socket(number: 2)) == "self")
        stage.close(client, of: host)
        stage.close(Socket(number: 2), of: host)
        #expect(stage.events().suffix(3) == ["0s 0 closed 1", "0s 0 acknowledged 2", "0s 0 closed 2"])
    }
}
