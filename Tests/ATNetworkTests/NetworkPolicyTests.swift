import ATPrimitives
import Testing

@testable import ATNetwork

@Suite("Policy, names and echo requests", .timeLimit(.minutes(1)))
struct NetworkPolicyTests {
    @Test("an address is permitted if it is allowed and not denied")
    func permits() throws {
        let policy = NetworkPolicy(
            allow: [try #require(Subnet("10.0.0.0/8")), try #require(Subnet("127.0.0.0/8"))],
            deny: [try #require(Subnet("10.1.0.0/16"))])
        #expect(policy.permits(IPv4Address(10, 2, 0, 1)))
        #expect(!policy.permits(IPv4Address(10, 1, 0, 1)))
        #expect(!policy.permits(IPv4Address(192, 168, 0, 1)))
        #expect(NetworkPolicy().permits(.broadcast))
        // What is sent to 0.0.0.0 arrives on loopback.
        #expect(NetworkPolicy().permits(.any))
        #expect(!NetworkPolicy(deny: [.loopback]).permits(.any))
    }

    @Test("the hosts table ignores letter case and one dot at the end, and hides the update server")
    func hosts() {
        let address = IPv4Address(127, 0, 0, 9)
        let policy = NetworkPolicy(hosts: ["API.example.com.": .address(address), "gone.example": .fails])
        #expect(policy.answer(for: "api.EXAMPLE.com") == .address(address))
        #expect(policy.answer(for: "api.example.com.") == .address(address))
        #expect(policy.answer(for: "api.example.com..") == .notListed)
        #expect(policy.answer(for: "Gone.Example") == .notFound)
        #expect(policy.answer(for: "iot.espressif.cn") == .notFound)
        #expect(policy.answer(for: "localhost") == .notListed)
        let listed = NetworkPolicy(hosts: ["iot.espressif.cn": .address(address)])
        #expect(listed.answer(for: "IOT.espressif.cn.") == .address(address))
    }

    @Test("names are found in the table, with the system's resolver, or not at all")
    func resolve() async throws {
        let policy = NetworkPolicy(hosts: ["a.test": .address(IPv4Address(1, 2, 3, 4)), "b.test": .fails])
        try await Bench.with(policy: policy) { bench in
            let questions: [(String, IPv4Address?)] = [
                ("A.test.", IPv4Address(1, 2, 3, 4)), ("b.test", nil), ("iot.espressif.cn", nil),
                ("localhost", .loopback), ("192.168.1.7", IPv4Address(192, 168, 1, 7)),
                ("1", nil), ("0x7f.1", nil), ("127.1", nil), ("", nil), (".", nil), ("a b", nil), ("-\0-", nil),
                ("localhost\0", nil), ("\u{FF}\u{E9}", nil), (String(repeating: "a", count: 64), nil),
                (String(repeating: "a.", count: 200), nil),
            ]
            for (number, (name, _)) in questions.enumerated() {
                try await bench.on { module in
                    module.call { $0.resolve(Lookup(number: UInt32(number)), name: Array(name.utf8)) }
                }
            }
            for (number, (_, address)) in questions.enumerated() {
                try await bench.until(.resolved(UInt32(number), address))
            }
            #expect(try await bench.told().count == questions.count)
        }
    }

    @Test("a reset module gets no answer to what it asked before")
    func resolveBeforeReset() async throws {
        try await Bench.with { bench in
            try await bench.on { module in
                module.call {
                    $0.resolve(Lookup(number: 1), name: Array("localhost".utf8))
                    $0.releaseAll()
                    $0.resolve(Lookup(number: 2), name: Array("localhost".utf8))
                }
            }
            try await bench.until(.resolved(2, .loopback))
            try await bench.settle()
            #expect(try await bench.told() == [.resolved(2, .loopback)])
        }
    }

    @Test("an echo request is the one of the chip")
    func echoRequest() {
        let bytes = EchoMessage(sequence: 0x0102).request
        #expect(bytes.count == 40)
        #expect(Array(bytes[0..<2]) == [8, 0])
        #expect(Array(bytes[4...]) == [0xAF, 0xAF, 1, 2] + (0..<32).map { UInt8($0) })
        // The sum over a message with its checksum is zero.
        #expect(EchoMessage.checksum(bytes) == 0)
    }

    @Test("a reply is told from a request and from rubbish")
    func echoReply() {
        let reply: [UInt8] = [0, 0, 0, 0, 0xAF, 0xAF, 0, 7] + [UInt8](repeating: 0, count: 32)
        let header: [UInt8] = [0x46] + [UInt8](repeating: 0, count: 23)
        #expect(EchoMessage(reply: .init(bytes: reply), hasHeader: false) == EchoMessage(sequence: 7))
        #expect(EchoMessage(reply: .init(bytes: header + reply), hasHeader: true) == EchoMessage(sequence: 7))
        #expect(EchoMessage(reply: .init(bytes: [8] + reply.dropFirst()), hasHeader: false) == nil)
        for count in 0..<8 {
            #expect(EchoMessage(reply: .init(bytes: reply.prefix(count)), hasHeader: false) == nil)
            #expect(EchoMessage(reply: .init(bytes: header.prefix(count)), hasHeader: true) == nil)
        }
    }

    @Test("the time is read from what ping prints")
    func pingOutput() {
        #expect(EchoProgram.milliseconds(in: "40 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.045 ms\n") == 0)
        #expect(EchoProgram.milliseconds(in: "40 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=12.7 ms\n") == 12)
        #expect(EchoProgram.milliseconds(in: "Reply from 10.0.0.1: bytes=32 time<1 ms\n") == 0)
        #expect(EchoProgram.milliseconds(in: "1 packets transmitted, 0 received, time 0ms") == nil)
    }

    @Test("loopback answers an echo request, by each way that works here", arguments: EchoMethod.allCases)
    func ping(method: EchoMethod) async throws {
        guard WorkingEchoMethods.all.contains(method) else {
            try Test.cancel("\(method) does not work here: no permission or no such program")
        }
        try await Bench.with(echoMethods: [method]) { bench in
            for number in UInt32(1)...3 {
                try await bench.on { module in
                    module.call { $0.ping(Ping(number: number), to: .loopback) }
                }
                try await bench.until(.pong(number, fast: true))
            }
            #expect(try await bench.told().count == 3)
        }
    }

    @Test("an echo request that finds no descriptor free is lost, and the next one works")
    func pingWithoutDescriptors() async throws {
        guard WorkingEchoMethods.all.contains(where: { $0 != .program }) else {
            try Test.cancel("no permission for sockets of ICMP here")
        }
        await #expect(processExitsWith: .success) {
            try await Bench.with(echoProgram: "/nonexistent/ping") { bench in
                let full = try DescriptorLimit.take(0)
                try await bench.on { $0.call { $0.ping(Ping(number: 1), to: .loopback) } }
                _ = try DescriptorLimit.take(full)
                try await bench.on { $0.call { $0.ping(Ping(number: 2), to: .loopback) } }
                try await bench.until(.pong(2, fast: true))
            }
        }
    }

    @Test("a ping program's answer is the answer")
    func pingProgram() async throws {
        let program = try TemporaryProgram("echo \"40 bytes from $8: icmp_seq=1 ttl=64 time=0.3 ms\"")
        try await Bench.with(echoMethods: [.program], echoProgram: program.path) { bench in
            try await bench.on { $0.call { $0.ping(Ping(number: 1), to: .loopback) } }
            try await bench.until(.pong(1, fast: true))
        }
        #expect(EchoProgram(program: "/nonexistent/ping").ping(.loopback) == nil)
    }

    @Test("a forbidden address does not answer")
    func forbiddenPing() async throws {
        let policy = NetworkPolicy(deny: [.loopback])
        try await Bench.with(policy: policy) { bench in
            try await bench.on { $0.call { $0.ping(Ping(number: 1), to: .loopback) } }
            try await bench.settle()
            #expect(try await bench.told().isEmpty)
        }
    }
}
