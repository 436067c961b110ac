import ATPrimitives
import CPosix
import Glibc
import Testing

@testable import ATNetwork

/// Of UDP links: where their sockets are, and how they come back. A target elsewhere is played by another address of
/// this machine, without which those tests do not run.
@Suite("Sockets of UDP links", .timeLimit(.minutes(2)))
struct DatagramSocketTests {
    private func elsewhere() throws -> IPv4Address { try #require(OtherAddress.ofThisMachine) }

    /// A link with socket 1.
    private func open(_ bench: Bench, to target: Endpoint, localPort: UInt16) async throws {
        try await bench.on { module in
            module.call { $0.open(Socket(number: 1), to: target, via: target, localPort: localPort) }
        }
    }

    /// Sends a datagram to a far end, and returns where it came from.
    private func greet(_ peer: PeerSocket, from bench: Bench) async throws -> Endpoint {
        try await bench.on { [endpoint = peer.endpoint] in $0.send(1, [1], to: endpoint) }
        let (bytes, sender) = try peer.readDatagram()
        #expect(bytes == [1])
        return sender
    }

    @Test("a target elsewhere is heard, a stranger is not", .enabled(if: OtherAddress.exists))
    func strangers() async throws {
        try await Bench.with { bench in
            let (peer, stranger) = (try PeerSocket.datagram(at: elsewhere()), try PeerSocket.datagram(at: elsewhere()))
            try await open(bench, to: peer.endpoint, localPort: 1_000)
            let link = try await greet(peer, from: bench)
            try stranger.send([2], to: link)
            try peer.send([3], to: link)
            try await bench.until("received") { $0.received[1] == [3] }
            #expect(try await bench.told().isEmpty)
        }
    }

    @Test(
        "a link to elsewhere can send to loopback, from its own port, and hears both", .enabled(if: OtherAddress.exists)
    )
    func bothPlaces() async throws {
        try await Bench.with { bench in
            let (far, near) = (try PeerSocket.datagram(at: elsewhere()), try PeerSocket.datagram())
            let port = try FreePort.any()
            try await open(bench, to: far.endpoint, localPort: port)
            let farSide = try await greet(far, from: bench)
            let nearSide = try await greet(near, from: bench)
            #expect(nearSide == Endpoint(address: .loopback, port: port))
            try far.send([4], to: farSide)
            try await bench.until("far") { [sender = far.endpoint] in $0.senders[1] == [sender] }
            try near.send([5], to: nearSide)
            try await bench.until("near") { $0.received[1] == [4, 5] }
        }
    }

    @Test(
        "a link to loopback can send elsewhere, and an unread datagram of one does not hold back the other's order",
        .enabled(if: OtherAddress.exists))
    func loopbackFirst() async throws {
        try await Bench.with { bench in
            let (far, near) = (try PeerSocket.datagram(at: elsewhere()), try PeerSocket.datagram())
            let port = try FreePort.any()
            try await open(bench, to: near.endpoint, localPort: port)
            let (nearSide, farSide) = (try await greet(near, from: bench), try await greet(far, from: bench))
            try await bench.on { $0.take = { _ in 0 } }
            for byte in UInt8(1)...3 {
                try near.send([byte], to: nearSide)
                try far.send([byte + 10], to: farSide)
            }
            try await bench.until("offered") { $0.offers == 2 }
            try await bench.on { module in
                module.take = { $0 }
                module.network.resume(Socket(number: 1))
            }
            try await bench.until("all") { $0.received[1]?.count == 6 }
            let received = try await bench.on { $0.received[1] ?? [] }
            #expect(received.filter { $0 < 10 } == [1, 2, 3] && received.filter { $0 > 10 } == [11, 12, 13])
        }
    }

    @Test(
        "one target too many takes the place of the one that was sent to least lately",
        .enabled(if: OtherAddress.exists))
    func tooManyTargets() async throws {
        try await Bench.with { bench in
            let peers = try (0...NetworkLimits.datagramTargets).map { _ in try PeerSocket.datagram(at: elsewhere()) }
            try await open(bench, to: peers[0].endpoint, localPort: 1_000)
            var sides: [Endpoint] = []
            for peer in peers.dropLast() { sides.append(try await greet(peer, from: bench)) }
            // Now the second is the oldest.
            #expect(try await greet(peers[0], from: bench) == sides[0])
            sides.append(try await greet(peers[NetworkLimits.datagramTargets], from: bench))
            for (number, peer) in peers.enumerated() where number != 1 {
                try peer.send([UInt8(number)], to: sides[number])
                try await bench.until("heard \(number)") { $0.received[1]?.last == UInt8(number) }
            }
            try peers[1].send([9], to: sides[1])
            try await bench.settle()
            #expect(try await bench.on { $0.received[1]?.contains(9) } == false)
        }
    }

    @Test("where the policy binds to all addresses one socket serves every target", .enabled(if: OtherAddress.exists))
    func boundToAll() async throws {
        try await Bench.with(policy: NetworkPolicy(bind: .any)) { bench in
            let (far, near) = (try PeerSocket.datagram(at: elsewhere()), try PeerSocket.datagram())
            let stranger = try PeerSocket.datagram(at: elsewhere())
            let port = try FreePort.any()
            try await open(bench, to: far.endpoint, localPort: port)
            #expect(try await greet(far, from: bench).port == port)
            #expect(try await greet(near, from: bench).port == port)
            try stranger.send([7], to: Endpoint(address: elsewhere(), port: port))
            try await bench.until("stranger") { $0.received[1] == [7] }
            #expect(try await bench.told().isEmpty)
        }
    }

    @Test("a datagram after one that was refused is sent", .enabled(if: OtherAddress.exists))
    func afterRefusal() async throws {
        try await Bench.with { bench in
            let target = try PeerSocket.datagram(at: elsewhere()).endpoint
            try await open(bench, to: target, localPort: 1_000)
            let peer = try await bench.on { module in
                // Nobody is there.
                module.send(1, [1], to: target)
                let peer = try PeerSocket.datagram(at: target.address, port: target.port)
                module.send(1, [2], to: target)
                return peer
            }
            #expect(try peer.read() == [2])
        }
    }

    @Test(
        "an ICMP error that is final does not touch a link",
        .enabled(if: OtherAddress.exists && WorkingEchoMethods.all.contains(.rawSocket)), arguments: UInt8(0)...15)
    func finalError(code: UInt8) async throws {
        try await Bench.with { bench in
            let peer = try PeerSocket.datagram(at: elsewhere())
            try await open(bench, to: peer.endpoint, localPort: 1_000)
            let link = try await greet(peer, from: bench)
            try Unreachable.tell(link, about: peer.endpoint, code: code)
            try await bench.settle()
            #expect(try await greet(peer, from: bench) == link)
            try peer.send([6], to: link)
            try await bench.until("received") { $0.received[1] == [6] }
            #expect(try await bench.told().isEmpty)
        }
    }

    @Test("a socket that was closed comes back on its port")
    func comesBack() async throws {
        try await Bench.with { bench in
            let (peer, port) = (try PeerSocket.datagram(), try FreePort.any())
            try await open(bench, to: peer.endpoint, localPort: port)
            for _ in 1...3 {
                try await bench.until("open") { $0.datagramSockets.first?.channel != nil }
                try await bench.on { $0.datagramSockets.first?.channel?.close(promise: nil) }
                try await bench.settle()
                try await bench.until("open again") { $0.datagramSockets.first?.channel != nil }
                #expect(try await greet(peer, from: bench).port == port)
            }
            #expect(try await bench.told().isEmpty)
        }
    }

    @Test("a socket that cannot be had is tried again until it can, on another port if its own is taken")
    func outOfDescriptors() async {
        await #expect(processExitsWith: .success) {
            try await Bench.with { bench in
                let (peer, thief) = (try PeerSocket.datagram(), try PeerSocket.unbound())
                let ports = try (1...3).map { _ in try FreePort.any() }
                try await bench.on { [endpoint = peer.endpoint] module in
                    for (number, port) in ports.enumerated() {
                        let socket = Socket(number: UInt32(number + 1))
                        module.call { $0.open(socket, to: endpoint, via: endpoint, localPort: port) }
                    }
                }
                try await bench.settle()
                let before = OpenDescriptors.count
                let full = try DescriptorLimit.take(0)
                try await bench.on { module in
                    for socket in module.datagramSockets { socket.channel?.close(promise: nil) }
                }
                try await bench.until("all have tried twice") { module in
                    module.datagramSockets.count { $0.isWaiting && $0.pause > .milliseconds(300) } == 3
                }
                // The second loses its port, and the third is closed while it waits.
                try thief.bind(to: ports[1])
                try await bench.on { [endpoint = peer.endpoint] module in
                    module.send(1, [1], to: endpoint)
                    module.call { $0.close(Socket(number: 3)) }
                }
                _ = try DescriptorLimit.take(full)
                try await bench.until("open again") { $0.datagramSockets.count { $0.channel != nil } == 2 }
                guard case .datagramPort(ports[1], let other)? = try await bench.told().first else {
                    throw TimedOut(description: "datagramPort")
                }
                for (number, port) in [ports[0], other.port].enumerated() {
                    try peer.send([UInt8(number)], to: port)
                    try await bench.until("heard") { $0.received[UInt32(number + 1)] == [UInt8(number)] }
                }
                try await bench.settle()
                try #require(OpenDescriptors.count == before - 1)
                try #require(try await bench.told().count == 1)
            }
        }
    }
}

extension ModuleDouble {
    /// All that carry its links.
    fileprivate var datagramSockets: [DatagramSocket] {
        network.carriers.values.flatMap { carrier -> [DatagramSocket] in
            guard case .udp(let link) = carrier else { return [] }
            return link.sockets
        }
    }
}

extension DatagramSocket {
    fileprivate var isWaiting: Bool { if case .waiting = phase { true } else { false } }
}
