import ATAir
import ATNetwork
import ATPrimitives
import ATSerial
import Testing

@testable import VespLab

@Suite("Many modules of one description")
struct LabFileCountTests {
    @Test("{n} counts from 0 in name, serial, flash, mac and forward")
    func numbers() throws {
        let text = """
            modules:
              - name: s{n}
                count: 3
                serial: unix:run/{n:03}.sock
                flash: ./s{n}.flash
                mac: 18:fe:34:00:00:{n}
                forward: ["80{n:02}:80"]
                timing: fast
                latency: 5ms
              - name: last
            """
        let modules = try lab(text, path: "labs/a.yaml").modules
        #expect(modules.map(\.name) == ["s0", "s1", "s2", "last"])
        #expect(
            modules[0..<3].map(\.serial) == ["000", "001", "002"].map { .unix(path: "labs/run/\($0).sock") })
        #expect(modules[2].flash == "labs/s2.flash")
        #expect(modules[0..<3].map(\.mac.value) == [0x18FE_3400_0000, 0x18FE_3400_0001, 0x18FE_3400_0002])
        #expect(modules[1].forwards == [Forward(hostPort: 8001, modulePort: 80)])
        #expect(modules[0..<3].allSatisfy { $0.timing == .fast && $0.latency == .milliseconds(5) })
    }

    @Test("what is left out follows from each name")
    func defaults() throws {
        let modules = try lab("modules: [{name: \"s{n:02}\", count: 12}]").modules
        #expect(modules[11].serial == .pseudoTerminal(link: "./s11.tty"))
        #expect(modules[3].mac == .station(ofModule: "s03"))
    }

    @Test("the byte of a MAC that counts carries, so that there may be more than 256 modules")
    func carry() throws {
        let modules = try lab("modules: [{name: \"s{n}\", count: 600, serial: pty, mac: \"18:fe:34:00:00:{n}\"}]")
            .modules
        #expect(modules[255].mac.description == "18:fe:34:00:00:ff")
        #expect(modules[256].mac.description == "18:fe:34:00:01:00")
        #expect(modules[599].mac.value == 0x18FE_3400_0000 + 599)
        let other = try lab("modules: [{name: \"s{n}\", count: 300, serial: pty, mac: \"18:fe:34:00:{n}:07\"}]").modules
        #expect(other[299].mac.description == "18:fe:34:01:2b:07")
    }

    @Test("one module may have a count, too")
    func one() throws {
        #expect(try lab("modules: [{name: esp, count: 1}]").modules.map(\.name) == ["esp"])
        #expect(try lab("modules: [{name: \"esp{n}\", count: 1}]").modules.map(\.name) == ["esp0"])
    }

    @Test("other braces stand for themselves")
    func literalBraces() throws {
        #expect(try lab("modules: [{name: esp, flash: \"a{b}{.flash\"}]").modules[0].flash == "a{b}{.flash")
    }

    @Test(
        "what many cannot share is refused where it stands",
        arguments: [
            LabFileMistake(
                "modules:\n  - name: esp\n    count: 2", 2, "modules[0].name",
                "2 modules cannot have one name; put {n} into it, as in sensor{n}."),
            LabFileMistake(
                "modules:\n  - name: s{n}\n    count: 2\n    flash: x.flash", 4, "modules[0].flash",
                "s0 of modules[0] has the flash file \"x.flash\" too; put {n} into it."),
            LabFileMistake(
                "modules:\n  - name: s{n}\n    count: 2\n    serial: tcp:7001", 4, "modules[0].serial",
                "s0 of modules[0] has the serial port \"tcp:127.0.0.1:7001\" too; put {n} into it."),
            LabFileMistake(
                "modules:\n  - name: s{n}\n    count: 2\n    mac: 18:fe:34:00:00:01", 4, "modules[0].mac",
                "s0 of modules[0] has the MAC address \"18:fe:34:00:00:01\" too; put {n} into it."),
            LabFileMistake(
                "modules:\n  - name: s{n}\n    count: 2\n    forward: [\"8080:80\"]", 4, "modules[0].forward",
                "s0 of modules[0] has the forwarded host port \"127.0.0.1:8080\" too; put {n} into it."),
            LabFileMistake(
                "modules:\n  - {name: s1}\n  - name: s{n}\n    count: 2", 3, "modules[1].name",
                "modules[0] has the name \"s1\" too; choose another."),
            LabFileMistake(
                "modules:\n  - name: s{n}", 2, "modules[0].name",
                "\"s{n}\" has {n}, which needs count; add count, or write the number out."),
            LabFileMistake(
                "modules:\n  - name: esp\n    mac: 18:fe:34:00:00:{n}", 3, "modules[0].mac",
                "\"18:fe:34:00:00:{n}\" has {n}, which needs count; add count, or write the byte out."),
            LabFileMistake(
                "modules:\n  - name: s{n:3}\n    count: 2", 2, "modules[0].name",
                "\"s{n:3}\" has a {n that is not understood; write {n}, or {n:03} for 3 digits."),
            LabFileMistake(
                "modules:\n  - name: s{n}\n    count: 0", 3, "modules[0].count",
                "\"0\" is out of range; give a whole number from 1 to 4096."),
            LabFileMistake(
                "modules:\n  - name: s{n}\n    count: 2\n    serial: tcp:6553{n}5", 4, "modules[0].serial",
                "the serial line “tcp:655305” has the port “655305”; a port is a number from 0 to 65535."),
            LabFileMistake(
                "modules:\n  - name: s{n}\n    count: 2\n    mac: \"{n}:{n}:34:00:00:01\"", 4, "modules[0].mac",
                "\"00:{n}:34:00:00:01\" is not a MAC address; write six pairs of hex digits, such as 18:fe:34:00:00:01."
            ),
        ])
    func shared(mistake: LabFileMistake) throws {
        let error = try refusal(mistake.text)
        #expect(error.line == mistake.line)
        #expect(error.key == mistake.key)
        #expect(error.sentence == mistake.sentence)
    }

    @Test("an air has room for so many modules and no more")
    func limit() throws {
        let half = "{name: \"a{n}\", count: 2048, serial: pty, mac: \"18:fe:34:00:00:{n}\"}"
        let other = "{name: \"b{n}\", count: 2048, serial: pty, mac: \"18:fe:34:01:00:{n}\"}"
        #expect(try lab("modules: [\(half), \(other)]").modules.count == Air.maximumRadios)
        let error = try refusal("modules:\n  - \(half)\n  - \(other)\n  - name: c\n")
        #expect(error.line == 4)
        #expect(error.sentence == "here are more modules than fit; give at most 4096 in all.")
    }
}
