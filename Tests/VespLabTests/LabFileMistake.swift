import Testing

/// A lab file with one mistake, and what is said of it.
struct LabFileMistake: Sendable, CustomTestStringConvertible {
    let text: String
    let line: Int?
    let key: String?
    let sentence: String

    init(_ text: String, _ line: Int?, _ key: String?, _ sentence: String) {
        self.text = text
        self.line = line
        self.key = key
        self.sentence = sentence
    }

    var testDescription: String { String(text.prefix(60)) }
}

extension LabFileMistake {
    /// A module on line 2 with one more line, line 3.
    static func module(_ line: String) -> String { "modules:\n  - name: esp\n    \(line)\n" }

    /// A module, and an access point called Home on line 4 with one more line, line 5.
    static func accessPoint(_ lines: String) -> String {
        "modules: [{name: esp}]\nair:\n  accessPoints:\n    - ssid: Home\n      \(lines)\n"
    }

    /// A module, and a network section with one line, line 3.
    static func network(_ line: String) -> String { "modules: [{name: esp}]\nnetwork:\n  \(line)\n" }

    static let structure: [LabFileMistake] = [
        LabFileMistake("", nil, nil, "the file is empty; describe at least one module, as in modules: [{name: esp}]."),
        LabFileMistake(
            "# nothing\n", nil, nil, "the file is empty; describe at least one module, as in modules: [{name: esp}]."),
        LabFileMistake(
            "---\n", nil, nil, "the file is empty; describe at least one module, as in modules: [{name: esp}]."),
        LabFileMistake(
            "just text", 1, nil,
            "here is the text \"just text\"; give a mapping with the keys air, modules, network, seed."),
        LabFileMistake("[1]", 1, nil, "here is a list; give a mapping with the keys air, modules, network, seed."),
        LabFileMistake(
            "seed: 1\nmodule: []", 2, "module", "there is no such key; did you mean modules?"),
        LabFileMistake(
            "modules: [{name: esp}]\ntiming: fast", 2, "timing",
            "there is no such key; the keys here are air, modules, network, seed."),
        LabFileMistake("seed: 1", 1, "modules", "the key is missing; add it, as in modules: [{name: esp}]."),
        LabFileMistake(
            "modules: []", 1, "modules", "the list is empty; give at least one module, as in [{name: esp}]."),
        LabFileMistake("modules:\n", 1, "modules", "here is nothing; give a list of modules, as in [{name: esp}]."),
        LabFileMistake(
            "modules: {name: esp}", 1, "modules", "here is a mapping; give a list of modules, as in [{name: esp}]."),
        LabFileMistake(
            "modules:\n  - esp", 2, "modules[0]",
            "here is the text \"esp\"; give a mapping with the keys name, serial, firmware, flash, mac, timing, "
                + "strictBugs, forward, uart, bootText, wakeWired, latency, position, count."),
        LabFileMistake(
            "modules: [{name: a}]\nmodules: [{name: b}]", 1, nil,
            "\"modules\" is there more than once; keep one of them."),
        LabFileMistake(
            "modules: [{name: esp}]\n---\nmodules: [{name: esp}]", 2, nil,
            "a second document starts here; keep one, and give other labs files of their own."),
        LabFileMistake(
            "modules:\n- name: esp\n\tmac: x", 3, nil,
            "this is not YAML (found a tab character that violates indentation); check the brackets, quotes and "
                + "indentation, which is by spaces."),
        LabFileMistake(
            "modules: [{name: esp}]\nseed: -1", 2, "seed",
            "\"-1\" is out of range; give a whole number from 0 to 18446744073709551615."),
        LabFileMistake(
            "modules: [{name: esp}]\nseed: 18446744073709551616", 2, "seed",
            "\"18446744073709551616\" is out of range; give a whole number from 0 to 18446744073709551615."),
        LabFileMistake(
            "modules: [{name: esp}]\nseed: 1.5", 2, "seed",
            "here is the number 1.5; give a whole number from 0 to 18446744073709551615, without quotes."),
    ]

