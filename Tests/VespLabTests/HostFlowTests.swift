import ATEngine
import ATPrimitives
import Testing

@testable import VespLab

/// What is on the air between a module's socket and the host.
@Suite struct HostFlowTests {
    private static let socket = Socket(number: 1)
    private static let sender = Endpoint(address: .loopback, port: 9)

    private static func instant(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

    @Test("what was sent later does not arrive earlier")
    func order() {
        var queue = PacketQueue<Int>()
        queue.append(1, due: Self.instant(5))
        queue.append(2, due: Self.instant(3))
        queue.append(3, due: Self.instant(9))
        #expect(queue.due == Self.instant(5))
        #expect(queue.removeFirst() == 1)
        #expect(queue.due == Self.instant(5))
        #expect(queue.removeFirst() == 2)
        #expect(queue.due == Self.instant(9))
        queue.removeAll { $0 == 3 }
        #expect(queue.isEmpty && queue.due == nil)
    }

    @Test("the earlier of both directions is next, and payload that the module refused holds up only its own")
    func due() {
        var flow = HostFlow(isLocal: true, isDatagram: false)
        #expect(flow.due == nil)
        flow.reports.append(.payload([1], from: Self.sender), due: Self.instant(2))
        flow.requests.append(.close, due: Self.instant(4))
        #expect(flow.due == Self.instant(2))
        flow.isBlocked = true
        #expect(flow.due == Self.instant(4))
        _ = flow.requests.removeFirst()
        #expect(flow.due == nil)
    }

    @Test("an acknowledgement does not wait behind payload that the module refused, and all else does")
    func acknowledgement() {
        var flow = HostFlow(isLocal: true, isDatagram: false)
        flow.reports.append(.payload([1], from: Self.sender), due: Self.instant(1))
        flow.reports.append(.event(.acknowledged(Self.socket)), due: Self.instant(2))
        flow.reports.append(.event(.finished(Self.socket)), due: Self.instant(3))
        #expect(flow.due == Self.instant(1))
        flow.isBlocked = true
        #expect(flow.due == Self.instant(2))
        #expect(flow.reports.removeFirst(where: \.isAcknowledgement) != nil)
        #expect(flow.reports.removeFirst(where: \.isAcknowledgement) == nil)
        #expect(flow.due == nil)
        #expect(flow.reports.count == 2)
    }

    @Test("when the radio goes, datagrams on the air are lost, and the bytes of a stream are not")
    func radioGoes() {
        for isDatagram in [false, true] {
            var flow = HostFlow(isLocal: true, isDatagram: isDatagram)
            flow.requests.append(.send([1], to: Self.sender, via: nil), due: Self.instant(1))
            flow.reports.append(.payload([2, 3], from: Self.sender), due: Self.instant(1))
            flow.heldBytes = 2
            flow.isBlocked = true
            flow.loseDatagrams()
            #expect(flow.requests.isEmpty == isDatagram)
            #expect(flow.reports.isEmpty == isDatagram)
            #expect(flow.heldBytes == (isDatagram ? 0 : 2))
            #expect(flow.isBlocked == !isDatagram)
        }
    }
}
