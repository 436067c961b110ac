import ATPrimitives
import Glibc
import Testing

@testable import ATNetwork

@Suite("Servers of the module", .timeLimit(.minutes(2)))
struct ServerTests {
    /// Where the module's server can be reached.
    private func listen(_ port: UInt16, on bench: Bench) async throws -> UInt16 {
        let before = try await bench.told().count
        try await bench.on { $0.call { $0.listen(port: port) } }
        try await bench.until("serving \(port)") { module in
            module.told.dropFirst(before).contains { if case .serving(port, _) = $0 { true } else { false } }
        }
        for case .serving(port, let host) in try await bench.told().dropFirst(before) { return host.port }
        return 0
    }

    @Test("a server listens at its own port if that is free, and moves data both ways")
    func ownPort() async throws {
        try await Bench.with { bench in
            let port = try FreePort.any()
            #expect(try await listen(port, on: bench) == port)
            try await bench.on { $0.echoes = true }
            let client = try PeerSocket.connected(to: port)
            try client.write([1, 2, 3])
            #expect(try client.read(exactly: 3) == [1, 2, 3])
            #expect(try await bench.on { $0.senders[1001] } == [client.endpoint])
        }
    }

    @Test("a server whose port is taken listens at a free one")
    func takenPort() async throws {
        try await Bench.with { bench in
            let other = try PeerSocket.listening()
            let port = try await listen(other.port, on: bench)
            #expect(port != other.port)
            _ = try PeerSocket.connected(to: port)
            try await bench.until(.client(1001))
        }
    }

    @Test("a forward refuses until the module listens, then reaches it, and keeps its port")
    func forward() async throws {
        let other = try PeerSocket.silent()
        let hostPort = try FreePort.any()
        let forward = Forward(hostPort: hostPort, modulePort: 80)
        try await Bench.with(forwards: [forward]) { bench in
            #expect(throws: PeerError(errorNumber: ECONNREFUSED)) { try PeerSocket.connected(to: hostPort) }
            for _ in 1...3 {
                #expect(try await listen(80, on: bench) == hostPort)
                let client = try PeerSocket.connected(to: hostPort)
                try client.write([1])
                try await bench.on { $0.call { $0.unlisten(port: 80) } }
                try await bench.until("stopped") { $0.told.last == .stoppedServing(80) }
                #expect(throws: PeerError(errorNumber: ECONNREFUSED)) { try PeerSocket.connected(to: hostPort) }
            }
            _ = other
        }
    }

    @Test("a forward to host port 0 picks a port that stays")
    func pickedForward() async throws {
        try await Bench.with(forwards: [Forward(hostPort: 0, modulePort: 80)]) { bench in
            let first = try await listen(80, on: bench)
            #expect(first != 0)
            try await bench.on { $0.call { $0.unlisten(port: 80) } }
            try await bench.until(.stoppedServing(80))
            #expect(try await listen(80, on: bench) == first)
        }
    }

    @Test("a forward whose port is in use fails at the start, and says which")
    func forwardInUse() async throws {
        let listener = try PeerSocket.listening()
        let forward = Forward(hostPort: listener.port, modulePort: 80)
        let error = await #expect(throws: NetworkError.self) {
            try await Bench.with(forwards: [forward]) { _ in }
        }
        #expect(error?.kind == .bind)
        #expect(error?.endpoint == listener.endpoint)
        #expect(error?.errorNumber == EADDRINUSE)
    }

    @Test("an address that is not this computer's fails at the start")
    func foreignAddress() async throws {
        // An address for documentation, which no interface has (RFC 5737).
        let address = IPv4Address(192, 0, 2, 1)
        let error = await #expect(throws: NetworkError.self) {
            try await Bench.with(policy: NetworkPolicy(bind: address)) { _ in }
        }
        #expect(error?.kind == .bind)
        #expect(error?.endpoint.address == address)
        #expect(error?.errorNumber == EADDRNOTAVAIL)
    }

    @Test("two networks cannot have one forward, even before a server listens, and a closed one gives it back")
    func forwardTwice() async throws {
        let forward = Forward(hostPort: try FreePort.any(), modulePort: 80)
        try await Bench.with(forwards: [forward]) { bench in
            await #expect(throws: NetworkError.self) { try await Bench.with(forwards: [forward]) { _ in } }
            _ = try await listen(80, on: bench)
            await #expect(throws: NetworkError.self) { try await Bench.with(forwards: [forward]) { _ in } }
        }
        // With a connection left over from the first.
        for _ in 1...2 {
            try await Bench.with(forwards: [forward]) { bench in
                let client = try PeerSocket.connected(to: try await listen(80, on: bench))
                try await bench.until(.client(1001))
                try await bench.on { $0.call { $0.close(Socket(number: 1001)) } }
                try await bench.until(.acknowledged(1001))
                client.finish()
                try await bench.until(.closed(1001))
            }
        }
    }

    @Test("listening can be ended and begun in one tick")
    func oneTick() async throws {
        try await Bench.with { bench in
            let port = try FreePort.any()
            try await bench.on { module in
                module.call {
                    $0.listen(port: port)
                    $0.unlisten(port: port)
                    $0.listen(port: port)
                }
            }
            try await bench.until(.serving(port, Endpoint(address: .loopback, port: port)))
            _ = try PeerSocket.connected(to: port)
            try await bench.until(.client(1001))
            try await bench.on { module in
                module.call {
                    $0.unlisten(port: port)
                    $0.listen(port: port)
                }
            }
            try await bench.until("serving again") { module in
                module.count(.serving(port, Endpoint(address: .loopback, port: port))) == 2
            }
        }
    }

    @Test("clients stay when the module no longer listens")
    func clientsStay() async throws {
        try await Bench.with { bench in
            let port = try await listen(try FreePort.any(), on: bench)
            let client = try PeerSocket.connected(to: port)
            try await bench.until(.client(1001))
            try await bench.on { $0.call { $0.unlisten(port: port) } }
            try await bench.until(.stoppedServing(port))
            try await bench.on { $0.send(1001, [7]) }
            #expect(try client.read(exactly: 1) == [7])
            client.finish()
            try await bench.until(.finished(1001))
        }
    }

    @Test("a client that the module does not take gets FIN, and the next one is asked for")
    func turnedAway() async throws {
        try await Bench.with { bench in
            let port = try await listen(try FreePort.any(), on: bench)
            try await bench.on { $0.takesClients = false }
            let client = try PeerSocket.connected(to: port)
            try client.write([1, 2, 3])
            #expect(try client.read().isEmpty)
            try await bench.on { $0.takesClients = true }
            let next = try PeerSocket.connected(to: port)
            try await bench.until(.client(1001))
            #expect(try await bench.on { $0.count(.turnedAway) } == 1)
            _ = next
        }
    }

    @Test("a reset of the module closes its servers and clients")
    func releaseAll() async throws {
        try await Bench.with { bench in
            let port = try await listen(try FreePort.any(), on: bench)
            let client = try PeerSocket.connected(to: port)
            try await bench.until(.client(1001))
            try await bench.on { $0.call { $0.releaseAll() } }
            #expect(try client.read().isEmpty)
            try await bench.until(.stoppedServing(port))
            #expect(throws: PeerError(errorNumber: ECONNREFUSED)) { try PeerSocket.connected(to: port) }
        }
    }
}
