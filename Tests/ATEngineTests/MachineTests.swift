import ATPrimitives
import Testing

@testable import ATEngine

@Suite("The state machines, each by itself")
struct MachineTests {
    private static let socket = Socket(number: 7)
    private static let remote = Endpoint(address: IPv4Address(10, 0, 0, 1), port: 80)

    private static func link() -> Link { Link(.tcp, socket, to: remote, localPort: 5_000) }

    @Test("what does not fit a free link changes nothing")
    func freeLink() {
        var link = Self.link()
        #expect(link.connected(at: .zero) == nil)
        link.refused()
        link.broke()
        link.closed()
        #expect(link.isFree)
        #expect(!link.hasSocket)
    }

    @Test("what does not fit an open link changes nothing")
    func openLink() {
        var link = Self.link()
        link.dialled(by: .name)
        #expect(link.connected(at: .zero) == .name)
        #expect(link.connected(at: .zero) == nil)
        link.refused()
        link.lookUp(Lookup(number: 1))
        link.closed()
        #expect(link.isOpen)
    }

    @Test("a link that is closing can still be awaited, and stays closed")
    func closingLink() {
        var link = Self.link()
        link.opened()
        link.startClosing(isAwaited: false)
        link.broke()
        link.closed()
        link.startClosing(isAwaited: true)
        #expect(link.phase == .closing(isAwaited: true, isClosed: true))
        #expect(!link.hasSocket)
    }

    @Test("an idle station does not listen to the radio")
    func idleStation() {
        var station = Station(ssid: [], password: [], mac: Bench.mac, usesDHCP: true, autoConnects: true)
        #expect(station.progressed(.associated) == .none)
        #expect(station.isIdle)
        #expect(station.look() == false)
        #expect(station.endScanning() == false)
    }

    @Test("a lease that is lost takes the address with it, a fixed address stays")
    func lostAddress() {
        for usesDHCP in [true, false] {
            var station = Station(
                ssid: [], password: [], mac: Bench.mac, address: usesDHCP ? .any : Bench.home, usesDHCP: usesDHCP,
                autoConnects: true)
            station.start()
            let progress: StationProgress =
                usesDHCP ? .leased(Bench.home, mask: .any, gateway: .any) : .associated
            #expect(station.progressed(progress) == .online)
            #expect(station.progressed(.lost) == .underWay)
            #expect(station.hasAddress == !usesDHCP)
        }
    }

    @Test("a server that is stopped listens until its last client has gone")
    func server() {
        var server = Server()
        #expect(server.stop() == false)
        #expect(server.lastClientHasGone() == nil)
        #expect(server.start(port: 80) == nil)
        #expect(server.stop() == true)
        #expect(!server.isListening(on: 80))
        #expect(server.start(port: 81) == 80)
        #expect(server.stop() == true)
        #expect(server.lastClientHasGone() == 81)
        #expect(server.port == nil)
    }

    @Test("an upgrade has a socket while its connection is there, and takes no data before it has asked")
    func upgrade() {
        var upgrade = Upgrade()
        #expect(upgrade.connected() == nil)
        #expect(upgrade.received() == nil)
        upgrade.start(Lookup(number: 1), writing: .user2)
        #expect(upgrade.socket == nil)
        upgrade.dialled(.version, Self.socket)
        #expect(upgrade.received() == nil)
        let request = upgrade.connected()
        #expect(request?.socket == Self.socket)
        #expect(upgrade.received() == .version)
        upgrade.refused()
        #expect(upgrade.socket == Self.socket)
        #expect(!upgrade.hasVersion)
    }
}
