import ATAir
import ATEngine
import ATPrimitives
import ATWorld

// What happens around the modules. Each call brings everything to rest.
extension SimulatedLab {
    // MARK: The air and the names: everybody's

    /// Puts an access point on the air.
    public mutating func addAccessPoint(_ description: AccessPoint) throws(SimulationFailure) -> AccessPoint.ID {
        let id: AccessPoint.ID
        do {
            id = try air.add(description, at: now)
        } catch {
            throw .accessPoint(error)
        }
        try settle()
        return id
    }

    /// Changes an access point.
    public mutating func changeAccessPoint(
        _ id: AccessPoint.ID, _ change: (inout AccessPoint) -> Void
    ) throws(SimulationFailure) {
        do {
            try air.update(id, at: now, change)
        } catch {
            throw .accessPoint(error)
        }
        try settle()
    }

    /// Takes an access point off the air.
    public mutating func removeAccessPoint(_ id: AccessPoint.ID) throws(SimulationFailure) {
        do {
            try air.remove(id, at: now)
        } catch {
            throw .accessPoint(error)
        }
        try settle()
    }

    /// Whether an access point of the lab has this BSSID.
    public func isBSSID(_ bssid: MACAddress, of id: AccessPoint.ID) -> Bool {
        air.accessPoints.contains { $0.id == id && $0.bssid == bssid }
    }

    /// Says what the name server answers to all modules that there are. Case does not count in a name, nor does one
    /// trailing dot.
    public mutating func setAnswer(_ answer: NameAnswer, for name: [UInt8]) {
        for index in modules.indices { modules[index].world.setAnswer(answer, for: name) }
    }

    /// Says what answers at an endpoint, whichever of the modules that there are asks. An address that is mentioned so is
    /// no module's any more.
    public mutating func setPeer(_ endpoint: Endpoint, _ behavior: PeerBehavior) {
        for index in modules.indices { modules[index].world.setPeer(endpoint, behavior) }
    }

    // MARK: Around one module

    /// A station that is no module joins a module's softAP. One that is full refuses without a word.
    /// - Throws: `stationRefused` if the module has no softAP.
    public mutating func stationJoins(_ mac: MACAddress, softAPOf module: ModuleID) throws(SimulationFailure) {
        let radio = modules[module.number].radio
        // A softAP that is not there is a slip of the script.
        guard air.stationJoins(mac, softAPOf: radio, at: now) || air.softAPNetwork(of: radio) != nil
        else { throw .stationRefused }
        try settle()
    }

    /// A station that came by `stationJoins` leaves.
    /// - Throws: `stationUnknown` if it is not there.
    public mutating func stationLeaves(_ mac: MACAddress, softAPOf module: ModuleID) throws(SimulationFailure) {
        guard air.stationLeaves(mac, softAPOf: modules[module.number].radio, at: now) else { throw .stationUnknown }
        try settle()
    }

    /// The scripted far end of a module's link acts.
    public mutating func perform(
        _ action: PeerAction, onLink link: LinkID, of module: ModuleID
    ) throws(SimulationFailure) {
        guard let socket = modules[module.number].sockets[link] else { throw .noConnection(link) }
        do {
            try modules[module.number].world.perform(action, on: socket)
        } catch {
            throw SimulationFailure(error, link)
        }
        unheard.insert(module.number)
        offering.insert(module.number)
        try settle()
    }

    /// Somebody sends a datagram to a UDP link of a module.
    public mutating func sendDatagram(
        _ bytes: [UInt8], from sender: Endpoint, toLink link: LinkID, of module: ModuleID
    ) throws(SimulationFailure) {
        guard let socket = modules[module.number].sockets[link] else { throw .noConnection(link) }
        do {
            try modules[module.number].world.sendDatagram(bytes, to: socket, from: sender)
        } catch {
            throw SimulationFailure(error, link)
        }
        offering.insert(module.number)
        try settle()
    }

    /// Somebody opens a connection to a module's server. If nobody listens the client is refused, and the module never
    /// hears of it. Else the module may still close it.
    public mutating func connect(
        _ client: Endpoint, toPort port: UInt16, of module: ModuleID
    ) throws(SimulationFailure) {
        if modules[module.number].world.isListening(onPort: port),
            let socket = accept(client, onPort: port, of: module.number)
        {
            modules[module.number].world.admit(client, on: socket)
        }
        try settle()
    }

    /// Something is done to a module's supply or pins.
    public mutating func power(_ event: PowerEvent, of module: ModuleID) throws(SimulationFailure) {
        switch event {
        case .off, .cycle, .reset, .watchdog, .brownout, .holdReset: losePower(of: module.number)
        case .on, .releaseReset, .pullGPIO0, .releaseGPIO0: break
        }
        if modules[module.number].erasesFlashAtPowerOn, event == .on || event == .cycle {
            modules[module.number].engine.eraseFlash()
            modules[module.number].erasesFlashAtPowerOn = false
        }
        handle(.power(event), by: module.number)
        try settle()
    }

    /// A module's flash will be all FF at its next power-on.
    public mutating func eraseFlashAtPowerOn(of module: ModuleID) {
        modules[module.number].erasesFlashAtPowerOn = true
    }
}
