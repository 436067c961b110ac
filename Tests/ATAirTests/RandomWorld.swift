import ATPrimitives
import Testing

@testable import ATAir

/// A small world in which everything happens at random, checked after each call. What the modules are told is followed
/// as they would: who is on their softAP, how far their station is.
struct RandomWorld {
    private(set) var log: [String] = []
    private var air: Air
    private var script: RandomSource
    private var now: Instant = .zero
    private var accessPoints: [AccessPoint.ID] = []
    private var modules: [Module]
    private var lastMAC: UInt64 = 100

    /// What a module knows of what it was told.
    private struct Module {
        let radio: Air.Radio
        var progress: StationProgress?
        var listed: [MACAddress] = []
    }

    init(seed: UInt64, delays: AirDelays) {
        var air = Air(seed: seed, delays: delays)
        script = RandomSource(seed: seed)
        modules = (0..<6).map { number in
            let position: Position? = number < 4 ? .east(Int64(number)) : nil
            return Module(radio: air.attach(RadioSettings(position: position)))
        }
        self.air = air
    }

    /// Makes a random call, lets a random time pass, and checks the world after each of the two.
    mutating func step() {
        let module = number(below: modules.count)
        switch number(below: 16) {
        case 0...3: changeAccessPoints()
        case 4...8: changeStation(of: module)
        case 9...11: changeSoftAP(of: module)
        case 12: air.scan(ScanFilter(), by: modules[module].radio, at: now)
        case 13, 14: air.move(modules[module].radio, to: place(), at: now)
        default:
            air.powerOff(modules[module].radio, at: now)
            modules[module].progress = nil
            modules[module].listed = []
        }
        check()
        now = now + .milliseconds(Int64(number(below: number(below: 10) == 0 ? 200_000 : 2_000)))
        air.advance(to: now)
        check()
    }

    // What happens.

    private mutating func changeAccessPoints() {
        if accessPoints.count < 6, number(below: 2) == 0 {
            var accessPoint = AccessPoint(ssid: name(), capacity: 1 + number(below: 3))
            change(&accessPoint)
            if let id = result({ air, now throws(AccessPointRefusal) in try air.add(accessPoint, at: now) }) {
                accessPoints.append(id)
            }
        } else if !accessPoints.isEmpty {
            let place = number(below: accessPoints.count)
            let id = accessPoints[place]
            if number(below: 2) == 0 {
                _ = result { air, now throws(AccessPointRefusal) in try air.remove(id, at: now) }
                accessPoints.remove(at: place)
            } else {
                var changed = AccessPoint(ssid: name())
                change(&changed)
                let new = changed
                _ = result { air, now throws(AccessPointRefusal) in
                    try air.update(id, at: now) { old in
                        let capacity = old.capacity
                        old = new
                        old.capacity = capacity
                    }
                }
            }
        }
    }

    private mutating func change(_ accessPoint: inout AccessPoint) {
        accessPoint.channel = UInt8(1 + number(below: 3))
        accessPoint.rssi = Int8(-100 + number(below: 60))
        accessPoint.fading = UInt8(number(below: 3) * 5)
        accessPoint.position = place()
        accessPoint.range = number(below: 2) == 0 ? nil : Int64(1 + number(below: 2_000))
        accessPoint.leaseTime = number(below: 3) == 0 ? nil : .seconds(Int64(1 + number(below: 100)))
        accessPoint.password = number(below: 4) == 0 ? Array("12345678".utf8) : []
        accessPoint.security = accessPoint.password.isEmpty ? .open : .wpa2
        guard number(below: 3) > 0 else { return }
        let base = IPv4Address(172, 16, UInt8(number(below: 2)), 0)
        let subnet = Subnet(containing: base, prefixLength: 23 + number(below: 2))
        accessPoint.subnet = subnet
        let first = UInt32(1 + number(below: 4))
        accessPoint.leases =
            switch number(below: 3) {
            case 0: .none
            case 1: .standard
            default: .range(subnet.address(at: first)...subnet.address(at: first + UInt32(number(below: 3))))
            }
    }

    private mutating func changeStation(of module: Int) {
        let radio = modules[module].radio
        // Apart from all pools, and no two modules the same.
        let fixed = IPv4Address(172, 16, 0, UInt8(230 + module))
        switch number(below: 6) {
        case 0:
            air.leave(radio, at: now)
            modules[module].progress = nil
        case 1: air.setAddress(number(below: 2) == 0 ? nil : fixed, of: radio, at: now)
        default:
            let password = number(below: 4) == 0 ? Array("12345678".utf8) : []
            let mac = number(below: 3) == 0 ? newMAC() : .module(UInt64(module))
            air.join(
                JoinRequest(ssid: name(), password: password, mac: mac, address: number(below: 6) == 0 ? fixed : nil),
                by: radio, at: now)
            modules[module].progress = nil
        }
    }

