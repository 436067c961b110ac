import ATPrimitives

extension Firmware {
    /// Version 0.21 as it was shipped.
    public static let shipped021 = Firmware(
        identifier: "0.21",
        commands: Command.basic + Command.wiFi + Command.links + Command.network + Command.undocumented)
}
