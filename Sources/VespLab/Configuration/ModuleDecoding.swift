import ATAir
import ATNetwork
import ATPrimitives
import ATSerial

extension ModuleConfiguration {
    private static let standard = ModuleConfiguration(name: "")

    /// The keys of one module, or of several that are alike.
    static let keys: LabFileKeys<ModuleConfiguration> = [
        // The first, since other values follow from the name.
        LabFileKey("name", .moduleName, omitted: .required(example: "esp"), "what it is called") {
            $0 = ModuleConfiguration(name: $1)
        },
        LabFileKey("serial", .serial, omitted: .words("`pty:./NAME.tty`"), "where its UART is") { $0.serial = $1 },
        LabFileKey(
            "firmware", .choice(), omitted: .value(.text(standard.firmware.rawValue)), "as shipped, or as printed"
        ) { $0.firmware = $1 },
        LabFileKey("flash", .file, omitted: .words("a factory-fresh module at each start"), "its flash image") {
            $0.flash = $1
        },
        LabFileKey(
            "mac", .moduleMAC, omitted: .words("`18:fe:34:` and three bytes from the name"),
            "of the station; the softAP's has bit 1 of the first byte set"
        ) { $0.mac = $1 },
        LabFileKey(
            "timing", .choice(), omitted: .value(.text(standard.timing.rawValue)),
            "as long as on the chip, or no waiting"
        ) { $0.timing = $1 },
        LabFileKey(
            "strictBugs", .boolean.described(as: "`true`, `false`; not with `0.21-manual`"),
            omitted: .value(.boolean(standard.strictBugs)), "whether the bugs are on that hang a module"
        ) { $0.strictBugs = $1 },
        LabFileKey(
            "forward", .forwards, omitted: .words("the module's own port if it is free, else another"),
            "host ports that reach its servers"
        ) { $0.forwards = $1 },
        LabFileKey(
            "uart", .choice(), omitted: .value(.text(standard.uart.rawValue)),
            "whether a full FIFO and a wrong baud rate lose bytes, or the port waits"
        ) { $0.uart = $1 },
        LabFileKey(
            "bootText", .choice(), omitted: .words("`garbled` if `uart` is `strict`, else `none`"),
            "what the port shows of the boot text at 74880 baud"
        ) { $0.bootText = $1 },
        LabFileKey(
            "wakeWired", .boolean, omitted: .value(.boolean(standard.isWakeWired)), "whether deep sleep ends by itself"
        ) { $0.isWakeWired = $1 },
        LabFileKey(
            "latency", .duration(Interval.latencyRange), omitted: .words("that of the access point"),
            "how long each of its packets takes each way"
        ) { $0.latency = $1 },
        LabFileKey("position", .position, omitted: .words("in the same place as all that have none"), "where it is") {
            $0.position = $1
        },
        // Read before all others.
        LabFileKey("count", countFormat, omitted: .value(1), "so many modules like this one, from `{n}` 0 on") { _, _ in
        },
    ]

    private static let countFormat: LabFileFormat<Int> = .integer(1...Air.maximumRadios)

    /// Reads all modules of a lab; those with something wrong are left out.
    static func list(_ value: LabFileValue, _ problems: inout LabFileProblems) -> [LabPart<ModuleConfiguration>] {
        let values = problems.note { () throws(ConfigurationError) in
            let values = try value.list("modules, as in [{name: esp}]")
            guard !values.isEmpty else {
                throw value.error("the list is empty; give at least one module, as in [{name: esp}].")
            }
            return values
        }
        var modules: [LabPart<ModuleConfiguration>] = []
        for value in values ?? [] {
            modules += read(value, &problems)
            guard modules.count <= Air.maximumRadios else {
                problems.add(value.error("here are more modules than fit; give at most \(Air.maximumRadios) in all."))
                break
            }
        }
        return modules
    }

    /// Reads one module, or several that are alike; none when something is wrong.
    private static func read(
        _ value: LabFileValue, _ problems: inout LabFileProblems
    ) -> [LabPart<ModuleConfiguration>] {
        guard let mapping = keys.mapping(value, &problems) else { return [] }
        guard let countValue = mapping["count"] else {
            return read(mapping, &problems).map { [LabPart($0, of: mapping.place, name: nil)] } ?? []
        }
        let count = problems.note { () throws(ConfigurationError) in
            let count = try countFormat.read(countValue)
            if count > 1, let name = mapping["name"], try !name.text("a name").contains("{n") {
                throw name.error("\(count) modules cannot have one name; put {n} into it, as in sensor{n}.")
            }
            return count
        }
        var modules: [LabPart<ModuleConfiguration>] = []
        for number in 0..<(count ?? 0) {
            // What is wrong with one is wrong with all.
            guard let module = read(mapping.numbered(number), &problems) else { return [] }
            modules.append(LabPart(module, of: mapping.place, name: module.name))
        }
        return modules
    }

    private static func read(_ mapping: LabFileMapping, _ problems: inout LabFileProblems) -> ModuleConfiguration? {
        var module = standard
        guard keys.read(mapping, into: &module, &problems) else { return nil }
        let directory = mapping.place.directory
        module.serial = module.serial.mapPath { $0.taken(from: directory) }
        module.flash = module.flash.map { $0.taken(from: directory) }
        if let strictBugs = mapping["strictBugs"], module.strictBugs, module.firmware == .manual {
            problems.add(
                strictBugs.error("the manual's edition has none of the bugs; leave this out, or use firmware 0.21."))
            return nil
        }
        return module
    }
}

extension String {
    /// A path of a lab file: a relative one is taken from the file's directory, which is empty for the working one.
    func taken(from directory: String) -> String {
        if hasPrefix("/") || directory.isEmpty { return self }
        return (directory.hasSuffix("/") ? directory : directory + "/")
            + (hasPrefix("./") ? String(dropFirst(2)) : self)
    }
}
