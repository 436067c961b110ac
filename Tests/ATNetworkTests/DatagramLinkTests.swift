import ATPrimitives
import Testing

@testable import ATNetwork

@Suite("UDP links", .timeLimit(.minutes(2)))
struct DatagramLinkTests {
    private func open(
        _ bench: Bench, to shown: Endpoint, via actual: Endpoint? = nil, localPort: UInt16
    ) async throws {
        try await bench.on { module in
            module.call { $0.open(Socket(number: 1), to: shown, via: actual ?? shown, localPort: localPort) }
        }
    }

    @Test("datagrams go both ways, whole, and the first can be sent in the tick that opens the link")
    func bothWays() async throws {
        try await Bench.with { bench in
            let (peer, port) = (try PeerSocket.datagram(), try FreePort.any())
            try await bench.on { [endpoint = peer.endpoint] module in
                module.call { $0.open(Socket(number: 1), to: endpoint, via: endpoint, localPort: port) }
                module.send(1, [1, 2], to: endpoint)
                module.send(1, [3], to: endpoint)
            }
            #expect(try peer.read() == [1, 2])
            #expect(try peer.read() == [3])
            try peer.send([4, 5, 6], to: port)
            try await bench.until("received") { $0.received[1] == [4, 5, 6] }
            #expect(try await bench.on { $0.senders[1] } == [peer.endpoint])
        }
    }

    @Test("a link with a target on loopback hears strangers and can answer them")
    func strangers() async throws {
        try await Bench.with { bench in
            let (peer, stranger, port) = (try PeerSocket.datagram(), try PeerSocket.datagram(), try FreePort.any())
            try await open(bench, to: peer.endpoint, localPort: port)
            try stranger.send([1], to: port)
            try await bench.until("received") { $0.senders[1] == [stranger.endpoint] }
            try await bench.on { [endpoint = stranger.endpoint] in $0.send(1, [2], to: endpoint) }
            #expect(try stranger.read() == [2])
        }
    }

    @Test("a link whose local port is taken gets another one, and tells it")
    func portTaken() async throws {
        try await Bench.with { bench in
            let (peer, other) = (try PeerSocket.datagram(), try PeerSocket.datagram())
            try await open(bench, to: peer.endpoint, localPort: other.port)
            try await bench.until("datagramPort") { !$0.told.isEmpty }
            guard case .datagramPort(other.port, let host)? = try await bench.told().first else {
                Issue.record("told \(try await bench.told())")
                return
            }
            #expect(host.port != other.port)
            try peer.send([1], to: host.port)
            try await bench.until("received") { $0.received[1] == [1] }
        }
    }

    @Test("what comes from the dialled gateway shows the gateway, strangers show themselves")
    func gateway() async throws {
        try await Bench.with { bench in
            let (peer, stranger, port) = (try PeerSocket.datagram(), try PeerSocket.datagram(), try FreePort.any())
            let shown = Endpoint(address: IPv4Address(10, 77, 1, 1), port: peer.port)
            try await open(bench, to: shown, via: peer.endpoint, localPort: port)
            try peer.send([1], to: port)
            try await bench.until("first") { $0.senders[1]?.count == 1 }
            try stranger.send([2], to: port)
            try await bench.until("second") { $0.senders[1]?.count == 2 }
            #expect(try await bench.on { $0.senders[1] } == [shown, stranger.endpoint])
        }
    }

    @Test("a datagram is taken whole or stays, and the order stays")
    func backPressure() async throws {
        try await Bench.with { bench in
            let (peer, port) = (try PeerSocket.datagram(), try FreePort.any())
            try await open(bench, to: peer.endpoint, localPort: port)
            try await bench.on { $0.take = { _ in 0 } }
            for byte in UInt8(1)...3 { try peer.send([byte, byte], to: port) }
            try await bench.until("offered") { $0.offers == 1 }
            try await bench.settle()
            #expect(try await bench.on { $0.offers } == 1)
            try await bench.on { module in
                module.take = { $0 }
                module.network.resume(Socket(number: 1))
            }
            try await bench.until("received") { $0.received[1] == [1, 1, 2, 2, 3, 3] }
        }
    }

    @Test("1472 bytes arrive, longer and empty datagrams do not")
    func sizes() async throws {
        try await Bench.with { bench in
            let (peer, port) = (try PeerSocket.datagram(), try FreePort.any())
            try await open(bench, to: peer.endpoint, localPort: port)
            try peer.send([UInt8](repeating: 1, count: 1473), to: port)
            try peer.send([UInt8](repeating: 2, count: 5_000), to: port)
            try peer.send([], to: port)
            try peer.send([UInt8](repeating: 3, count: 1472), to: port)
            try await bench.until("received") { $0.received[1]?.isEmpty == false }
            #expect(try await bench.on { $0.received[1] } == [UInt8](repeating: 3, count: 1472))
        }
    }

    @Test("a far end that is not there disturbs nothing")
    func refused() async throws {
        try await Bench.with { bench in
            let port = try FreePort.any()
            let gone = Endpoint(address: .loopback, port: try FreePort.any())
            let peer = try PeerSocket.datagram()
            try await open(bench, to: gone, localPort: port)
            for _ in 1...3 { try await bench.on { $0.send(1, [1], to: gone) } }
            try await bench.settle()
            try peer.send([9], to: port)
            try await bench.until("received") { $0.received[1] == [9] }
            #expect(try await bench.told().isEmpty)
        }
    }

    @Test("a forbidden target is unreachable, and a forbidden destination silently gets nothing")
    func forbidden() async throws {
        let policy = NetworkPolicy(deny: [Subnet(containing: IPv4Address(127, 0, 0, 2), prefixLength: 32)])
        try await Bench.with(policy: policy) { bench in
            let denied = Endpoint(address: IPv4Address(127, 0, 0, 2), port: 9)
            try await bench.on { module in
                module.call { $0.open(Socket(number: 2), to: denied, via: denied, localPort: 1_000) }
            }
            try await bench.until(.unreachable(2))
            let peer = try PeerSocket.datagram()
            try await open(bench, to: peer.endpoint, localPort: try FreePort.any())
            try await bench.on { [endpoint = peer.endpoint] module in
                module.send(1, [1], to: denied)
                module.send(1, [2], to: endpoint)
            }
            #expect(try peer.read() == [2])
        }
    }

    @Test("a closed link gives its port back and hears nothing")
    func close() async throws {
        try await Bench.with { bench in
            let (peer, port) = (try PeerSocket.datagram(), try FreePort.any())
            try await open(bench, to: peer.endpoint, localPort: port)
            try await bench.on { $0.call { $0.close(Socket(number: 1)) } }
            try await bench.settle()
            try peer.send([1], to: port)
            try await bench.settle()
            #expect(try await bench.on { $0.offers } == 0)
            try await bench.on { [endpoint = peer.endpoint] module in
                module.call { $0.open(Socket(number: 2), to: endpoint, via: endpoint, localPort: port) }
            }
            try await bench.settle()
            #expect(try await bench.told().isEmpty)
        }
    }
}
