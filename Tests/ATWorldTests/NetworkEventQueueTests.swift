import ATAir
import ATPrimitives
import Testing

@testable import ATWorld

/// What the network tells, in its order.
@Suite struct NetworkEventQueueTests {
    private static func radio() -> Air.Radio {
        var air = Air(seed: 1, delays: .none)
        return air.attach()
    }

    @Test("events that each cause another may follow one another without end")
    func neverEmpty() {
        let radio = Self.radio()
        var queue = RadioEventQueue<NetworkEvent>(limit: VirtualNetwork.maximumEvents)
        queue.append(.connected(Socket(number: 0)), for: radio)
        for number in 1...UInt32(3 * VirtualNetwork.maximumEvents) {
            queue.append(.connected(Socket(number: number)), for: radio)
            #expect(queue.removeFirst()?.1 == .connected(Socket(number: number - 1)))
        }
        #expect(queue.removeFirst() != nil)
        #expect(queue.removeFirst() == nil)
    }

    @Test("what is forgotten is gone, and what was fetched does not come again")
    func forgotten() {
        let radio = Self.radio()
        var queue = RadioEventQueue<NetworkEvent>(limit: VirtualNetwork.maximumEvents)
        for number in 1...4 { queue.append(.acknowledged(Socket(number: UInt32(number))), for: radio) }
        _ = queue.removeFirst()
        queue.remove(.acknowledged(Socket(number: 3)), for: radio)
        #expect(queue.removeFirst()?.1 == .acknowledged(Socket(number: 2)))
        #expect(queue.removeFirst()?.1 == .acknowledged(Socket(number: 4)))
        #expect(queue.removeFirst() == nil)
    }
}