    static let modules: [LabFileMistake] = [
        LabFileMistake(
            "modules:\n  - mac: 18:fe:34:00:00:01", 2, "modules[0].name", "the key is missing; add it, as in name: esp."
        ),
        LabFileMistake(
            "modules: [{name: a/b}]", 1, "modules[0].name",
            "\"a/b\" is not a name for a module; use 1 to 64 letters, digits, hyphens, underscores and full stops, "
                + "and begin with a letter or digit."),
        LabFileMistake(
            module("strict-bugs: true"), 3, "modules[0].strict-bugs", "there is no such key; did you mean strictBugs?"),
        LabFileMistake(
            module("frimware: 0.21"), 3, "modules[0].frimware", "there is no such key; did you mean firmware?"),
        LabFileMistake(
            module("serial: usb"), 3, "modules[0].serial",
            "the serial line “usb” is of no known kind; use pty[:LINK], tcp:[HOST:]PORT, rfc2217:[HOST:]PORT, unix:PATH, "
                + "device:PATH or stdio."),
        LabFileMistake(
            module("firmware: \"0.22\""), 3, "modules[0].firmware",
            "\"0.22\" is not one of 0.21, 0.21-manual; did you mean 0.21?"),
        LabFileMistake(
            module("firmware: newest"), 3, "modules[0].firmware",
            "\"newest\" is not known here; give one of 0.21, 0.21-manual."),
        LabFileMistake(
            module("flash: \"\""), 3, "modules[0].flash",
            "\"\" is not the path of a file; write one such as ./esp.flash."),
        LabFileMistake(
            module("flash: \"a\\0b\""), 3, "modules[0].flash",
            "\"a\\0b\" is not the path of a file; write one such as ./esp.flash."),
        LabFileMistake(
            module("flash: [a]"), 3, "modules[0].flash",
            "here is a list; give the path of a file, in quotes if it reads like something else."),
        LabFileMistake(
            module("mac: \"18:fe\""), 3, "modules[0].mac",
            "\"18:fe\" is not a MAC address; write six pairs of hex digits, such as 18:fe:34:00:00:01."),
        LabFileMistake(
            module("mac: 01:00:5e:00:00:01"), 3, "modules[0].mac",
            "\"01:00:5e:00:00:01\" cannot be the address of one station; choose one whose first byte is even, such as "
                + "18:fe:34:00:00:01."),
        LabFileMistake(
            module("timing: slow"), 3, "modules[0].timing", "\"slow\" is not known here; give one of real, fast."),
        LabFileMistake(
            module("timing: true"), 3, "modules[0].timing",
            "here is true or false; give one of real, fast, in quotes if it reads like something else."),
        LabFileMistake(
            module("strictBugs: 1"), 3, "modules[0].strictBugs",
            "here is the number 1; give true or false, without quotes."),
        LabFileMistake(
            module("strictBugs: \"true\""), 3, "modules[0].strictBugs",
            "here is the text \"true\"; give true or false, without quotes."),
        LabFileMistake(
            module("strictBugs: true\n    firmware: 0.21-manual"), 3, "modules[0].strictBugs",
            "the manual's edition has none of the bugs; leave this out, or use firmware 0.21."),
        LabFileMistake(
            module("forward: 8080:80"), 3, "modules[0].forward",
            "here is the text \"8080:80\"; give a list of forwards, as in [\"8080:80\"]."),
        LabFileMistake(
            module("forward: [\"8080\"]"), 3, "modules[0].forward[0]",
            "\"8080\" is not a forward; write [HOST:]PORT:MODULEPORT, such as 8080:80 or 0.0.0.0:8080:80."),
        LabFileMistake(
            module("forward: [\"8080:80\", \"8080:81\"]"), 3, "modules[0].forward[1]",
            "the host port 8080 is forwarded twice; choose another, or 0 for a free one."),
    ]

