import ATPrimitives
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import ATNetwork

@Suite("TCP connections", .timeLimit(.minutes(2)))
struct TCPConnectionTests {
    private static func noise(_ count: Int) -> [UInt8] {
        var random = RandomNumbers(seed: 7)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    @Test("a megabyte goes both ways through a module that takes odd amounts")
    func echo() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { module in
                module.echoes = true
                var turn = 0
                module.take = { offered in
                    turn += 1
                    // Now and then nothing: the rest comes after `resume`.
                    guard turn % 3 != 0 else {
                        module.network.resume(Socket(number: 1))
                        return 0
                    }
                    return min(offered, [1460, 1, 777, 1459][turn % 4])
                }
            }
            let sent = Self.noise(1 << 20)
            async let written: Void = Task.detached { try peer.write(sent) }.value
            let back = try await Task.detached { try peer.read(exactly: sent.count) }.value
            try await written
            #expect(back == sent)
            #expect(try await bench.on { $0.received[1]?.count } == sent.count)
        }
    }

    @Test("a closed port is a reset")
    func refused() async throws {
        try await Bench.with { bench in
            let silent = try PeerSocket.silent()
            try await bench.on { [port = silent.port] in $0.connect(1, to: port) }
            try await bench.until(.reset(1))
            #expect(try await bench.told() == [.reset(1)])
        }
    }

    @Test("an RST of the far end is told at once, and what was not taken is dropped")
    func resetByPeer() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.take = { _ in 0 } }
            try peer.write([1, 2, 3])
            try await bench.until("offered") { $0.offers > 0 }
            peer.reset()
            try await bench.until(.reset(1))
            #expect(try await bench.told() == [.connected(1), .reset(1)])
            #expect(try await bench.on { $0.received[1] } == nil)
        }
    }

    @Test("the far end's FIN is told after its last byte was taken, and what the module sends then still arrives")
    func finishAfterData() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.take = { _ in 0 } }
            let data = Self.noise(60_000)
            try peer.write(data)
            peer.finish()
            try await bench.until("offered") { $0.offers > 0 }
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1)])
            try await bench.on { module in
                module.take = { min($0, 1460) }
                module.network.resume(Socket(number: 1))
            }
            try await bench.until(.finished(1))
            #expect(try await bench.on { $0.received[1] } == data)
            try await bench.on { $0.send(1, [9, 8, 7]) }
            #expect(try peer.read(exactly: 3) == [9, 8, 7])
            try await bench.until(.acknowledged(1))
            try await bench.on { $0.call { $0.close(Socket(number: 1)) } }
            try await bench.until(.closed(1))
            #expect(try peer.read().isEmpty)
            #expect(try await bench.on { $0.count(.finished(1)) } == 1)
        }
    }

    @Test("nothing is offered again before the module asks for it")
    func backPressure() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.take = { _ in 0 } }
            try peer.write([1])
            try await bench.until("offered") { $0.offers == 1 }
            try peer.write([2])
            try await bench.settle()
            #expect(try await bench.on { $0.offers } == 1)
            try await bench.on { module in
                module.take = { $0 }
                module.network.resume(Socket(number: 1))
            }
            try await bench.until("taken") { $0.received[1] == [1, 2] }
        }
    }

    @Test("closing tells that the FIN is acknowledged, and the end when the far end has closed too")
    func close() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.call { $0.close(Socket(number: 1)) } }
            try await bench.until(.acknowledged(1))
            #expect(try peer.read().isEmpty)
            // It still talks: that is read and dropped, and no RST comes back.
            try peer.write(Self.noise(100_000))
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1), .acknowledged(1)])
            peer.finish()
            try await bench.until(.closed(1))
            #expect(try await bench.told() == [.connected(1), .acknowledged(1), .closed(1)])
            #expect(try await bench.on { $0.received[1] } == nil)
        }
    }

    @Test("what was sent before closing arrives before the FIN")
    func closeAfterSend() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            let data = Self.noise(4 << 20)
            try await bench.on { module in
                module.send(1, data)
                module.call { $0.close(Socket(number: 1)) }
            }
            let read = try await Task.detached { try peer.read(exactly: data.count + 1) }.value
            #expect(read == data)
            peer.finish()
            try await bench.until(.closed(1))
        }
    }

    @Test("a far end that never closes leaves the module waiting, until it releases the socket")
    func neverClosed() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.call { $0.close(Socket(number: 1)) } }
            try await bench.until(.acknowledged(1))
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1), .acknowledged(1)])
            try await bench.on { $0.call { $0.release(Socket(number: 1)) } }
            peer.finish()
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1), .acknowledged(1)])
        }
    }

    @Test("an RST while the module closes is the end")
    func resetWhileClosing() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.call { $0.close(Socket(number: 1)) } }
            try await bench.until(.acknowledged(1))
            peer.reset()
            try await bench.until(.closed(1))
            #expect(try await bench.on { $0.count(.reset(1)) } == 0)
        }
    }

    @Test("acknowledged means that the far end's kernel has the bytes")
    func acknowledged() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            let atAcknowledgement = Box()
            try await bench.on { module in
                module.onAcknowledged = { atAcknowledgement.value.withLock { $0 = peer.available } }
                module.send(1, [UInt8](repeating: 5, count: 2048))
            }
            try await bench.until(.acknowledged(1))
            #expect(atAcknowledgement.value.withLock { $0 } == 2048)
        }
    }

    @Test("nothing is acknowledged while the far end has no room")
    func notAcknowledged() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            let data = Self.noise(8 << 20)
            try await bench.on { $0.send(1, data) }
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1)])
            let read = try await Task.detached { try peer.read(exactly: data.count) }.value
            #expect(read == data)
            try await bench.until(.acknowledged(1))
        }
    }

    @Test("each send is acknowledged")
    func acknowledgedEachTime() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            for round in 1...20 {
                try await bench.on { $0.send(1, [UInt8](repeating: 1, count: 1_000)) }
                try await bench.until("round \(round)") { $0.count(.acknowledged(1)) == round }
            }
            #expect(try peer.read(exactly: 20_000).count == 20_000)
        }
    }

    @Test("aborting sends RST, and nothing is told")
    func abort() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.call { $0.abort(Socket(number: 1)) } }
            #expect(throws: PeerError(errorNumber: ECONNRESET)) { try peer.read() }
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1)])
        }
    }

    @Test("an attempt can be aborted in the tick in which it began")
    func abortAtOnce() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.on { [port = listener.port] module in
                module.connect(1, to: port)
                module.call { $0.abort(Socket(number: 1)) }
                module.connect(2, to: port)
            }
            try await bench.until(.connected(2))
            try await bench.settle()
            #expect(try await bench.told() == [.connected(2)])
        }
    }

    @Test("releasing with data unread sends FIN and not RST")
    func release() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.on { $0.take = { _ in 0 } }
            try peer.write(Self.noise(50_000))
            try await bench.until("offered") { $0.offers > 0 }
            try await bench.on { $0.call { $0.releaseAll() } }
            #expect(try peer.read().isEmpty)
            peer.finish()
            try await bench.settle()
            #expect(try await bench.told() == [.connected(1)])
        }
    }

    @Test("of too many connections that shut down in the background the oldest is cut off")
    func lingering() async throws {
        try await Bench.with { bench in
            // On a machine that is busy all this may take longer than a connection may shut down.
            try await bench.on { $0.network.lingerTime = .hours(1) }
            let listener = try PeerSocket.listening()
            var peers: [PeerSocket] = []
            for socket in 1...UInt32(NetworkLimits.lingering + 1) {
                try await bench.connect(socket, to: listener.port)
                peers.append(try listener.accept())
                try await bench.on { $0.call { $0.release(Socket(number: socket)) } }
            }
            let oldest = peers[0]
            #expect(throws: PeerError.self) {
                for _ in 1...1_000 {
                    try oldest.write([1])
                    usleep(1_000)
                }
            }
            for _ in 1...3 { try peers[1].write([1]) }
        }
    }

    @Test("a closed network goes away, whatever it was used for")
    func goesAway() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let listener = try PeerSocket.listening()
        let target = listener.endpoint
        let box = try await loop.submit {
            let network = HostNetwork(loop: loop, policy: NetworkPolicy(), forwards: [])
            network.connect(Socket(number: 1), to: target, via: target)
            network.open(Socket(number: 2), to: target, via: target, localPort: 0)
            network.listen(port: 0)
            network.resolve(Lookup(number: 1), name: Array("localhost".utf8))
            network.ping(Ping(number: 1), to: .loopback)
            return NIOLoopBound(WeakNetwork(network), eventLoop: loop)
        }.get()
        let peer = try listener.accept()
        try await loop.flatSubmit { box.value.network?.close() ?? loop.makeSucceededVoidFuture() }.get()
        #expect(try peer.read().isEmpty)
        let deadline = ContinuousClock.now + .seconds(10)
        while try await loop.submit({ box.value.network != nil }).get(), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(try await loop.submit { box.value.network == nil }.get())
    }

    @Test("a target that the policy forbids is unreachable, and nothing is sent")
    func forbidden() async throws {
        let policy = NetworkPolicy(deny: [Subnet(containing: .loopback, prefixLength: 8)])
        try await Bench.with(policy: policy) { bench in
            let listener = try PeerSocket.listening()
            try await bench.on { [port = listener.port] module in
                // What the module sees does not matter, but where it leads does.
                let gateway = Endpoint(address: IPv4Address(10, 77, 1, 1), port: port)
                module.call {
                    $0.connect(Socket(number: 1), to: gateway, via: Endpoint(address: .loopback, port: port))
                }
            }
            try await bench.until(.unreachable(1))
            #expect(try await bench.told() == [.unreachable(1)])
        }
    }

    @Test("sockets beyond the limit are unreachable")
    func tooMany() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            let limit = UInt32(NetworkLimits.sockets)
            try await bench.on { [port = listener.port] module in
                for socket in 1...limit + 1 { module.connect(socket, to: port) }
            }
            try await bench.until(.unreachable(limit + 1))
            try await bench.until(.connected(limit))
            _ = listener
        }
    }

    @Test("far ends that reset at random points are told once, and never disturb what follows", arguments: 1...8)
    func randomResets(seed: Int) async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            var random = RandomNumbers(seed: UInt64(seed))
            for socket in UInt32(1)...40 {
                try await bench.on { [port = listener.port] in $0.connect(socket, to: port) }
                let peer = try listener.accept()
                if random.next(3) == 0 { try await bench.on { $0.take = { _ in 0 } } }
                var isFinished = false
                for _ in 0..<random.next(6) {
                    switch random.next(5) {
                    case 0 where !isFinished:
                        // A module that closes an attempt before it knows that it has succeeded resets it.
                        do { try peer.write(Self.noise(1 + random.next(9_000))) } catch is PeerError {}
                    case 1:
                        peer.finish()
                        isFinished = true
                    case 2: try await bench.on { $0.send(socket, [UInt8](repeating: 1, count: 2_000)) }
                    case 3: try await bench.on { $0.call { $0.close(Socket(number: socket)) } }
                    default: try await bench.on { $0.network.resume(Socket(number: socket)) }
                    }
                }
                let isAborted = random.next(4) == 0
                if isAborted { try await bench.on { $0.call { $0.abort(Socket(number: socket)) } } }
                peer.reset()
                try await bench.until("one end of \(socket)") { module in
                    isAborted || module.count(.reset(socket)) + module.count(.closed(socket)) == 1
                }
                try await bench.on { $0.take = { $0 } }
            }
            try await bench.connect(99, to: listener.port)
            let peer = try listener.accept()
            try peer.write([42])
            try await bench.until("the last still works") { $0.received[99] == [42] }
            for socket in UInt32(1)...40 {
                #expect(try await bench.on { $0.count(.reset(socket)) + $0.count(.closed(socket)) } <= 1)
            }
        }
    }
}
