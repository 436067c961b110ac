import ATPrimitives

/// The station: which access point it wants, how far it has come, and its address (reference 2.9, 4.2).
///
/// It is idle until it is told to join; from then on the radio says how far it has come, and it stays with its network
/// until it is stopped. AT+CWJAP waits for that with seven looks, AT+CWLAP for a scan; both hold the parser.
struct Station: Sendable {
    /// How far the station has come, in the words of the SDK; the raw value is the code of a failed join.
    enum State: Int, Sendable {
        case idle = 0
        case connecting = 1
        case wrongPassword = 2
        case noAccessPoint = 3
        case failed = 4
        case online = 5
    }

    /// What a word of the radio means.
    enum Step: Sendable {
        /// Nothing: the station is idle, or wants no lease.
        case none
        /// It may still go either way.
        case underWay
        /// The station has an address.
        case online
        /// There will be none, unless something changes.
        case failed
    }

    private(set) var state = State.idle
    /// The configured network, also when joining it has failed.
    private(set) var ssid: [UInt8]
    private(set) var password: [UInt8]
    private(set) var mac: MACAddress
    private(set) var address: IPv4Address
    /// AT+CWDHCP: whether the address is leased.
    private(set) var usesDHCP: Bool
    var autoConnects: Bool
    /// How often AT+CWJAP has looked; nil while no join is awaited.
    private var looks: Int?
    /// AT+CWLAP waits for a scan.
    private var isScanning = false

    init(
        ssid: [UInt8], password: [UInt8], mac: MACAddress, address: IPv4Address = .any, usesDHCP: Bool,
        autoConnects: Bool
    ) {
        self.ssid = ssid
        self.password = password
        self.mac = mac
        self.address = address
        self.usesDHCP = usesDHCP
        self.autoConnects = autoConnects
    }

    var hasAddress: Bool { address != .any }
    var isIdle: Bool { state == .idle }
    var isOnline: Bool { state == .online && hasAddress }
    var fixedAddress: IPv4Address? { usesDHCP ? nil : address }
    /// AT+CWJAP waits for what becomes of the join.
    var isAwaited: Bool { looks != nil }

    /// Another network is configured.
    mutating func configure(_ ssid: [UInt8], _ password: [UInt8]) {
        self.ssid = ssid
        self.password = password
    }

    /// The radio is told to join.
    mutating func start() { state = .connecting }

    /// The radio is told to leave; a leased address goes with the network, a fixed one stays (inferred).
    mutating func stop() {
        state = .idle
        loseLease()
    }

    /// The radio says how far it has come.
    mutating func progressed(_ progress: StationProgress) -> Step {
        guard !isIdle else { return .none }
        switch progress {
        case .associated:
            state = !usesDHCP && hasAddress ? .online : .connecting
            return state == .online ? .online : .underWay
        case .leased(let address, _, _):
            guard usesDHCP else { return .none }
            self.address = address
            state = .online
            return .online
        case .lost:
            state = .connecting
            loseLease()
            return .underWay
        case .unleased:
            state = .connecting
            loseLease()
        case .wrongPassword: state = .wrongPassword
        case .notFound: state = .noAccessPoint
        case .refused: state = .failed
        }
        return .failed
    }

    /// AT+CWJAP begins to look.
    mutating func awaitJoin() { looks = 0 }

    /// AT+CWJAP looks; true if that is the last time.
    mutating func look() -> Bool {
        guard let looks else { return false }
        self.looks = looks + 1
        return isOnline || looks + 1 == Delays.looks
    }

    /// AT+CWJAP has seen enough.
    mutating func endLooking() { looks = nil }

    /// AT+CWLAP begins to wait.
    mutating func startScanning() { isScanning = true }

    /// A scan has ended; false if nobody waits for one.
    mutating func endScanning() -> Bool {
        defer { isScanning = false }
        return isScanning
    }

    /// AT+CIPSTA: a fixed address ends DHCP.
    mutating func fix(_ address: IPv4Address) {
        usesDHCP = false
        self.address = address
    }

    /// AT+CWDHCP: with a lease the address is yet to come, without one it is the stored one, if there is one.
    mutating func setDHCP(_ isOn: Bool, stored: IPv4Address?) {
        usesDHCP = isOn
        if isOn {
            address = .any
        } else if let stored {
            address = stored
        }
    }

    /// AT+CIPSTAMAC.
    mutating func setMAC(_ mac: MACAddress) { self.mac = mac }

    private mutating func loseLease() {
        if usesDHCP { address = .any }
    }
}