    private mutating func changeSoftAP(of module: Int) {
        let radio = modules[module].radio
        switch number(below: 6) {
        case 0: air.setSoftAP(nil, of: radio, at: now)
        case 1...3:
            let settings = SoftAPSettings(
                ssid: name(), password: [], channel: UInt8(1 + number(below: 3)), security: .open,
                bssid: .module(UInt64(module)).softAP, address: IPv4Address(192, 168, UInt8(4 + number(below: 2)), 1),
                dhcp: number(below: 3) > 0)
            air.setSoftAP(settings, of: radio, at: now)
        case 4: _ = air.stationJoins(newMAC(), softAPOf: radio, at: now)
        default:
            if let mac = modules[module].listed.first { _ = air.stationLeaves(mac, softAPOf: radio, at: now) }
        }
    }

    private mutating func result<Value>(
        _ call: (inout Air, Instant) throws(AccessPointRefusal) -> Value
    ) -> Value? {
        let before = air.accessPoints
        do throws(AccessPointRefusal) {
            return try call(&air, now)
        } catch {
            log.append("\(now) \(error)")
            #expect(air.accessPoints == before)
            return nil
        }
    }

    private mutating func number(below bound: Int) -> Int { Int(script.number(below: UInt64(bound))) }
    private mutating func name() -> [UInt8] { [[0x61], [0x62], [0, 0xFF, 0x22]][number(below: 3)] }
    private mutating func place() -> Position? { number(below: 4) == 0 ? nil : .east(Int64(number(below: 120))) }

    private mutating func newMAC() -> MACAddress {
        lastMAC += 1
        return .module(lastMAC)
    }
}

// What holds.
extension RandomWorld {
    private mutating func check() {
        while let (radio, event) = air.nextEvent() {
            log.append("\(now) \(radio.number) \(event.text)")
            follow(event, of: radio.number)
        }
        if let deadline = air.nextDeadline { #expect(deadline > now) }
        for module in modules {
            checkStation(of: module)
            checkSoftAP(of: module)
        }
        for accessPoint in air.accessPoints {
            #expect(air.stations(of: accessPoint.id).count <= accessPoint.settings.capacity)
        }
        for network in Set(air.accessPoints.map(\.network)) { checkAddresses(in: network) }
        checkSubnets()
    }

    /// Each join that is told is followed by at most one leave, and no leave comes without its join.
    private mutating func follow(_ event: AirEvent, of module: Int) {
        switch event {
        case .station(let progress): modules[module].progress = progress
        case .stationJoined(let mac, _):
            if !modules[module].listed.contains(mac) { modules[module].listed.append(mac) }
        case .stationLeft(let mac):
            #expect(modules[module].listed.contains(mac))
            modules[module].listed.removeAll { $0 == mac }
        case .scanned, .scanRefused: break
        }
    }

    private func checkStation(of module: Module) {
        let network = air.network(of: module.radio)
        switch module.progress {
        case .associated: #expect(network != nil)
        case .leased(let address, let mask, let gateway):
            guard let network else { return #expect(Bool(false), "leased, but not associated") }
            #expect(network.address == nil || network.address == address || network.address?.octets.0 == 172)
            #expect(address.value & mask.value == gateway.value & mask.value && address != gateway)
        case .unleased: #expect(network != nil && network?.address?.octets.0 ?? 172 == 172)
        case .wrongPassword, .notFound, .refused, .lost, nil: #expect(network == nil)
        }
        guard let network else { return }
        #expect(air.hears(module.radio, network.accessPoint) != nil)
        #expect(air.linkQuality(of: module.radio) == .perfect)
        guard let address = network.address else { return }
        #expect(air.owner(of: address, in: network.network) == .station(module.radio))
    }

    /// Who was told of is there, and who is there and has an address was told of.
    private func checkSoftAP(of module: Module) {
        guard let softAP = air.softAPNetwork(of: module.radio) else { return #expect(module.listed.isEmpty) }
        let stations = air.stations(of: softAP.accessPoint)
        #expect(module.listed.allSatisfy { mac in stations.contains { $0.mac == mac } })
        #expect(stations.allSatisfy { $0.address == .any || module.listed.contains($0.mac) })
        let channel = air.accessPoints.first { $0.id == softAP.accessPoint }?.settings.channel
        guard let station = air.network(of: module.radio) else { return }
        #expect(channel == air.accessPoints.first { $0.id == station.accessPoint }?.settings.channel)
    }

    private func checkAddresses(in network: Network.ID) {
        let members = air.accessPoints.filter { $0.network == network }
        let addresses = members.flatMap { air.stations(of: $0.id) }.map(\.address).filter { $0 != .any }
        #expect(Set(addresses).count == addresses.count)
        #expect(!members.contains { addresses.contains($0.gateway) })
        #expect(Set(members.map(\.subnet)).count == 1)
        #expect(Set(members.map(\.settings.ssid)).count == 1)
    }

    /// No two subnets of access points overlap, unless they are one network.
    private func checkSubnets() {
        let others = air.accessPoints.filter { $0.softAPOf == nil }
        for (place, first) in others.enumerated() {
            for second in others[(place + 1)...] where first.subnet.overlaps(second.subnet) {
                #expect(first.network == second.network)
            }
        }
    }
}
