import ATNetwork
import ATPrimitives
import ATSerial

extension LabFileFormat {
    /// A text of a module, with `{n}` in it if there are several.
    fileprivate static func numbered(
        _ words: String, expected: String, parse: @escaping @Sendable (String) throws(InvalidValue) -> Value
    ) -> Self {
        Self(words, schema: ["type": textType]) { value throws(ConfigurationError) in
            try value.numberedValue(expected, parse)
        }
    }
}

/// The longest name of a module, in characters.
private let nameLimit = 64

extension LabFileFormat where Value == String {
    /// A name that can be part of a file name and of a line of output.
    static var moduleName: Self {
        .numbered(
            "1 to \(nameLimit) letters, digits, `-`, `_`, `.`; begins with a letter or digit; with `count`, `{n}` in it",
            expected: "a name", parse: checkedName)
    }

    /// The path of a file.
    static var file: Self {
        .numbered("path; made if it is not there", expected: "the path of a file") { text throws(InvalidValue) in
            guard !text.isEmpty, !text.utf8.contains(0) else {
                throw InvalidValue(text, "is not the path of a file", remedy: "write one such as ./esp.flash")
            }
            return text
        }
    }

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
}

extension LabFileFormat where Value == MACAddress {
    /// The MAC of a module.
    static var moduleMAC: Self {
        Self(
            "MAC address, not a group address; with `count`, `{n}` for a byte that counts",
            schema: ["type": "string", "pattern": "^([0-9A-Fa-f]{2}|\\{n\\})(:([0-9A-Fa-f]{2}|\\{n\\})){5}$"]
        ) { value throws(ConfigurationError) in
            try value.value("a MAC address") { text throws(InvalidValue) in
                try ModuleNumber.station(text, number: value.number)
            }
        }
    }
}

extension LabFileFormat where Value == SerialSpecification {
    /// As `--serial`.
    static var serial: Self {
        .numbered("as `--serial` ([Attaching.md](Attaching.md))", expected: "a serial port") {
            text throws(InvalidValue) in
            do throws(SerialSpecificationError) { return try SerialSpecification(text) } catch {
                throw InvalidValue(error.description + (error.description.hasSuffix(".") ? "" : "."))
            }
        }
    }
}

extension LabFileFormat where Value == [Forward] {
    /// Host ports that reach servers of the module.
    static var forwards: Self {
        let forward = LabFileFormat<Forward>.numbered("", expected: "PORT:MODULEPORT") { text throws(InvalidValue) in
            try Forward(option: text)
        }
        let list = Self.list(
            of: forward, "list of `\"[HOST:]PORT:MODULEPORT\"`; PORT 0 picks one",
            expected: "forwards, as in [\"8080:80\"]")
        return list.checked { value, forwards throws(ConfigurationError) in
            let values = try value.list("forwards")
            for (index, forward) in forwards.enumerated() where forward.hostPort != 0 {
                let isTaken = forwards[..<index].contains {
                    $0.hostPort == forward.hostPort && $0.host == forward.host
                }
                guard !isTaken else {
                    throw values[index].error(
                        "the host port \(forward.hostPort) is forwarded twice; choose another, or 0 for a free one.")
                }
            }
        }
    }
}
