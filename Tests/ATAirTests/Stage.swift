import ATPrimitives

@testable import ATAir

/// An air with a log: each call is made at the stage's time, and what it brings about is written down as
/// `1800ms 0 wrongPassword`: when, to which radio, what. A class, so that an expectation can ask it to act.
final class Stage {
    var air: Air
    var now: Instant = .zero
    private var log: [String] = []

    init(delays: AirDelays = .steady, seed: UInt64 = 1) {
        air = Air(seed: seed, delays: delays)
    }

    /// Makes a call now and writes down the events.
    func act<Result, Failure: Error>(
        _ body: (inout Air, Instant) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result = try body(&air, now)
        collect()
        return result
    }

    /// Lets time pass, from deadline to deadline.
    func run(for interval: Interval) {
        let end = now + interval
        while let deadline = air.nextDeadline, deadline <= end {
            now = deadline
            air.advance(to: now)
            collect()
        }
        now = end
        air.advance(to: now)
        collect()
    }

    /// What was written down since the last call.
    func events() -> [String] {
        defer { log = [] }
        return log
    }

    private func collect() {
        while let (radio, event) = air.nextEvent() {
            log.append("\(now) \(radio.number) \(event.text)")
        }
    }
}

extension Stage {
    /// A module joins, and all that takes is over when this returns.
    func settleIn(_ radio: Air.Radio, _ request: JoinRequest) {
        act { air, now in air.join(request, by: radio, at: now) }
        run(for: .seconds(3))
    }

    func add(_ accessPoint: AccessPoint) throws -> AccessPoint.ID {
        try act { (air, now) throws(AccessPointRefusal) in try air.add(accessPoint, at: now) }
    }

    func update(_ id: AccessPoint.ID, _ change: (inout AccessPoint) -> Void) throws {
        try act { (air, now) throws(AccessPointRefusal) in try air.update(id, at: now, change) }
    }

    func remove(_ id: AccessPoint.ID) throws {
        try act { (air, now) throws(AccessPointRefusal) in try air.remove(id, at: now) }
    }

    func join(_ radio: Air.Radio, _ request: JoinRequest) {
        act { air, now in air.join(request, by: radio, at: now) }
    }

    func leave(_ radio: Air.Radio) {
        act { air, now in air.leave(radio, at: now) }
    }

    func setAddress(_ address: IPv4Address?, of radio: Air.Radio) {
        act { air, now in air.setAddress(address, of: radio, at: now) }
    }

    func setSoftAP(_ settings: SoftAPSettings?, of radio: Air.Radio) {
        act { air, now in air.setSoftAP(settings, of: radio, at: now) }
    }

    func move(_ radio: Air.Radio, to position: Position?) {
        act { air, now in air.move(radio, to: position, at: now) }
    }

    func powerOff(_ radio: Air.Radio) {
        act { air, now in air.powerOff(radio, at: now) }
    }

    /// A module with its radio in this place, or in that of all others.
    func attach(at position: Position? = nil) -> Air.Radio { air.attach(RadioSettings(position: position)) }

    /// Scans, with the stage's time going on until the scan is over, and gives what was found.
    func scan(_ filter: ScanFilter = ScanFilter(), by radio: Air.Radio) -> [ScannedAccessPoint]? {
        air.scan(filter, by: radio, at: now)
        while let deadline = air.nextDeadline {
            air.advance(to: deadline)
            now = deadline
            while let (_, event) = air.nextEvent() {
                if case .scanned(let results) = event { return results }
            }
        }
        return nil
    }
}

extension AirDelays {
    /// The shipped times without what is random.
    static let steady: AirDelays = {
        var delays = AirDelays.shipped
        delays.leaseJitter = .zero
        return delays
    }()
}

extension AirEvent {
    var text: String {
        switch self {
        case .scanned(let results): "scanned \(results.count)"
        case .scanRefused: "scanRefused"
        case .station(.leased(let address, let mask, let gateway)): "leased \(address) \(mask) \(gateway)"
        case .station(let progress): "\(progress)"
        case .stationJoined(let mac, let address): "stationJoined \(mac) \(address)"
        case .stationLeft(let mac): "stationLeft \(mac)"
        }
    }
}

extension AccessPoint {
    /// An access point called `name`.
    static func named(_ name: String, password: String = "", _ change: (inout AccessPoint) -> Void = { _ in })
        -> AccessPoint
    {
        var accessPoint = AccessPoint(ssid: Array(name.utf8), password: Array(password.utf8))
        change(&accessPoint)
        return accessPoint
    }
}

extension JoinRequest {
    /// A request of the module with this number.
    static func to(_ name: String, password: String = "", module: UInt64 = 1, address: IPv4Address? = nil)
        -> JoinRequest
    {
        JoinRequest(ssid: Array(name.utf8), password: Array(password.utf8), mac: .module(module), address: address)
    }
}

extension SoftAPSettings {
    static func named(_ name: String, password: String = "", _ change: (inout SoftAPSettings) -> Void = { _ in })
        -> SoftAPSettings
    {
        var settings = SoftAPSettings(
            ssid: Array(name.utf8), password: Array(password.utf8), channel: 1,
            security: password.isEmpty ? .open : .wpa2, bssid: MACAddress(value: 0x1AFE_3400_0001),
            address: IPv4Address(192, 168, 4, 1), dhcp: true)
        change(&settings)
        return settings
    }
}

extension MACAddress {
    static func module(_ number: UInt64) -> MACAddress { MACAddress(value: 0x18FE_3400_0000 + number) }
}

extension Position {
    /// A place so many metres to the east of the origin.
    static func east(_ metres: Int64) -> Position { Position(x: metres * 100, y: 0) }
}

/// What was written down, without the times.
func withoutTimes(_ events: [String]) -> [String] {
    events.map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
}