    static let accessPoints: [LabFileMistake] = [
        LabFileMistake(
            "modules: [{name: esp}]\nair: {accesspoints: []}", 2, "air.accesspoints",
            "there is no such key; did you mean accessPoints?"),
        LabFileMistake(
            "modules: [{name: esp}]\nair:\n  accessPoints:\n    - channel: 6", 4, "air.accessPoints[0].ssid",
            "the key is missing; add it, as in ssid: Home."),
        LabFileMistake(
            "modules: [{name: esp}]\nair: {accessPoints: [{ssid: \"\"}]}", 2, "air.accessPoints[0].ssid",
            "\"\" has 0 bytes, and an SSID has 1 to 32; choose another name."),
        LabFileMistake(
            "modules: [{name: esp}]\nair: {accessPoints: [{ssid: éééééééééééééééée}]}", 2, "air.accessPoints[0].ssid",
            "\"éééééééééééééééée\" has 33 bytes, and an SSID has 1 to 32; choose another name."),
        LabFileMistake(
            "modules: [{name: esp}]\nair: {accessPoints: [{ssid: off}]}", 2, "air.accessPoints[0].ssid",
            "here is true or false; give a name, in quotes if it reads like something else."),
        LabFileMistake(
            accessPoint("password: secret1"), 5, "air.accessPoints[0].password",
            "the password has 7 characters; give 8 to 63, or 64 hex digits, or none for an open network."),
        LabFileMistake(
            accessPoint("password: \(String(repeating: "x", count: 64))"), 5, "air.accessPoints[0].password",
            "the password has 64 characters; give 8 to 63, or 64 hex digits, or none for an open network."),
        LabFileMistake(
            accessPoint("password:"), 5, "air.accessPoints[0].password",
            "here is nothing; give a password, in quotes if it reads like something else."),
        LabFileMistake(
            accessPoint("password: secret12\n      security: open"), 5, "air.accessPoints[0].password",
            "an open network has no password; leave it out, or make the security wpa2."),
        LabFileMistake(
            accessPoint("security: wpa"), 5, "air.accessPoints[0].password",
            "the key is missing; add a password, or make the security open."),
        LabFileMistake(
            accessPoint("security: wep\n      password: secret12"), 6, "air.accessPoints[0].password",
            "a WEP key of 8 characters does not exist; give 5 or 13 characters, or 10 or 26 hex digits."),
        LabFileMistake(
            accessPoint("security: wpa3"), 5, "air.accessPoints[0].security",
            "\"wpa3\" is not one of open, wep, wpa, wpa2, wpaWpa2; did you mean wpa?"),
        LabFileMistake(
            accessPoint("channel: 15"), 5, "air.accessPoints[0].channel",
            "\"15\" is out of range; give a whole number from 1 to 14."),
        LabFileMistake(
            accessPoint("channel: 300"), 5, "air.accessPoints[0].channel",
            "\"300\" is out of range; give a whole number from 1 to 14."),
        LabFileMistake(
            accessPoint("channel: six"), 5, "air.accessPoints[0].channel",
            "here is the text \"six\"; give a whole number from 1 to 14, without quotes."),
        LabFileMistake(
            accessPoint("channel: \"6\""), 5, "air.accessPoints[0].channel",
            "here is the text \"6\"; give a whole number from 1 to 14, without quotes."),
        LabFileMistake(
            accessPoint("rssi: 1"), 5, "air.accessPoints[0].rssi",
            "\"1\" is out of range; give a whole number from -100 to 0."),
        LabFileMistake(
            accessPoint("rssi: -101"), 5, "air.accessPoints[0].rssi",
            "\"-101\" is out of range; give a whole number from -100 to 0."),
        LabFileMistake(
            accessPoint("bssid: home"), 5, "air.accessPoints[0].bssid",
            "\"home\" is not a MAC address; write six pairs of hex digits, such as 18:fe:34:00:00:01."),
        LabFileMistake(
            accessPoint("hidden: maybe"), 5, "air.accessPoints[0].hidden",
            "here is the text \"maybe\"; give true or false, without quotes."),
        LabFileMistake(
            accessPoint("subnet: 192.168.1.0"), 5, "air.accessPoints[0].subnet",
            "\"192.168.1.0\" has no prefix length; write a subnet such as 192.168.1.0/24."),
        LabFileMistake(
            accessPoint("subnet: 192.168.1.1/24"), 5, "air.accessPoints[0].subnet",
            "\"192.168.1.1/24\" has bits after the prefix; write 192.168.1.0/24."),
        LabFileMistake(
            accessPoint("subnet: 192.168.1.0/31"), 5, "air.accessPoints[0].subnet",
            "\"192.168.1.0/31\" is not the size of a network; give a prefix from /8 to /30."),
        LabFileMistake(
            accessPoint("subnet: 0.0.0.0/7"), 5, "air.accessPoints[0].subnet",
            "\"0.0.0.0/7\" is not the size of a network; give a prefix from /8 to /30."),
        LabFileMistake(
            accessPoint("subnet: 0.0.0.0/8"), 5, "air.accessPoints[0].subnet",
            "\"0.0.0.0/8\" has addresses that no station can have; choose a block such as 192.168.1.0/24."),
        LabFileMistake(
            accessPoint("subnet: 127.0.0.0/16"), 5, "air.accessPoints[0].subnet",
            "\"127.0.0.0/16\" has addresses that no station can have; choose a block such as 192.168.1.0/24."),
        LabFileMistake(
            accessPoint("subnet: 224.0.0.0/8"), 5, "air.accessPoints[0].subnet",
            "\"224.0.0.0/8\" has addresses that no station can have; choose a block such as 192.168.1.0/24."),
        LabFileMistake(
            accessPoint("dhcp: 192.168.1.5-192.168.1.9"), 5, "air.accessPoints[0].dhcp",
            "a range of addresses needs its subnet; give subnet as well, or leave dhcp out."),
        LabFileMistake(
            accessPoint("subnet: 192.168.1.0/24\n      dhcp: 192.168.1.5-192.168.2.9"), 6, "air.accessPoints[0].dhcp",
            "192.168.1.5-192.168.2.9 is not inside the subnet 192.168.1.0/24; give addresses from 192.168.1.1 to "
                + "192.168.1.254."),
        LabFileMistake(
            accessPoint("subnet: 192.168.1.0/24\n      dhcp: 192.168.1.200-192.168.1.100"), 6,
            "air.accessPoints[0].dhcp",
            "\"192.168.1.200-192.168.1.100\" ends before it begins; swap the addresses."),
        LabFileMistake(
            accessPoint("dhcp: off"), 5, "air.accessPoints[0].dhcp",
            "here is true or false; give FIRST-LAST or none, in quotes if it reads like something else."),
        LabFileMistake(
            accessPoint("dhcp: all"), 5, "air.accessPoints[0].dhcp",
            "\"all\" is not a range of addresses; write the first and the last, such as 192.168.1.100-192.168.1.199, or "
                + "none."),
        LabFileMistake(
            accessPoint("uplink: internet"), 5, "air.accessPoints[0].uplink",
            "\"internet\" is not known here; give one of host, none."),
    ]

