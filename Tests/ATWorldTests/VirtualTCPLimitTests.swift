import ATAir
import ATPrimitives
import Testing

@testable import ATWorld

@Suite("What TCP between modules does not carry")
struct VirtualTCPLimitTests {
    private let hostAddress = IPv4Address(192, 168, 4, 1)

    @Test("a client that the module does not take is shut down")
    func notAdmitted() {
        let (stage, host, guest) = NetworkStage.pair()
        stage.listen(host, 80)
        stage.admits = false
        let client = stage.connect(guest, to: hostAddress, 80, from: 1025)
        #expect(stage.events() == ["0s 1 connected 1", "0s 0 client - from 192.168.4.2:1025 on 80", "0s 1 finished 1"])
        stage.close(client, of: guest)
        #expect(stage.events() == ["0s 1 acknowledged 1", "0s 1 closed 1"])
        #expect(stage.network.nodes.allSatisfy { $0.connections.isEmpty })
    }

    @Test("five connections, and the sixth SYN is not answered; a sixth of its own is unreachable")
    func fiveConnections() {
        let (stage, host, guest) = NetworkStage.pair()
        stage.listen(host, 80)
        let first = stage.connect(guest, to: hostAddress, 80)
        for _ in 0..<4 { _ = stage.connect(guest, to: hostAddress, 80) }
        _ = stage.events()
        _ = stage.connect(guest, to: hostAddress, 80)
        #expect(stage.events() == ["0s 1 unreachable 11"])
        let third = stage.attach()
        stage.join(third, "soft")
        _ = stage.connect(third, to: hostAddress, 80, from: 1025)
        #expect(stage.events() == [])
        stage.abort(first, of: guest)
        _ = stage.events()
        stage.run(for: .seconds(1))
        #expect(stage.events() == ["1s 2 connected 12", "1s 0 client 13 from 192.168.4.3:1025 on 80"])
    }

