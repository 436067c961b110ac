import ATAir

/// A lab file section by section, as far as each makes sense.
struct LabSections {
    private(set) var accessPoints: [LabPart<AccessPoint>] = []
    private(set) var modules: [LabPart<ModuleConfiguration>] = []
    private(set) var network = NetworkSection()
    private(set) var seed: UInt64?

    private init() {}

    /// Reads a file and notes what is wrong, then what is wrong with the whole if the parts are right.
    init(_ file: LabFile, _ problems: inout LabFileProblems) {
        guard let lab = Self.keys.mapping(file.root, &problems) else { return }
        _ = Self.keys.read(lab, into: &self, &problems)
        guard problems.count == 0 else { return }
        checkNothingIsShared(&problems)
        checkAddresses(&problems)
    }

    /// The keys of the whole file.
    static let keys: LabFileKeys<LabSections> = [
        .section("air", air, "the radio") {
            LabSections()
        } set: {
            $0.accessPoints = $1.accessPoints
        },
        .list(
            "modules", ModuleConfiguration.keys, "at least one", 1...Air.maximumRadios,
            omitted: .required(example: "[{name: esp}]"), "the modules"
        ) { value, lab, problems in
            lab.modules = ModuleConfiguration.list(value, &problems)
        },
        .section("network", NetworkSection.keys, "what modules may reach, and what names mean") {
            NetworkSection()
        } set: {
            $0.network = $1
        },
        LabFileKey(
            "seed", .integer(0...UInt64.max), omitted: .words("from the system; the one in force is logged"),
            "seeds everything random"
        ) { $0.seed = $1 },
    ]

    /// The keys of `air`.
    static let air: LabFileKeys<LabSections> = [
        .list(
            "accessPoints", AccessPoint.keys, "at most \(Air.maximumAccessPoints)", 0...Air.maximumAccessPoints,
            omitted: .value(.list([])), "all that is on the air but the modules' own"
        ) { value, lab, problems in
            let values = problems.note { () throws(ConfigurationError) in
                let values = try value.list("access points, as in [{ssid: Home}]")
                guard values.count <= Air.maximumAccessPoints else {
                    throw value.error(
                        "there are \(values.count) access points; give at most \(Air.maximumAccessPoints).")
                }
                return values
            }
            for value in values ?? [] {
                guard let accessPoint = AccessPoint.read(value, &problems) else { continue }
                lab.accessPoints.append(LabPart(accessPoint, of: value, name: nil))
            }
        }
    ]
}

extension LabFileKey {
    /// A key with a mapping of its own.
    /// - Parameters:
    ///   - make: a section in which nothing has been read.
    ///   - set: puts the section into the part.
    fileprivate static func section<Section>(
        _ name: String, _ keys: LabFileKeys<Section>, _ meaning: String, make: @escaping @Sendable () -> Section,
        set: @escaping @Sendable (inout Part, Section) -> Void
    ) -> LabFileKey {
        let description = LabFileKeyDescription(
            name: name, schema: keys.schema, words: "a mapping", omitted: .words("as if it were empty"),
            meaning: meaning
        )
        return LabFileKey(description) { value, part, problems in
            guard let mapping = keys.mapping(value, &problems) else { return }
            var section = make()
            _ = keys.read(mapping, into: &section, &problems)
            set(&part, section)
        }
    }

    /// A key with a list of mappings.
    fileprivate static func list<Item>(
        _ name: String, _ keys: LabFileKeys<Item>, _ words: String, _ count: ClosedRange<Int>,
        omitted: LabFileKeyDescription.Omitted, _ meaning: String, read: @escaping Reading
    ) -> LabFileKey {
        let schema: [JSONValue.Member] = [
            .init("type", "array"), .init("items", .object(keys.schema)),
            .init("minItems", .number(count.lowerBound)), .init("maxItems", .number(count.upperBound)),
        ]
        let description = LabFileKeyDescription(
            name: name, schema: schema, words: "a list, \(words)", omitted: omitted, meaning: meaning)
        return LabFileKey(description, read: read)
    }
}
