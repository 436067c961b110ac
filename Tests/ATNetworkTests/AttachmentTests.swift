import ATPrimitives
import Testing

@testable import ATNetwork

@Suite("A radio that goes away", .timeLimit(.minutes(2)))
struct AttachmentTests {
    @Test("without the radio nothing moves, with it everything goes on and nothing is lost")
    func holds() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { module in
                module.call { $0.setAttached(false) }
                module.send(1, [1, 2, 3])
                module.send(1, [4])
            }
            try peer.write([7, 8])
            peer.finish()
            try await bench.settle()
            #expect(peer.available == 0)
            #expect(try await bench.told() == [.connected(1)])
            #expect(try await bench.on { $0.offers } == 0)
            try await bench.on { $0.call { $0.setAttached(true) } }
            #expect(try peer.read(exactly: 4) == [1, 2, 3, 4])
            try await bench.until(.finished(1))
            try await bench.until(.acknowledged(1))
            #expect(try await bench.on { $0.received[1] } == [7, 8])
        }
    }

    @Test("connecting waits for the radio")
    func connect() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.on { [port = listener.port] module in
                module.call { $0.setAttached(false) }
                module.connect(1, to: port)
                module.connect(2, to: port)
                module.call { $0.abort(Socket(number: 2)) }
            }
            try await bench.settle()
            #expect(try await bench.told().isEmpty)
            try await bench.on { $0.call { $0.setAttached(true) } }
            try await bench.until(.connected(1))
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1)])
        }
    }

    @Test("an RST is told when the radio is back")
    func reset() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.call { $0.setAttached(false) } }
            peer.reset()
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1)])
            try await bench.on { $0.call { $0.setAttached(true) } }
            try await bench.until(.reset(1))
        }
    }

    @Test("the FIN of a close waits for the radio")
    func close() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            peer.finish()
            try await bench.until(.finished(1))
            try await bench.on { module in
                module.call { $0.setAttached(false) }
                module.send(1, [5])
                module.call { $0.close(Socket(number: 1)) }
            }
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1), .finished(1)])
            #expect(peer.available == 0)
            try await bench.on { $0.call { $0.setAttached(true) } }
            #expect(try peer.read(exactly: 2) == [5])
            try await bench.until(.closed(1))
        }
    }

    @Test("more than can be held for a radio that is away ends the connection")
    func tooMuch() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            try await bench.on { module in
                module.call { $0.setAttached(false) }
                module.send(1, [UInt8](repeating: 1, count: NetworkLimits.heldOutput))
                module.send(1, [1])
                module.call { $0.setAttached(true) }
            }
            try await bench.until(.reset(1))
        }
    }

    @Test("clients wait for the radio, datagrams are lost one way and wait the other, and questions are lost")
    func others() async throws {
        try await Bench.with { bench in
            let (peer, port) = (try PeerSocket.datagram(), try FreePort.any())
            let serverPort = try FreePort.any()
            try await bench.on { [endpoint = peer.endpoint] module in
                module.call {
                    $0.open(Socket(number: 1), to: endpoint, via: endpoint, localPort: port)
                    $0.listen(port: serverPort)
                }
            }
            let serving = Told.serving(serverPort, Endpoint(address: .loopback, port: serverPort))
            try await bench.until(serving)
            try await bench.on { [endpoint = peer.endpoint] module in
                module.call { $0.setAttached(false) }
                module.send(1, [1], to: endpoint)
                module.call {
                    $0.resolve(Lookup(number: 1), name: Array("localhost".utf8))
                    $0.ping(Ping(number: 1), to: .loopback)
                }
            }
            let first = try PeerSocket.connected(to: serverPort)
            let second = try PeerSocket.connected(to: serverPort)
            try peer.send([2], to: port)
            try await bench.settle()
            #expect(try await bench.told() == [serving])
            #expect(try await bench.on { $0.offers } == 0)
            try await bench.on { $0.call { $0.setAttached(true) } }
            try await bench.until(.client(1002))
            try await bench.until("datagram") { $0.received[1] == [2] }
            try await bench.on { [endpoint = peer.endpoint] in $0.send(1, [3], to: endpoint) }
            #expect(try peer.read() == [3])
            #expect(try await bench.told() == [serving, .client(1001), .client(1002)])
            _ = (first, second)
        }
    }
}
