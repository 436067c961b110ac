import ATAir
import ATNetwork
import ATPrimitives
import ATSerial

// What only one can have.
extension LabSections {
    /// Notes access points and modules that have the same MAC address, and modules that have the same name, serial port,
    /// flash file or forwarded port.
    func checkNothingIsShared(_ problems: inout LabFileProblems) {
        var addresses = Ownership(noun: "MAC address")
        var names = Ownership(noun: "name")
        var ports = Ownership(noun: "serial port")
        var files = Ownership(noun: "flash file")
        var hostPorts = Ownership(noun: "forwarded host port")
        for module in modules {
            problems.note { () throws(ConfigurationError) in
                try names.claim(module.value.name, for: module, key: "name", remedy: "choose another")
                for address in module.value.addresses {
                    try addresses.claim(
                        address.description, for: module, key: "mac", remedy: "give one of them another mac")
                }
                if let port = module.value.serial.exclusiveName {
                    try ports.claim(
                        port.identity, shown: port.shown, for: module, key: "serial", remedy: "choose another")
                }
                if let flash = module.value.flash.map(FilePath.init) {
                    try files.claim(
                        flash.identity, shown: flash.shown, for: module, key: "flash", remedy: "give each its own")
                }
                for port in module.value.forwards.compactMap({ $0.exclusiveName(bind: network.policy.bind) }) {
                    try hostPorts.claim(port, for: module, key: "forward", remedy: "choose another")
                }
            }
        }
        var bssids = Ownership(noun: "BSSID")
        for accessPoint in accessPoints {
            guard let bssid = accessPoint.value.bssid else { continue }
            problems.note { () throws(ConfigurationError) in
                try bssids.claim(bssid.description, for: accessPoint, key: "bssid", remedy: "leave one of them out")
                try addresses.claim(bssid.description, for: accessPoint, key: "bssid", remedy: "give it another")
            }
        }
    }
}

// Who has which address.
extension LabSections {
    /// Notes subnets that overlap and guests that would be nobody, or somebody else.
    func checkAddresses(_ problems: inout LabFileProblems) {
        // The air itself says which subnet each access point gets.
        var air = Air(seed: 0, delays: .none)
        for accessPoint in accessPoints {
            if let other = overlap(of: accessPoint, in: air) {
                problems.add(overlapError(accessPoint, with: other, whichHas: air.accessPoints[other].subnet))
                return
            }
            do throws(AccessPointRefusal) { _ = try air.add(accessPoint.value, at: .zero) } catch {
                problems.add(accessPoint.place.error("the air refuses this access point (\(error)); change it."))
                return
            }
        }
        for guest in network.guests {
            if let sentence = refusal(of: guest.value, in: air) { problems.add(guest.place.error(sentence)) }
        }
    }

    /// The place of an access point that is on the air already, and whose subnet overlaps that of a further one without
    /// being its network.
    private func overlap(of accessPoint: LabPart<AccessPoint>, in air: Air) -> Int? {
        guard let subnet = accessPoint.value.subnet else { return nil }
        return air.accessPoints.firstIndex { other in
            other.subnet.overlaps(subnet)
                && !(other.subnet == subnet && other.settings.ssid == accessPoint.value.ssid)
        }
    }

    private func overlapError(
        _ accessPoint: LabPart<AccessPoint>, with index: Int, whichHas subnet: Subnet
    ) -> ConfigurationError {
        let other = accessPoints[index]
        let line = (other.place.child("subnet")?.line ?? other.place.line).map { " (line \($0))" } ?? ""
        return accessPoint.error(
            "subnet",
            "the subnet overlaps \(subnet) of \(other.label)\(line), which is another network; give one of them another, "
                + "or both the same ssid and subnet.")
    }

    private func refusal(of guest: Guest, in air: Air) -> String? {
        let address = guest.address
        guard guest.program.address.isLoopback || network.policy.permits(guest.program.address) else {
            return "network.allow and network.deny forbid \(guest.program.address); allow it, or give a program on "
                + "loopback."
        }
        var isSomewhere = false
        for (accessPoint, described) in zip(air.accessPoints, accessPoints)
        where accessPoint.subnet.contains(address) {
            isSomewhere = true
            if let sentence = Self.refusal(of: address, in: accessPoint.subnet, gateway: accessPoint.gateway) {
                return sentence
            }
            if let pool = accessPoint.pool, pool.contains(address) {
                return
                    "\(address) is in the DHCP range \(pool.lowerBound)-\(pool.upperBound) of \(described.label), which "
                    + "may give it to another; choose one outside, or change dhcp."
            }
        }
        let softAP = Subnet(ofSoftAP: .softAP)
        if softAP.contains(address) {
            return Self.refusal(of: address, in: softAP, gateway: .softAP)
        }
        guard !isSomewhere else { return nil }
        return
            "\(address) is in no subnet of the lab; choose one of an access point's subnet, or of \(softAP) for softAPs."
    }

    private static func refusal(of address: IPv4Address, in subnet: Subnet, gateway: IPv4Address) -> String? {
        if address == gateway { return "\(address) is the gateway of \(subnet); choose another address." }
        if address == subnet.base || address == subnet.broadcast {
            return "\(address) is the address of the whole subnet \(subnet); choose another."
        }
        return nil
    }
}

extension Subnet {
    /// Whether an address is in both.
    fileprivate func overlaps(_ other: Subnet) -> Bool { contains(other.base) || other.contains(base) }
}

extension IPv4Address {
    fileprivate var isLoopback: Bool { Subnet(containing: .loopback, prefixLength: 8).contains(self) }
}