    static let networks: [LabFileMistake] = [
        LabFileMistake(network("binds: 127.0.0.1"), 3, "network.binds", "there is no such key; did you mean bind?"),
        LabFileMistake(
            network("bind: eth0"), 3, "network.bind",
            "\"eth0\" is not an IPv4 address; write one such as 127.0.0.1, or 0.0.0.0 for all."),
        LabFileMistake(
            network("allow: all"), 3, "network.allow",
            "here is the text \"all\"; give a list of addresses, as in [\"192.168.1.0/24\"]."),
        LabFileMistake(
            network("allow:\n    - 10.0.0.0/8\n    - 10.0.0.0/33"), 5, "network.allow[1]",
            "\"10.0.0.0/33\" is not an address or a block of them; write 192.168.1.7, or a block such as 192.168.1.0/24."
        ),
        LabFileMistake(
            network("deny: [10.0.0.1/8]"), 3, "network.deny[0]",
            "\"10.0.0.1/8\" has bits after the prefix; write 10.0.0.0/8."),
        LabFileMistake(
            network("hosts:\n    a.example: \"::1\""), 4, "network.hosts.a.example",
            "\"::1\" is not an address; write one such as 127.0.0.1, or fails."),
        LabFileMistake(
            network("hosts:\n    a.example: 10.0.0.1\n    A.example.: fails"), 5, "network.hosts.A.example.",
            "the name is there already, since case and a last full stop do not count; keep one."),
        LabFileMistake(
            network("hosts: [a]"), 3, "network.hosts",
            "here is a list; give a mapping of names to addresses, as in {api.example.com: 127.0.0.1}."),
        LabFileMistake(
            network("hosts: {\"a b\": fails}"), 3, "network.hosts.a b",
            "\"a b\" is not the name of a host; write one such as api.example.com."),
    ]

