import ATAir
import ATEngine
import ATPrimitives
import ATSimulation

/// What a case runs against: its modules in simulated time, and the access points by the names that the script has for
/// them.
struct ScriptedLab {
    /// The station's MAC of the one module of a transcript without `# modules:` (the example of the contract).
    static let mac = MACAddress(value: 0x18FE_3400_0001)
    /// Random numbers are the same in every run.
    static let seed: UInt64 = 1

    private(set) var lab: SimulatedLab
    private let modules: [SimulatedLab.ModuleID]
    private var accessPoints: [(ssid: [UInt8], id: AccessPoint.ID)] = []

    /// Makes fresh modules and boots them; what they say meanwhile is thrown away. A module that is alone reaches nobody
    /// but the script's world.
    init(_ header: TranscriptHeader, firmware: Firmware) throws(SimulationFailure) {
        let timing: Timing = header.usesHardwareTiming ? .hardware : .firmware
        var lab = SimulatedLab(seed: Self.seed, hasNetwork: !header.modules.isEmpty)
        var modules = header.modules.map { name in
            lab.add(ModuleDescription(name: name, firmware: firmware, timing: timing, seed: Self.seed))
        }
        if modules.isEmpty {
            var description = ModuleDescription(name: "", firmware: firmware, timing: timing)
            description.options.mac = Self.mac
            description.options.seed = Self.seed
            modules = [lab.add(description)]
        }
        try lab.boot()
        self.lab = lab
        self.modules = modules
    }

    /// Does what a block says.
    /// - Returns: what each module said and asked for, in the order of the header.
    mutating func perform(_ block: Block) throws(SimulationFailure) -> [ModuleObservation] {
        switch block.action {
        case .host(let bytes): try lab.send(bytes, to: modules[block.module])
        case .world(let action): try perform(action, module: modules[block.module])
        case .wait(let length): try lab.wait(length)
        }
        return modules.map { ModuleObservation(answer: lab.takeOutput(of: $0), requests: lab.takeRequests(of: $0)) }
    }

    // MARK: Events

    private mutating func perform(
        _ action: WorldAction, module: SimulatedLab.ModuleID
    ) throws(SimulationFailure) {
        switch action {
        case .accessPoint(let ssid, let properties): try setAccessPoint(ssid, properties)
        case .accessPointGone(let ssid): try removeAccessPoint(ssid)
        case .stationJoins(let mac): try lab.stationJoins(mac, softAPOf: module)
        case .stationLeaves(let mac): try lab.stationLeaves(mac, softAPOf: module)
        case .name(let name, let answer): lab.setAnswer(answer, for: name)
        case .peer(let endpoint, let behavior): lab.setPeer(endpoint, behavior)
        case .link(let link, let action): try lab.perform(action, onLink: link, of: module)
        case .client(let client, let port): try lab.connect(client, toPort: port, of: module)
        case .datagram(let link, let sender, let bytes):
            try lab.sendDatagram(bytes, from: sender, toLink: link, of: module)
        case .power(let event): try lab.power(event, of: module)
        case .flashErased: lab.eraseFlashAtPowerOn(of: module)
        }
    }

    private mutating func setAccessPoint(
        _ ssid: [UInt8], _ properties: [AccessPointProperty]
    ) throws(SimulationFailure) {
        if let known = accessPoints.first(where: { $0.ssid == ssid && isMeant($0.id, by: properties) }) {
            try lab.changeAccessPoint(known.id) { $0.apply(properties) }
        } else {
            var accessPoint = AccessPoint(ssid: ssid)
            accessPoint.apply(properties)
            accessPoints.append((ssid, try lab.addAccessPoint(accessPoint)))
        }
    }

    /// A line with another BSSID describes another access point of the same name.
    private func isMeant(_ id: AccessPoint.ID, by properties: [AccessPointProperty]) -> Bool {
        for case .bssid(let bssid) in properties { return lab.isBSSID(bssid, of: id) }
        return true
    }

    private mutating func removeAccessPoint(_ ssid: [UInt8]) throws(SimulationFailure) {
        let gone = accessPoints.filter { $0.ssid == ssid }
        guard !gone.isEmpty else { throw .accessPoint(.unknownAccessPoint) }
        accessPoints.removeAll { $0.ssid == ssid }
        for accessPoint in gone { try lab.removeAccessPoint(accessPoint.id) }
    }
}

extension AccessPoint {
    /// Sets what the script mentions. An access point with a password is WPA2 unless the script says otherwise.
    fileprivate mutating func apply(_ properties: [AccessPointProperty]) {
        for property in properties { apply(property) }
        for case .security(let security) in properties { self.security = security }
    }

    private mutating func apply(_ property: AccessPointProperty) {
        switch property {
        case .password(let password):
            self.password = password
            if security == .open { security = .wpa2 }
        case .security: break
        case .channel(let channel): self.channel = channel
        case .rssi(let rssi): self.rssi = rssi
        case .bssid(let bssid): self.bssid = bssid
        case .hidden: isHidden = true
        case .subnet(let subnet): self.subnet = subnet
        case .noLeases: leases = .none
        case .uplink(let uplink): self.uplink = uplink
        case .capacity(let capacity): self.capacity = capacity
        case .latency(let latency): link.latency = latency
        case .jitter(let jitter): link.jitter = jitter
        case .bandwidth(let bandwidth): link.bandwidth = bandwidth
        case .loss(let loss): link.lossPerMillion = loss
        case .fading(let fading): self.fading = fading
        }
    }
}
