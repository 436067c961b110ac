import ATAir
import ATFlash
import ATNetwork
import ATSerial

/// Why a lab could not start, or why it ended by itself; its description is one sentence.
public struct LabError: Error, Sendable, CustomStringConvertible {
    /// Which exit status it becomes (contract, Exit status).
    public enum Kind: Sendable, Hashable {
        /// A port, address, device or file is not to be had: 69.
        case unavailable
        /// Input or output failed: 74.
        case io
        /// The configuration is wrong: 78.
        case configuration
    }

    /// What it means for the program.
    public let kind: Kind
    /// The name of the module that has the trouble; nil for the lab as a whole.
    public let module: String?
    /// What is wrong, in a sentence.
    public let problem: String

    init(_ kind: Kind, module: String?, problem: String) {
        self.kind = kind
        self.module = module
        self.problem = problem
    }

    public var description: String {
        module.map { "\($0): \(problem)" } ?? problem
    }
}

extension LabError {
    /// The same trouble in the words of the lab.
    init(_ error: any Error, module: String) {
        switch error {
        case let error as LabError: self = error
        case let error as SerialPortError:
            self.init(error.kind == .unavailable ? .unavailable : .io, module: module, problem: error.description)
        case let error as NetworkError:
            self.init(.unavailable, module: module, problem: error.description)
        case let error as FlashFileError:
            let kind: Kind =
                switch error.kind {
                case .inUse, .unavailable: .unavailable
                case .invalid: .configuration
                case .io: .io
                }
            self.init(kind, module: module, problem: error.description)
        default:
            self.init(.io, module: module, problem: "\(error)")
        }
    }

    init(_ refusal: AccessPointRefusal, of accessPoint: AccessPoint) {
        let name = String(decoding: accessPoint.ssid, as: UTF8.self)
        self.init(
            .configuration, module: nil, problem: "the access point \"\(name)\" is refused: \(refusal.sentence)")
    }
}

extension AccessPointRefusal {
    /// What is wrong and what to do, as the end of a sentence.
    fileprivate var sentence: String {
        switch self {
        case .ssidLength: "an SSID has 1 to 32 bytes."
        case .channelOutOfRange: "a channel is 1 to 14."
        case .passwordTooLong: "a password has at most 64 bytes."
        case .noCapacity: "it has room for no station; give a capacity of 1 or more."
        case .subnetSize: "its subnet has no room for a gateway and a station; give a prefix from /8 to /30."
        case .leasesOutsideSubnet: "its DHCP range leaves its subnet."
        case .subnetOverlaps: "its subnet overlaps that of another network; give it another."
        case .bssidTaken: "another access point has its BSSID; leave one of them out."
        case .tooManyAccessPoints: "there are \(Air.maximumAccessPoints) already."
        case .unknownAccessPoint: "it is not on the air."
        case .leaseTimeOutOfRange: "a lease lasts 1 s or more."
        case .linkOutOfRange: "latency and jitter are 0 to 60 s, a loss is 0 to 100 %, a bandwidth at least 1 bit/s."
        case .fadingOutOfRange: "fading is 0 to 60 dB."
        case .positionOutOfRange: "a position is within 100 km."
        case .rangeOutOfRange: "a range is at least 1 cm."
        }
    }
}