    @Test("a local port that a connection has is not given again until it is released")
    func localPort() {
        let (stage, host, guest) = NetworkStage.pair()
        stage.listen(host, 80)
        let first = stage.connect(guest, to: hostAddress, 80, from: 2000)
        _ = stage.events()
        _ = stage.connect(guest, to: hostAddress, 81, from: 2000)
        #expect(stage.events() == ["0s 1 unreachable 3"])
        stage.close(first, of: guest)
        _ = stage.events()
        // The old one waits for the server's FIN.
        _ = stage.connect(guest, to: hostAddress, 80, from: 2000)
        #expect(
            stage.events() == [
                "0s 1 closed 1", "0s 0 reset 2", "0s 1 connected 4", "0s 0 client 5 from 192.168.4.2:2000 on 80",
            ])
    }

    @Test("a far end that never closes its side is forgotten after 20 s, one that is gone after three repetitions")
    func closeLimits() {
        let (stage, _, guest, client, _) = NetworkStage.connectedPair()
        stage.close(client, of: guest)
        #expect(stage.events() == ["100ms 0 finished 2", "100ms 1 acknowledged 1"])
        stage.run(for: .milliseconds(19_999))
        #expect(stage.events() == [])
        stage.run(for: .milliseconds(1))
        #expect(stage.events() == ["20100ms 1 closed 1"])
        let (other, otherHost, otherGuest, otherClient, _) = NetworkStage.connectedPair()
        other.powerOff(otherHost)
        other.close(otherClient, of: otherGuest)
        other.settle()
        #expect(other.events() == ["15100ms 1 closed 1"])
    }

    @Test("beyond five that shut down the oldest is cut off")
    func cutOff() {
        let (stage, host, guest) = NetworkStage.pair()
        let third = stage.attach()
        stage.join(third, "soft")
        for server in [host, third] { stage.listen(server, 80) }
        let closing = (UInt16(3000)..<3005).map { stage.connect(guest, to: hostAddress, 80, from: $0) }
        for socket in closing { stage.close(socket, of: guest) }
        let ports = { stage.network.nodes[guest.number].connections.map(\.tcp.local.port) }
        #expect(ports() == [3000, 3001, 3002, 3003, 3004])
        let last = stage.connect(guest, to: stage.address(of: third), 80, from: 4000)
        _ = stage.events()
        stage.close(last, of: guest)
        #expect(ports() == [3001, 3002, 3003, 3004, 4000])
        #expect(stage.events() == ["0s 1 closed 1", "0s 2 finished 12", "0s 0 reset 2", "0s 1 acknowledged 11"])
    }

    @Test("a connection that is told to send more than it can hold is reset")
    func tooMuchToSend() {
        let (stage, host, guest, client, _) = NetworkStage.connectedPair()
        stage.appetite[host] = 0
        for _ in 0..<10 { stage.send(pattern(2048), client, of: guest) }
        #expect(stage.events() == ["100ms 1 acknowledged 1", "100ms 1 acknowledged 1"])
        stage.send(pattern(2048), client, of: guest)
        #expect(stage.events() == ["100ms 1 reset 1", "100ms 0 reset 2"])
    }

    @Test(
        "a client that has gone before it was taken is reset, and an old ACK is not told once more was sent"
    )
    func eventsThatCameTooLate() {
        let (stage, host, guest, client, server) = NetworkStage.connectedPair()
        stage.network.listen(onPort: 81, of: guest, at: stage.now, air: stage.air)
        let target = Endpoint(address: IPv4Address(192, 168, 4, 2), port: 81)
        stage.network.connect(
            Socket(number: 50), of: host, from: 5000, to: target, at: stage.now, air: stage.air)
        stage.network.abort(Socket(number: 50), of: host, at: stage.now, air: stage.air)
        func next() -> NetworkEvent? { stage.network.nextEvent()?.1 }
        guard case .client(let arrival, _, 81) = next() else {
            Issue.record("no client has come")
            return
        }
        stage.network.admit(arrival, as: Socket(number: 51), at: stage.now, air: stage.air)
        #expect(next() == .reset(Socket(number: 51)))
        let nowhere = Endpoint(address: .any, port: 0)
        for _ in 0..<2 {
            stage.network.send([1].span, on: client, of: guest, to: nowhere, at: stage.now, air: stage.air)
        }
        #expect(next() == .payload(server))
        #expect(next() == .acknowledged(client))
        #expect(next() == nil)
    }

    @Test("a client that has closed its side before it was taken ends after its data")
    func closedBeforeAdmitted() {
        let (stage, host, guest) = NetworkStage.pair()
        stage.listen(host, 80)
        let (client, server) = (Socket(number: 50), Socket(number: 51))
        let target = Endpoint(address: hostAddress, port: 80)
        for bytes: [UInt8] in [[], [1, 2]] {
            stage.network.connect(client, of: guest, from: 5000, to: target, at: stage.now, air: stage.air)
            stage.network.send(bytes.span, on: client, of: guest, to: target, at: stage.now, air: stage.air)
            stage.network.release(client, of: guest, at: stage.now, air: stage.air)
            guard case .client(let arrival, _, _) = stage.network.nextEvent()?.1 else {
                Issue.record("no client has come")
                return
            }
            stage.network.admit(arrival, as: server, at: stage.now, air: stage.air)
            let first = stage.network.nextEvent()?.1
            #expect(first == (bytes.isEmpty ? .finished(server) : .payload(server)))
            _ = stage.network.offerPayload(to: host, on: server, at: stage.now, air: stage.air) { bytes, _ in
                bytes.count
            }
            let second = stage.network.nextEvent()?.1
            #expect(second == (bytes.isEmpty ? nil : .finished(server)))
            stage.release(server, of: host)
        }
    }

    @Test("a wait that has grown long does not delay what is sent after it")
    func earlierDeadline() {
        let (stage, host, guest) = NetworkStage.pair(latency: .seconds(4))
        stage.listen(host, 80)
        let client = stage.connect(guest, to: hostAddress, 80)
        stage.run(for: .seconds(20))
        let server = Socket(number: client.number + 1)
        stage.send(Array("first ".utf8), client, of: guest)
        // Sent again after 1, 3 and 7 s, and acknowledged after 8, so that the next look would be after 15.
        stage.run(for: .milliseconds(8_500))
        stage.air.leave(guest, at: stage.now)
        stage.send(Array("second".utf8), client, of: guest)
        stage.run(for: .milliseconds(500))
        stage.join(guest, "soft")
        stage.run(for: .milliseconds(4_500))
        #expect(stage.text(host, server) == "first second")
    }

    @Test("a server that listens no more refuses, and the clients that it has stay")
    func unlisten() {
        let (stage, host, guest, client, server) = NetworkStage.connectedPair()
        stage.unlisten(host, 80)
        _ = stage.connect(guest, to: hostAddress, 80)
        #expect(stage.events() == ["100ms 1 reset 3"])
        stage.send(Array("still".utf8), client, of: guest)
        #expect(stage.text(host, server) == "still")
    }

    @Test("a time that goes back is the latest that was seen")
    func timeGoesBack() {
        let (stage, _, guest) = NetworkStage.pair(latency: .milliseconds(10))
        stage.run(for: .seconds(5))
        stage.network.ping(Ping(number: 1), of: guest, to: hostAddress, at: .zero, air: stage.air)
        #expect(stage.network.nextDeadline == Instant(microseconds: 5_010_000))
        stage.run(for: .seconds(1))
        #expect(stage.events() == ["5020ms 1 pong 1 20"])
    }
}
