import ATNetwork
import ATPrimitives
import ATSerial
import Glibc

/// The path of a file, and what tells it from other files.
struct FilePath {
    /// Without its `.` components and doubled slashes.
    let shown: String
    /// The same for two paths of one file, through whatever directories they go.
    let identity: String

    init(_ path: String) {
        let components = path.split(separator: "/").filter { $0 != "." }
        shown = (path.hasPrefix("/") ? "/" : "") + components.joined(separator: "/")
        // The last component is not followed, since a terminal's link leads to another place in each run.
        let directory = (path.hasPrefix("/") ? "/" : "./") + components.dropLast().joined(separator: "/")
        identity = Self.realPath(directory).map { "\($0)/\(components.last ?? "")" } ?? shown
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension SerialSpecification {
    /// What two modules cannot both have; nil when there is enough for all.
    var exclusiveName: (identity: String, shown: String)? {
        switch self {
        case .pseudoTerminal(nil), .tcp(_, port: 0), .rfc2217(_, port: 0): nil
        case .pseudoTerminal(let path?), .unix(let path), .device(let path):
            (FilePath(path).identity, FilePath(path).shown)
        // Both kinds listen on TCP, so one address serves one of them.
        case .tcp(let host, let port), .rfc2217(let host, let port):
            ("tcp:\(host == "localhost" ? "127.0.0.1" : host):\(port)", "tcp:\(host):\(port)")
        case .standardStreams: (description, description)
        }
    }

    /// As people write it: a path that was taken from a directory has no `.` components.
    var shown: String {
        switch self {
        case .pseudoTerminal(let path?): "pty:\(FilePath(path).shown)"
        case .unix(let path): "unix:\(FilePath(path).shown)"
        case .device(let path): "device:\(FilePath(path).shown)"
        case .pseudoTerminal(nil), .tcp, .rfc2217, .standardStreams: description
        }
    }
}

extension Forward {
    /// The host port that it takes; nil when it takes a free one.
    /// - Parameter bind: where it is bound if it does not say.
    func exclusiveName(bind: IPv4Address) -> String? {
        hostPort == 0 ? nil : "\(host ?? bind):\(hostPort)"
    }
}

extension ModuleConfiguration {
    /// The MACs of its station and its softAP, which may be the same.
    var addresses: [MACAddress] { mac == mac.softAP ? [mac] : [mac, mac.softAP] }
}

extension LabConfiguration {
    /// Refuses labs of one process that cannot run together, since two of them have the same serial port, flash file or
    /// forwarded host port. MAC addresses may be the same: each lab has an air of its own.
    /// - Parameter labs: each with the path of its file.
    public static func checkNothingIsShared(
        among labs: [(path: String, lab: LabConfiguration)]
    ) throws(ConfigurationError) {
        var owners: [String: (path: String, module: String)] = [:]
        for (path, lab) in labs {
            for module in lab.modules {
                for (thing, shown) in module.exclusiveThings(of: lab) {
                    if let owner = owners[thing], owner.path != path {
                        throw ConfigurationError(
                            file: path, key: nil,
                            sentence: "\(module.name) has the \(shown), and so has \(owner.module) of \(owner.path); "
                                + "give one of them another.")
                    }
                    owners[thing] = (path, module.name)
                }
            }
        }
    }
}

extension ModuleConfiguration {
    /// What no other module of the process can have, with the words for it.
    fileprivate func exclusiveThings(of lab: LabConfiguration) -> [(identity: String, shown: String)] {
        var things: [(String, String)] = []
        if let port = serial.exclusiveName {
            things.append(("serial \(port.identity)", "serial port \(InvalidValue.quoted(port.shown))"))
        }
        if let path = flash.map(FilePath.init) {
            things.append(("flash \(path.identity)", "flash file \(InvalidValue.quoted(path.shown))"))
        }
        for port in forwards.compactMap({ $0.exclusiveName(bind: lab.network.bind) }) {
            things.append(("port \(port)", "forwarded host port \(port)"))
        }
        return things
    }
}
