import ATEngine

extension FlashReport {
    /// The report as lines for a terminal.
    public var lines: [String] {
        var lines = ["\(file): \(size) bytes"]
        if let problem { lines.append(problem) }
        lines.append(
            "trailer: \(trailer)\(trailer == "none" ? " (a bare image; it gets one with the first change)" : "")")
        lines.append("wear: \(wear.map { "\($0.total) erases" } ?? "not known")")
        lines.append("runs: \(runs ?? "not known")")
        lines += ["", Self.row("address", "sectors", "erases", "content")]
        lines += layout.map(line)
        lines += described(user, "User parameters", \.rows)
        lines += described(system, "System parameters", \.rows)
        return lines
    }

    private func line(_ region: Region) -> String {
        let sectors = Set(region.sectors).sorted().map { "0x" + Self.hexadecimal($0, digits: 2) }
        let isCurrent =
            region.content != "absent" && [user.currentAddress, system.currentAddress].contains(region.address)
        var content =
            switch region.content {
            case "data": "\(region.used) bytes"
            case "absent": "not in the file"
            default: "blank"
            }
        if region.content != "absent" {
            content = user.words(forFlagAt: region.address) ?? system.words(forFlagAt: region.address) ?? content
        }
        return Self.row(
            "0x" + Self.hexadecimal(region.address, digits: 5), sectors.joined(separator: "-"),
            region.erases.map { "\($0)" } ?? "?", "\(region.name): \(content)\(isCurrent ? " (current)" : "")")
    }

    private static func row(_ address: String, _ sectors: String, _ erases: String, _ content: String) -> String {
        padded(address, 9) + padded(sectors, 11) + String(repeating: " ", count: max(0, 6 - erases.count)) + erases
            + "  " + content
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    /// Both copies of a record, field by field.
    private func described<Settings>(
        _ record: Record<Settings>, _ title: String, _ rows: (Settings) -> [(String, String)]
    ) -> [String] {
        var lines: [String] = []
        for (index, copy) in record.copies.enumerated() {
            let mark = index == record.current && copy.content != "absent" ? ", current" : ""
            lines += ["", "\(title), copy \(index) (0x\(Self.hexadecimal(copy.address, digits: 5))\(mark))"]
            switch copy.content {
            case "settings": lines += (copy.settings.map(rows) ?? []).map { "  " + Self.padded($0.0, 17) + $0.1 }
            case "foreign":
                lines.append("  foreign: not a record of vesp; its layout is not known, it reads as defaults")
            case "absent": lines.append("  not in the file")
            default: lines.append("  blank: all settings are the defaults")
            }
        }
        return lines
    }
}

extension FlashReport.Record {
    /// The address of the copy that counts.
    fileprivate var currentAddress: Int { copies[current].address }

    /// What the flag says; nil when it is not at `address`.
    fileprivate func words(forFlagAt address: Int) -> String? {
        guard address == flagAddress else { return nil }
        return "0x\(FlashReport.hexadecimal(Int(flag), digits: 2)), copy \(current) is current"
    }
}

extension FlashReport.User {
    fileprivate var rows: [(String, String)] {
        [
            ("UART", uart.map(\.text) ?? "default"),
            ("station address", stationAddress ?? "default"),
            ("station MAC", stationMAC ?? "default"),
            ("station DHCP", stationDHCP ? "on" : "off"),
            ("softAP address", softAPAddress ?? "default"),
            ("softAP MAC", softAPMAC ?? "default"),
            ("softAP DHCP", softAPDHCP ? "on" : "off"),
            ("transparent mode", transparent.map(\.text) ?? "off"),
        ]
    }
}

extension FlashReport.Line {
    fileprivate var text: String {
        "\(baud) baud, data bits \(dataBits), stop bits \(stopBits), parity \(parity), flow control \(flowControl)"
    }
}

extension FlashReport.Transparent {
    fileprivate var text: String {
        guard let remote else { return "on, with no connection" }
        return "on, \(remote)\(transport.map { ", stored as \($0)" } ?? "")"
    }
}

extension FlashReport.System {
    fileprivate var rows: [(String, String)] {
        let modes: [UInt8: String] = [1: "station", 2: "softAP", 3: "station and softAP"]
        var rows = [
            ("mode", "\(mode) (\(modes[mode] ?? "not known"))"),
            ("joins", ssid.isEmpty ? "nothing" : "\"\(ssid)\", password \"\(password)\""),
            ("auto-connect", autoConnect ? "on" : "off"),
        ]
        rows.append(("softAP", softAP.map(\.text) ?? "default"))
        rows.append(("runs", runs))
        return rows
    }
}

extension FlashReport.AccessPoint {
    fileprivate var text: String { "\"\(ssid)\", password \"\(password)\", channel \(channel), \(security)" }
}
