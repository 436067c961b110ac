import Foundation
import Testing

@testable import VespLab

@Suite("The keys of a lab file, its JSON Schema and its documentation are one")
struct LabSchemaTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func contents(of path: String) throws -> String {
        try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
    }

    /// For each kind of mapping each key with a value that is not the default.
    private static let examples: [String: [String: String]] = [
        "": [
            "air": "{accessPoints: [{ssid: x}]}", "modules": "[{name: other}]", "network": "{bind: 0.0.0.0}",
            "seed": "7",
        ],
        "air": ["accessPoints": "[{ssid: x}]"],
        "air.accessPoints": [
            "ssid": "Other", "password": "secret12", "security": "wpa", "channel": "3", "rssi": "-70",
            "bssid": "02:00:00:00:00:01", "hidden": "true", "subnet": "10.0.0.0/24", "dhcp": "none", "leaseTime": "1h",
            "uplink": "none", "capacity": "3", "latency": "1ms", "jitter": "1ms", "bandwidth": "1Mbit", "loss": "1%",
            "fading": "2", "position": "[1, 2.5]", "range": "3.25",
        ],
        "modules": [
            "name": "other", "serial": "stdio", "firmware": "0.21-manual", "flash": "x.flash",
            "mac": "18:fe:34:00:00:01",
            "timing": "fast", "strictBugs": "true", "forward": "[\"0:80\"]", "uart": "strict", "bootText": "plain",
            "wakeWired": "false", "latency": "1ms", "position": "[1, 2]", "count": "2",
        ],
        "network": [
            "bind": "0.0.0.0", "allow": "[]", "deny": "[10.0.0.0/8]", "hosts": "{a: fails}",
            "guests": "{192.168.4.50: \"127.0.0.1:1\"}",
        ],
    ]

    /// A lab in which one kind of mapping has these values.
    private static func text(_ place: String, _ values: [String: String]) -> String {
        func flow(_ standard: [String: String], at other: String) -> String {
            let all = place == other ? standard.merging(values) { $1 } : standard
            return "{" + all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
        let accessPoint = flow(["ssid": "Home"], at: "air.accessPoints")
        let air = flow(["accessPoints": "[\(accessPoint)]"], at: "air")
        let name = place == "modules" && values["count"] != nil && values["count"] != "1" ? "\"esp{n}\"" : "esp"
        let module = flow(["name": name], at: "modules")
        return flow(["air": air, "modules": "[\(module)]", "network": flow([:], at: "network")], at: "")
    }

    @Test("every key is read, and those are all", arguments: LabSchema.tables.map(\.place))
    func everyKey(place: String) throws {
        let table = try #require(LabSchema.tables.first { $0.place == place })
        let examples = try #require(Self.examples[place])
        #expect(Set(table.keys.map(\.name)) == Set(examples.keys))
        for (key, value) in examples {
            // Some keys need another beside them.
            let beside = key == "security" ? ["password": "secret12"] : [:]
            let with = try lab(Self.text(place, beside.merging([key: value]) { $1 }))
            #expect(try with != lab(Self.text(place, beside)), "\(place).\(key) changes nothing")
        }
    }

    @Test("the default of the schema is what holds without the key", arguments: LabSchema.tables.map(\.place))
    func defaults(place: String) throws {
        let table = try #require(LabSchema.tables.first { $0.place == place })
        for key in table.keys {
            guard case .value(let value) = key.omitted, place != "air" else { continue }
            #expect(
                try lab(Self.text(place, [key.name: value.line])) == lab(Self.text(place, [:])), "\(place).\(key.name)")
        }
    }

    @Test("the schema in the documentation is the one of the code: make docs")
    func schemaFile() throws {
        #expect(try Self.contents(of: "Documentation/lab.schema.json") == LabSchema.json + "\n")
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(LabSchema.json.utf8)) }
    }

    @Test("the tables in the documentation are those of the code: vesp lab schema --format markdown")
    func tables() throws {
        let text = try Self.contents(of: "Documentation/Lab.md")
        for table in LabSchema.tables where table.place != "air" {
            #expect(text.contains(table.markdown), "the table of \(table.place)")
        }
    }

    @Test("every lab of the documentation and the examples is right, for the code and for the schema")
    func examples() throws {
        let documentation = try Self.contents(of: "Documentation/Lab.md")
        var labs = documentation.components(separatedBy: "```yaml\n").dropFirst()
            .map { $0.components(separatedBy: "```")[0] }
        #expect(labs.count >= 4)
        labs.append(try Self.contents(of: "Examples/first-steps.yaml"))
        let schema = JSONValue.object(LabSections.keys.schema)
        for text in labs {
            let file = try LabFile(path: "lab.yaml", bytes: Array(text.utf8))
            _ = try LabConfiguration(file)
            #expect(SchemaValidator.complaints(schema, file.root).isEmpty)
        }
        // The first one has all keys.
        for table in LabSchema.tables {
            for key in table.keys { #expect(labs[0].contains("\(key.name):"), "\(key.name)") }
        }
    }

    @Test(
        "the schema finds what the code refuses",
        arguments: [
            ("modules: [{name: esp}]\nseid: 1", "additionalProperties"), ("seed: 1", "required"),
            ("modules: []", "minItems"), ("modules: [{name: esp, timing: slow}]", "enum"),
            ("modules: [{name: esp, latency: 20}]", "maximum"),
            ("modules: [{name: esp, latency: 20 ms}]", "pattern"), ("modules: [{name: esp, mac: 42}]", "type"),
            ("modules: [{name: esp, mac: here}]", "pattern"),
            ("modules: [{name: esp, position: [1]}]", "minItems"), ("modules: [{name: esp, strictBugs: 1}]", "type"),
            ("modules: [{name: esp, count: 5000}]", "maximum"), ("modules: [{name: esp}]\nair: []", "type"),
            ("modules: [{name: esp}]\nair: {accessPoints: [{ssid: a, rssi: -101}]}", "minimum"),
            ("modules: [{name: esp}]\nair: {accessPoints: [{ssid: a, dhcp: all}]}", "pattern"),
            ("modules: [{name: esp}]\nair: {accessPoints: [{ssid: a, loss: 2}]}", "maximum"),
            ("modules: [{name: esp}]\nnetwork: {allow: [a]}", "pattern"),
            ("modules: [{name: esp}]\nnetwork: {guests: {192.168.4.50: here}}", "pattern"),
        ])
    func mistakes(text: String, keyword: String) throws {
        #expect(throws: ConfigurationError.self) { try lab(text) }
        let file = try LabFile(path: "lab.yaml", bytes: Array(text.utf8))
        let complaints = SchemaValidator.complaints(JSONValue.object(LabSections.keys.schema), file.root)
        #expect(complaints.count == 1)
        #expect(
            complaints.allSatisfy { if case .value(_, keyword) = $0 { true } else { false } }, "\(complaints)")
    }
}
