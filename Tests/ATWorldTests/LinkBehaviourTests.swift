import ATAir
import ATPrimitives
import Testing

@testable import ATWorld

@Suite("Ways that are not perfect")
struct LinkBehaviourTests {
    /// Two stations of one access point, with an open connection from the first to the second.
    private func pair(seed: UInt64 = 1, _ link: LinkSettings) throws -> (NetworkStage, Air.Radio, Air.Radio, Socket) {
        let stage = NetworkStage(seed: seed)
        let (sender, receiver) = (stage.attach(), stage.attach())
        try stage.addAccessPoint("home") { $0.link = link }
        for radio in [sender, receiver] { stage.join(radio, "home") }
        stage.listen(receiver, 80)
        let socket = stage.connect(sender, to: stage.address(of: receiver), 80)
        stage.run(for: .seconds(20))
        return (stage, sender, receiver, socket)
    }

    /// Sends `data` as an engine does, 2048 bytes at a time with an ACK between; gives how long it took.
    private func transfer(_ data: [UInt8], _ stage: NetworkStage, _ sender: Air.Radio, _ socket: Socket) -> Interval {
        let start = stage.now
        var sent = 0
        while sent < data.count {
            let end = min(sent + 2048, data.count)
            stage.send(Array(data[sent..<end]), socket, of: sender)
            sent = end
            while !stage.events().contains(where: { $0.hasSuffix("acknowledged \(socket.number)") }) {
                guard let deadline = stage.network.nextDeadline else { break }
                stage.run(for: deadline - stage.now)
            }
        }
        return stage.now - start
    }

    @Test(
        "with a tenth of the packets lost, jitter and little bandwidth, 200 KB arrive as they were sent",
        arguments: [1, 2])
    func loss(seed: UInt64) throws {
        let link = LinkSettings(
            latency: .milliseconds(3), jitter: .milliseconds(4), bandwidth: 1_000_000, lossPerMillion: 100_000)
        let (stage, sender, receiver, socket) = try pair(seed: seed, link)
        let data = pattern(200_000)
        let time = transfer(data, stage, sender, socket)
        let server = try #require(stage.received.keys.first { $0.radio == receiver })
        #expect(stage.received[server] == data)
        // Each way loses a tenth, so a flight of two segments and its ACK often waits a second or more.
        #expect(time > .seconds(20) && time < .seconds(300), "\(time)")
    }

    @Test("bandwidth and latency decide how long a transfer takes")
    func bandwidth() throws {
        let link = LinkSettings(latency: .milliseconds(5), bandwidth: 1_000_000)
        let (stage, sender, receiver, socket) = try pair(link)
        let data = pattern(204_800)
        let time = transfer(data, stage, sender, socket)
        let server = try #require(stage.received.keys.first { $0.radio == receiver })
        #expect(stage.received[server] == data)
        // 100 rounds: 1500 + 628 bytes one behind the other over the sender's way, 1500 over the receiver's meanwhile,
        // then the last ACK of 40 bytes over both, with four latencies. The first segment is on the receiver's way
        // meanwhile, and its 12 ms end after the second has come.
        let bits = Int64(1500 + 1500 + 628 + 40 + 40) * 8
        let round = Interval.microseconds(bits) + .milliseconds(20)
        #expect(time >= round * 99 && time <= round * 101, "\(time) instead of \(round * 100)")
    }

    @Test(
        "what is lost in the handshake or at the end is sent again: every connection opens and ends", arguments: 1...20)
    func lossyLife(seed: UInt64) throws {
        let link = LinkSettings(latency: .milliseconds(2), lossPerMillion: 100_000)
        let (stage, sender, receiver, socket) = try pair(seed: seed, link)
        let opened = stage.events()
        guard opened.contains(where: { $0.hasSuffix("0 connected 1") }) else {
            // Four SYNs or their answers were lost.
            return #expect(opened == [])
        }
        stage.send(pattern(100), socket, of: sender)
        stage.close(socket, of: sender)
        stage.run(for: .seconds(15))
        let server = try #require(stage.received.keys.first { $0.radio == receiver })
        stage.close(server.socket, of: receiver)
        stage.settle()
        #expect(stage.events().count { $0.hasSuffix("0 closed 1") } == 1)
        #expect(stage.network.nodes.allSatisfy { $0.connections.isEmpty })
        #expect(stage.received[server] == pattern(100))
    }

    @Test("of datagrams and echoes over a way that loses a fifth, about that many are lost")
    func lostDatagrams() throws {
        let stage = NetworkStage()
        let (sender, receiver) = (stage.attach(), stage.attach())
        try stage.addAccessPoint("home") { $0.link = LinkSettings(lossPerMillion: 200_000) }
        for radio in [sender, receiver] { stage.join(radio, "home") }
        let (client, server) = (stage.open(sender, port: 1), stage.open(receiver, port: 2))
        let target = Endpoint(address: stage.address(of: receiver), port: 2)
        for _ in 0..<1000 { stage.send([1], client, of: sender, to: target) }
        // Two ways: 64 of 100 arrive.
        let arrived = stage.received[.init(radio: receiver, socket: server)]?.count ?? 0
        #expect((580...700).contains(arrived), "\(arrived)")
        for number in UInt32(0)..<1000 { stage.ping(number, sender, target.address) }
        let pongs = stage.events().count
        #expect((350...470).contains(pongs), "\(pongs)")
    }

    @Test("more packets than may be under way are lost")
    func packetLimit() throws {
        let stage = NetworkStage()
        let (sender, receiver) = (stage.attach(), stage.attach())
        try stage.addAccessPoint("home") { $0.link = LinkSettings(latency: .seconds(60)) }
        for radio in [sender, receiver] { stage.join(radio, "home") }
        let client = stage.open(sender, port: 1)
        let target = Endpoint(address: stage.address(of: receiver), port: 2)
        for _ in 0..<VirtualNetwork.maximumPackets + 100 { stage.send([1], client, of: sender, to: target) }
        #expect(stage.network.agenda.count == VirtualNetwork.maximumPackets)
        stage.settle()
        #expect(stage.network.agenda.count == 0)
    }
}
