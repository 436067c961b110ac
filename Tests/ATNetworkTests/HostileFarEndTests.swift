import ATPrimitives
import CPosix
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import ATNetwork

/// Where descriptors are counted, the test is a process of its own, so that all that are open are its own.
@Suite("Far ends that mean harm", .timeLimit(.minutes(2)))
struct HostileFarEndTests {
    @Test("two thousand clients of a server that takes none leave no descriptor behind, and the next one is taken")
    func turnedAway() async {
        await #expect(processExitsWith: .success) {
            try await Bench.with { bench in
                let port = try await Self.listen(on: bench)
                try await bench.on { $0.takesClients = false }
                let before = OpenDescriptors.count
                for number in 0..<2_000 {
                    let client = try PeerSocket.connected(to: port)
                    switch number % 3 {
                    case 0: client.reset()
                    case 1: client.finish()
                    default: do { try client.write([1, 2, 3]) } catch is PeerError {}
                    }
                    // The network's own are bounded while they come.
                    try #require(OpenDescriptors.count <= before + 2 * NetworkLimits.lingering)
                }
                try await bench.until("all are gone") { _ in OpenDescriptors.count <= before }
                try await bench.on { $0.takesClients = true }
                let client = try PeerSocket.connected(to: port)
                try await bench.until(.client(1002))
                _ = client
            }
        }
    }

    @Test("clients that are taken, then reset, finish or stall, leave no descriptor behind", arguments: 1...3)
    func randomClients(seed: Int) async {
        await #expect(processExitsWith: .success) { [seed] in
            try await Bench.with { bench in
                let port = try await Self.listen(on: bench)
                let before = OpenDescriptors.count
                var random = RandomNumbers(seed: UInt64(seed))
                for number in UInt32(1_002)...1_200 {
                    let client = try PeerSocket.connected(to: port)
                    try await bench.until(.client(number))
                    let takes = random.next(2)
                    try await bench.on { $0.take = { $0 * takes } }
                    for _ in 0..<random.next(5) {
                        switch random.next(5) {
                        case 0: do { try client.write([UInt8](repeating: 1, count: 7_000)) } catch is PeerError {}
                        case 1: client.finish()
                        case 2: client.reset()
                        case 3: try await bench.on { $0.send(number, [UInt8](repeating: 2, count: 2_000)) }
                        default: try await bench.on { $0.call { $0.close(Socket(number: number)) } }
                        }
                    }
                    try await bench.on { [aborts = random.next(2) == 0] module in
                        let socket = Socket(number: number)
                        module.call { aborts ? $0.abort(socket) : $0.release(socket) }
                    }
                }
                try await bench.until("all are gone") { _ in OpenDescriptors.count <= before }
            }
        }
    }

    @Test("what came before an RST is not offered from inside the send that meets the RST")
    func resetMeetsSend() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            try await bench.settle()
            try await bench.on { module in
                try peer.write([1, 2, 3])
                peer.reset()
                module.send(1, [4])
                #expect(module.offers == 0)
            }
            try await bench.until(.reset(1))
        }
    }

    @Test("a far end that sends FIN and keeps reading gets all that the module sends")
    func readsAfterFinish() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            peer.finish()
            try await bench.until(.finished(1))
            // More than the kernels hold: it goes on when the far end reads.
            let data = [UInt8](repeating: 7, count: 8 << 20)
            try await bench.on { module in
                module.send(1, data)
                module.call { $0.close(Socket(number: 1)) }
            }
            let read = try await Task.detached { try peer.read(exactly: data.count + 1) }.value
            #expect(read == data)
            try await bench.until(.closed(1))
            #expect(try await bench.on { $0.count(.reset(1)) } == 0)
        }
    }

    @Test("a far end that sent FIN, stalls and then resets is told once")
    func resetsAfterFinish() async throws {
        try await Bench.with { bench in
            let listener = try PeerSocket.listening()
            try await bench.connect(1, to: listener.port)
            let peer = try listener.accept()
            peer.finish()
            try await bench.until(.finished(1))
            try await bench.on { $0.send(1, [UInt8](repeating: 7, count: 8 << 20)) }
            try await bench.settle()
            peer.reset()
            try await bench.until(.reset(1))
            #expect(try await bench.told() == [.connected(1), .finished(1), .reset(1)])
        }
    }

    @Test("a connection that has met itself, as where nobody listens at a port of the kernel's range, is a reset")
    func itself() async throws {
        try await Bench.with { bench in
            let descriptor = try PeerSocket.descriptorConnectedToItself()
            try await bench.on { module in
                let network = module.network
                let target = Endpoint(address: .loopback, port: UInt16(cposix_local_port(descriptor)))
                let connection = NIOLoopBound(
                    TCPConnection(network: network, socket: Socket(number: 1), peer: target), eventLoop: network.loop)
                network.carriers[Socket(number: 1)] = .tcp(connection.value)
                ClientBootstrap(group: network.loop)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(connection.value)
                        }
                    }
                    .withConnectedSocket(descriptor)
                    .assumeIsolated()
                    .whenComplete { _ in }
            }
            try await bench.until(.reset(1))
            #expect(try await bench.told() == [.reset(1)])
        }
    }

    private static func listen(on bench: Bench) async throws -> UInt16 {
        let port = try FreePort.any()
        try await bench.on { $0.call { $0.listen(port: port) } }
        try await bench.until(.serving(port, Endpoint(address: .loopback, port: port)))
        // The first sleep and the first client make what stays, such as the timers' own descriptor.
        _ = try PeerSocket.connected(to: port)
        try await bench.settle()
        return port
    }
}
