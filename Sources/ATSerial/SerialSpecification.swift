/// Where the serial line of a module is, as a person writes it after `--serial` (contract, Serial kinds).
public enum SerialSpecification: Sendable, Hashable {
    /// A pseudo-terminal, with a symbolic link to it at `link`.
    case pseudoTerminal(link: String?)
    /// A TCP listener on `host` (an address or a name, without brackets) and `port` (0 picks one).
    case tcp(host: String, port: UInt16)
    /// A listener for telnet clients with RFC 2217; host and port as above.
    case rfc2217(host: String, port: UInt16)
    /// A listening Unix socket.
    case unix(path: String)
    /// A real UART.
    case device(path: String)
    /// Standard input and output.
    case standardStreams

    /// The address on which `tcp:PORT` and `rfc2217:PORT` listen.
    public static let defaultHost = "127.0.0.1"

    /// Reads a specification: `pty[:LINK]`, `tcp:[HOST:]PORT`, `rfc2217:[HOST:]PORT`, `unix:PATH`,
    /// `device:PATH` or `stdio`.
    ///
    /// - Throws: what is wrong with `text` and what to write instead, in one sentence.
    public init(_ text: String) throws(SerialSpecificationError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let argument = parts.count > 1 ? parts[1] : nil
        guard !text.utf8.contains(0) else {
            throw SerialSpecificationError(text, "has a NUL byte in it; leave it out")
        }
        switch (parts[0], argument) {
        case ("pty", nil): self = .pseudoTerminal(link: nil)
        case ("pty", let link?) where !link.isEmpty: self = .pseudoTerminal(link: link)
        case ("pty", _): throw SerialSpecificationError(text, "names no link; write pty:LINK, or pty for none")
        case ("tcp", let address?):
            let (host, port) = try Self.endpoint(address, of: "tcp", in: text)
            self = .tcp(host: host, port: port)
        case ("rfc2217", let address?):
            let (host, port) = try Self.endpoint(address, of: "rfc2217", in: text)
            self = .rfc2217(host: host, port: port)
        case ("tcp", nil), ("rfc2217", nil):
            throw SerialSpecificationError(text, "has no port; write \(parts[0]):PORT or \(parts[0]):HOST:PORT")
        case ("unix", let path?) where !path.isEmpty: self = .unix(path: path)
        case ("device", let path?) where !path.isEmpty: self = .device(path: path)
        case ("unix", _), ("device", _):
            throw SerialSpecificationError(text, "has no path; write \(parts[0]):PATH")
        case ("stdio", nil): self = .standardStreams
        case ("stdio", _): throw SerialSpecificationError(text, "has something after stdio; write stdio alone")
        default:
            throw SerialSpecificationError(
                text,
                "is of no known kind; use pty[:LINK], tcp:[HOST:]PORT, rfc2217:[HOST:]PORT, unix:PATH, device:PATH or "
                    + "stdio")
        }
    }

    private static func endpoint(
        _ address: String, of kind: String, in text: String
    ) throws(SerialSpecificationError) -> (host: String, port: UInt16) {
        var host = Self.defaultHost
        var port = address
        if address.hasPrefix("[") {
            guard let end = address.firstRange(of: "]:"), end.lowerBound > address.index(after: address.startIndex)
            else {
                throw SerialSpecificationError(
                    text, "has no port after the address in brackets; write \(kind):[::1]:PORT")
            }
            host = String(address[address.index(after: address.startIndex)..<end.lowerBound])
            port = String(address[end.upperBound...])
        } else if let colon = address.lastIndex(of: ":") {
            host = String(address[..<colon])
            port = String(address[address.index(after: colon)...])
            guard !host.isEmpty else {
                throw SerialSpecificationError(text, "has an empty host; write \(kind):PORT or \(kind):HOST:PORT")
            }
            guard !host.contains(":") else {
                throw SerialSpecificationError(text, "has an IPv6 address without brackets; write \(kind):[::1]:PORT")
            }
        }
        guard let number = UInt16(port), port.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else {
            throw SerialSpecificationError(text, "has the port “\(port)”; a port is a number from 0 to 65535")
        }
        return (host, number)
    }

    /// The same line at another path, if it has one.
    public func mapPath(_ transform: (String) -> String) -> Self {
        switch self {
        case .pseudoTerminal(let link): .pseudoTerminal(link: link.map(transform))
        case .unix(let path): .unix(path: transform(path))
        case .device(let path): .device(path: transform(path))
        case .tcp, .rfc2217, .standardStreams: self
        }
    }
}

extension SerialSpecification: CustomStringConvertible {
    /// The text that gives this specification.
    public var description: String {
        switch self {
        case .pseudoTerminal(nil): "pty"
        case .pseudoTerminal(let link?): "pty:\(link)"
        case .tcp(let host, let port): "tcp:\(Self.endpoint(host, port))"
        case .rfc2217(let host, let port): "rfc2217:\(Self.endpoint(host, port))"
        case .unix(let path): "unix:\(path)"
        case .device(let path): "device:\(path)"
        case .standardStreams: "stdio"
        }
    }

    /// A host and a port in one text, with an IPv6 address in brackets.
    static func endpoint(_ host: String, _ port: UInt16) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// A specification that cannot be understood; its description is one sentence with the remedy.
public struct SerialSpecificationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was written.
    public let text: String
    /// What is wrong with it and what to write instead.
    public let problem: String

    init(_ text: String, _ problem: String) {
        self.text = text
        self.problem = problem
    }

    public var description: String { "the serial line “\(text)” \(problem)" }
}