    static let shared: [LabFileMistake] = [
        LabFileMistake(
            "modules:\n  - name: a\n  - name: a", 3, "modules[1].name",
            "modules[0] has the name \"a\" too; choose another."),
        LabFileMistake(
            "modules:\n  - {name: a, mac: 18:fe:34:00:00:01}\n  - name: b\n    mac: 18:FE:34:00:00:01", 4,
            "modules[1].mac",
            "modules[0] has the MAC address \"18:fe:34:00:00:01\" too; give one of them another mac."),
        LabFileMistake(
            "modules:\n  - {name: a, mac: 18:fe:34:00:00:01}\n  - {name: b, mac: 1a:fe:34:00:00:01}", 3,
            "modules[1].mac",
            "modules[0] has the MAC address \"1a:fe:34:00:00:01\" too; give one of them another mac."),
        LabFileMistake(
            "modules:\n  - {name: a, serial: \"tcp:7001\"}\n  - {name: b, serial: \"tcp:127.0.0.1:7001\"}", 3,
            "modules[1].serial", "modules[0] has the serial port \"tcp:127.0.0.1:7001\" too; choose another."),
        LabFileMistake(
            "modules:\n  - {name: a, serial: \"tcp:127.0.0.1:7001\"}\n  - {name: b, serial: \"tcp:localhost:7001\"}", 3,
            "modules[1].serial", "modules[0] has the serial port \"tcp:localhost:7001\" too; choose another."),
        LabFileMistake(
            "modules:\n  - {name: a, forward: [\"8080:80\"]}\n  - {name: b, forward: [\"127.0.0.1:8080:81\"]}", 3,
            "modules[1].forward", "modules[0] has the forwarded host port \"127.0.0.1:8080\" too; choose another."),
        LabFileMistake(
            "modules:\n  - {name: a, serial: \"pty:b.tty\"}\n  - name: b", 3, "modules[1].serial",
            "modules[0] has the serial port \"b.tty\" too; choose another."),
        LabFileMistake(
            "modules:\n  - {name: a, serial: stdio}\n  - {name: b, serial: stdio}", 3, "modules[1].serial",
            "modules[0] has the serial port \"stdio\" too; choose another."),
        LabFileMistake(
            "modules:\n  - {name: a, flash: x.flash}\n  - {name: b, flash: ./x.flash}", 3, "modules[1].flash",
            "modules[0] has the flash file \"x.flash\" too; give each its own."),
        LabFileMistake(
            "modules:\n  - {name: a, forward: [\"8080:80\"]}\n  - {name: b, forward: [\"8080:80\"]}", 3,
            "modules[1].forward", "modules[0] has the forwarded host port \"127.0.0.1:8080\" too; choose another."),
        LabFileMistake(
            "modules: [{name: esp}]\nair:\n  accessPoints:\n    - {ssid: a, bssid: 02:00:00:00:00:01}\n"
                + "    - {ssid: b, bssid: 02:00:00:00:00:01}",
            5, "air.accessPoints[1].bssid",
            "air.accessPoints[0] has the BSSID \"02:00:00:00:00:01\" too; leave one of them out."),
    ]
}
