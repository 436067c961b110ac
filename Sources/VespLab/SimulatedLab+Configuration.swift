import ATAir
import ATEngine
import ATSimulation

extension SimulatedLab {
    /// The lab of a lab file in simulated time: the same radio and the same modules, with the same random numbers as
    /// those of a running lab with this seed, in the order of the file and without power yet.
    ///
    /// What is outside the program has no part in it: serial ports, flash files (all modules are factory-fresh), the
    /// host's network, guests and forwards. `setPeer` and `setAnswer` say what is there instead.
    /// - Parameters:
    ///   - configuration: what the lab is made of.
    ///   - seed: of everything random in it.
    /// - Throws: `SimulationFailure.accessPoint` if the air refuses an access point.
    package init(_ configuration: LabConfiguration, seed: UInt64) throws(SimulationFailure) {
        self.init(seed: seed)
        for accessPoint in configuration.accessPoints { _ = try addAccessPoint(accessPoint) }
        for (index, module) in configuration.modules.enumerated() {
            _ = add(ModuleDescription(module, seed: ModuleConfiguration.engineSeed(ofModule: index, labSeed: seed)))
        }
    }
}

extension ModuleDescription {
    /// - Parameter seed: of the module's engine.
    fileprivate init(_ configuration: ModuleConfiguration, seed: UInt64) {
        self.init(name: configuration.name, firmware: configuration.engineFirmware)
        options = configuration.engineOptions(seed: seed)
        radio = RadioSettings(configuration)
    }
}
