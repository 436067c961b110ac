import ATAir
import ATNetwork
import ATPrimitives
import ATSerial

extension ModuleConfiguration {
    private static let keys = [
        "name", "serial", "firmware", "flash", "mac", "timing", "strictBugs", "forward", "uart", "bootText",
        "wakeWired",
    ]
    /// The longest name of a module, in characters.
    private static let nameLimit = 64

    /// Reads all modules of a lab.
    /// - Parameter directory: where relative paths begin; empty for the working directory.
    static func list(_ value: LabFileValue, directory: String) throws(ConfigurationError) -> [ModuleConfiguration] {
        let values = try value.list("modules, as in [{name: esp}]")
        guard !values.isEmpty else {
            throw value.error("the list is empty; give at least one module, as in [{name: esp}].")
        }
        guard values.count <= Air.maximumRadios else {
            throw value.error("there are \(values.count) modules; give at most \(Air.maximumRadios).")
        }
        var modules: [ModuleConfiguration] = []
        for value in values {
            modules.append(try ModuleConfiguration(value, directory: directory))
        }
        try checkNothingIsShared(modules, values)
        return modules
    }

    private init(_ value: LabFileValue, directory: String) throws(ConfigurationError) {
        let module = try value.mapping(of: Self.keys)
        self.init(name: try module.required("name", example: "esp").value("a name", Self.checkedName))
        if let serial = module["serial"] { self.serial = try serial.value("a serial port", Self.serial) }
        serial = serial.resolved(against: directory)
        if let firmware = module["firmware"] { self.firmware = try firmware.choice(of: FirmwareEdition.self) }
        if let flash = module["flash"] {
            let path = try flash.value("the path of a file", Self.checkedPath)
            self.flash = path.hasPrefix("/") || directory.isEmpty ? path : "\(directory)/\(path)"
        }
        if let mac = module["mac"] {
            self.mac = try mac.value("a MAC address") { text throws(InvalidValue) in try MACAddress(stationText: text) }
        }
        if let timing = module["timing"] { self.timing = try timing.choice(of: TimingMode.self) }
        if let strictBugs = module["strictBugs"] {
            self.strictBugs = try strictBugs.boolean()
            if self.strictBugs, firmware == .manual {
                throw strictBugs.error(
                    "the manual's edition has none of the bugs; leave this out, or use firmware 0.21.")
            }
        }
        if let forward = module["forward"] { forwards = try Self.forwards(forward) }
        if let uart = module["uart"] { self.uart = try uart.choice(of: UARTMode.self) }
        if let bootText = module["bootText"] { self.bootText = try bootText.choice(of: BootTextMode.self) }
        if let isWakeWired = module["wakeWired"] { self.isWakeWired = try isWakeWired.boolean() }
    }

    /// A name that can be part of a file name and of a line of output.
    private static func checkedName(_ text: String) throws(InvalidValue) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-_.".utf8.contains(byte)
            }
        }
        guard isPlain, (1...nameLimit).contains(text.utf8.count), !text.hasPrefix("."), !text.hasPrefix("-") else {
            throw InvalidValue(
                text, "is not a name for a module",
                remedy: "use 1 to \(nameLimit) letters, digits, hyphens, underscores and full stops, "
                    + "and begin with a letter or digit")
        }
        return text
    }

    private static func serial(_ text: String) throws(InvalidValue) -> SerialSpecification {
        do throws(SerialSpecificationError) { return try SerialSpecification(text) } catch {
            throw InvalidValue(error.description + (error.description.hasSuffix(".") ? "" : "."))
        }
    }

    private static func checkedPath(_ text: String) throws(InvalidValue) -> String {
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw InvalidValue(text, "is not the path of a file", remedy: "write one such as ./esp.flash")
        }
        return text
    }

    private static func forwards(_ value: LabFileValue) throws(ConfigurationError) -> [Forward] {
        var forwards: [Forward] = []
        for value in try value.list("forwards, as in [\"8080:80\"]") {
            let forward = try value.value("PORT:MODULEPORT") { text throws(InvalidValue) in try Forward(option: text) }
            let isTaken = forwards.contains { $0.hostPort == forward.hostPort && $0.host == forward.host }
            guard !isTaken || forward.hostPort == 0 else {
                throw value.error(
                    "the host port \(forward.hostPort) is forwarded twice; choose another, or 0 for a free one.")
            }
            forwards.append(forward)
        }
        return forwards
    }
}

extension ModuleConfiguration {
    /// Refuses two modules that have the same name, MAC, serial port, flash file or forwarded port.
    private static func checkNothingIsShared(
        _ modules: [ModuleConfiguration], _ values: [LabFileValue]
    ) throws(ConfigurationError) {
        var names = Ownership(noun: "name")
        var addresses = Ownership(noun: "MAC address")
        var ports = Ownership(noun: "serial port")
        var files = Ownership(noun: "flash file")
        var hostPorts = Ownership(noun: "forwarded host port")
        for (module, value) in zip(modules, values) {
            try names.claim(module.name, for: value, key: "name", remedy: "choose another")
            for address in Set([module.mac, module.mac.softAP]).sorted(by: { $0.value < $1.value }) {
                try addresses.claim(address.description, for: value, key: "mac", remedy: "give one of them another mac")
            }
            if let port = module.serial.exclusiveName {
                try ports.claim(port, for: value, key: "serial", remedy: "choose another")
            }
            if let flash = module.flash {
                try files.claim(flash.withoutDotComponents, for: value, key: "flash", remedy: "give each its own")
            }
            for forward in module.forwards where forward.hostPort != 0 {
                let host = forward.host?.description ?? ""
                try hostPorts.claim(
                    "\(host):\(forward.hostPort)", for: value, key: "forward", remedy: "choose another")
            }
        }
    }
}

extension SerialSpecification {
    /// What two modules cannot both have; nil when there is enough for all.
    fileprivate var exclusiveName: String? {
        switch self {
        case .pseudoTerminal(nil), .tcp(_, port: 0), .rfc2217(_, port: 0): nil
        case .pseudoTerminal(let link?): link.withoutDotComponents
        case .unix(let path), .device(let path): path.withoutDotComponents
        // Both kinds listen on TCP, so one address serves one of them.
        case .tcp(let host, let port), .rfc2217(let host, let port): "tcp:\(host):\(port)"
        case .standardStreams: description
        }
    }
}

extension String {
    /// A path without its `.` components and doubled slashes, so that `./a` and `a` are the same.
    fileprivate var withoutDotComponents: String {
        let components = split(separator: "/").filter { $0 != "." }
        return (hasPrefix("/") ? "/" : "") + components.joined(separator: "/")
    }
}
