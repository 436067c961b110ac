import ATPrimitives
import ATWorld
import Testing

@Suite("The world behind the air")
struct WorldTests {
    private let socket = Socket(number: 1)
    private let peer = Endpoint(address: IPv4Address(192, 168, 1, 10), port: 8080)

    private func connected() -> World {
        var world = World()
        world.setPeer(peer, .accepts)
        world.connect(socket, to: peer)
        #expect(drain(&world) == [.connected(socket)])
        return world
    }

    private func drain(_ world: inout World) -> [WorldEvent] {
        var events: [WorldEvent] = []
        while let event = world.nextEvent() { events.append(event) }
        return events
    }

    @Test("accepting, refusing, silent and unknown peers answer each in their way")
    func handshakes() {
        var world = World()
        world.setPeer(peer, .refuses)
        world.connect(socket, to: peer)
        #expect(drain(&world) == [.reset(socket)])
        world.setPeer(peer, .silent)
        world.connect(socket, to: peer)
        world.connect(Socket(number: 2), to: Endpoint(address: IPv4Address(1, 1, 1, 1), port: 80))
        #expect(drain(&world) == [])
    }

    @Test("another port of a living host refuses, of a silent one says nothing")
    func otherPorts() {
        var world = World()
        let other = Endpoint(address: peer.address, port: 81)
        world.setPeer(peer, .silent)
        world.connect(socket, to: other)
        #expect(drain(&world) == [])
        world.setPeer(peer, .accepts)
        world.connect(socket, to: other)
        #expect(drain(&world) == [.reset(socket)])
    }

    @Test("hosts that accept or refuse answer ping after 0 ms, others not at all")
    func ping() {
        var world = World()
        let request = Ping(number: 1)
        world.ping(request, peer.address)
        world.setPeer(peer, .silent)
        world.ping(request, peer.address)
        #expect(drain(&world) == [])
        world.setPeer(peer, .refuses)
        world.ping(request, peer.address)
        #expect(drain(&world) == [.pong(request, milliseconds: 0)])
    }

    @Test("names have the answers that were given; unknown ones are not found; case and one dot do not count")
    func names() {
        var world = World()
        let lookup = Lookup(number: 1)
        world.setAnswer(.address(peer.address), for: [UInt8]("Example.com".utf8))
        world.setAnswer(.silent, for: [UInt8]("slow.example".utf8))
        for name in ["example.COM.", "other.com", "slow.example"] {
            world.resolve(lookup, name: [UInt8](name.utf8))
        }
        #expect(drain(&world) == [.resolved(lookup, peer.address), .resolved(lookup, nil)])
    }

    @Test("a peer acknowledges at once and closes when the module closes")
    func acknowledgesAndCloses() {
        var world = connected()
        world.send(byteCount: 4, on: socket)
        #expect(drain(&world) == [.acknowledged(socket)])
        world.close(socket)
        #expect(drain(&world) == [.acknowledged(socket), .closed(socket)])
        #expect(!world.isOpen(socket))
    }

    @Test("a peer that stops reading acknowledges what fits its window, no byte more, until it resumes")
    func window() throws {
        var world = connected()
        world.send(byteCount: 100, on: socket)
        #expect(drain(&world) == [.acknowledged(socket)])
        try world.perform(.stopsReading, on: socket)
        world.send(byteCount: World.receiveWindow, on: socket)
        #expect(drain(&world) == [.acknowledged(socket)])
        world.send(byteCount: 1, on: socket)
        #expect(drain(&world) == [])
        try world.perform(.resumes, on: socket)
        #expect(drain(&world) == [.acknowledged(socket)])
    }

    @Test("a peer that stops reading does not see the module close")
    func closeUnseen() throws {
        var world = connected()
        try world.perform(.stopsReading, on: socket)
        world.close(socket)
        #expect(drain(&world) == [.acknowledged(socket)])
        try world.perform(.resumes, on: socket)
        #expect(drain(&world) == [.closed(socket)])
    }

    @Test("a peer that stops acknowledging says nothing to data or to FIN until it resumes")
    func stopsAcknowledging() throws {
        var world = connected()
        try world.perform(.stopsAcknowledging, on: socket)
        world.send(byteCount: 1, on: socket)
        world.close(socket)
        #expect(drain(&world) == [])
        try world.perform(.resumes, on: socket)
        #expect(drain(&world) == [.acknowledged(socket), .closed(socket)])
    }

    @Test("the end of the stream is told after the last byte was taken, in segments of 1460")
    func finishedAfterData() throws {
        var world = connected()
        try world.perform(.sends([UInt8](repeating: 0x41, count: 3000)), on: socket)
        try world.perform(.closes, on: socket)
        #expect(throws: WorldError.alreadyClosed) { try world.perform(.sends([1]), on: socket) }
        #expect(drain(&world) == [])
        #expect(!world.offerPayload { _, _, _ in 0 })
        var sizes: [Int] = []
        while world.offerPayload({ payload, _, sender in
            #expect(sender == peer)
            sizes.append(payload.count)
            return min(payload.count, 1000)
        }) {}
        #expect(sizes == [1460, 460, 1460, 460, 80])
        #expect(drain(&world) == [.finished(socket)])
        world.close(socket)
        #expect(drain(&world) == [.acknowledged(socket), .closed(socket)])
    }

    @Test("a reset loses what was not taken, and the connection is gone")
    func reset() throws {
        var world = connected()
        try world.perform(.sends([1, 2, 3]), on: socket)
        try world.perform(.resets, on: socket)
        #expect(drain(&world) == [.reset(socket)])
        #expect(!world.offerPayload { payload, _, _ in payload.count })
        #expect(throws: WorldError.notConnected) { try world.perform(.closes, on: socket) }
    }

    @Test("datagrams reach an open UDP socket whole, and scripted peers swallow what they get")
    func datagrams() throws {
        var world = World()
        #expect(throws: WorldError.notConnected) { try world.sendDatagram([1], to: socket, from: peer) }
        world.openDatagramSocket(socket)
        world.send(byteCount: 9, on: socket)
        try world.sendDatagram([1, 2], to: socket, from: peer)
        #expect(!world.offerPayload { _, _, _ in 0 })
        var received: [[UInt8]] = []
        #expect(
            world.offerPayload { payload, _, _ in
                received.append(payload)
                return payload.count
            })
        #expect(received == [[1, 2]])
        #expect(drain(&world) == [])
    }

    @Test("a client that was let in is a peer like any other, until the module is gone")
    func clients() throws {
        var world = World()
        #expect(!world.isListening(onPort: 80))
        world.listen(onPort: 80)
        #expect(world.isListening(onPort: 80))
        world.admit(peer, on: socket)
        world.send(byteCount: 1, on: socket)
        #expect(drain(&world) == [.acknowledged(socket)])
        world.moduleIsGone()
        #expect(!world.isListening(onPort: 80))
        #expect(!world.isOpen(socket))
    }
}
