import ATPrimitives
import CPosix
import Glibc

@testable import ATNetwork

/// Which ways of sending an echo request this machine allows.
enum WorkingEchoMethods {
    static let all = EchoMethod.allCases.filter { method in
        switch method {
        case .datagramSocket, .rawSocket:
            let descriptor = cposix_icmp_socket(method == .rawSocket)
            guard descriptor >= 0 else { return false }
            close(descriptor)
            return true
        case .program: return EchoProgram(program: "ping").ping(.loopback) != nil
        }
    }
}

/// A shell script in a directory of its own, which goes with the object.
final class TemporaryProgram {
    let path: String
    private let directory: String

    init(_ script: String) throws {
        var template = Array("/tmp/vesp-network-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw PeerError(errorNumber: errno) }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        path = directory + "/program"
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o700)
        guard descriptor >= 0 else { throw PeerError(errorNumber: errno) }
        let text = Array("#!/bin/sh\n\(script)\n".utf8)
        let written = write(descriptor, text, text.count)
        Glibc.close(descriptor)
        guard written == text.count else { throw PeerError(errorNumber: errno) }
    }

    deinit {
        unlink(path)
        rmdir(directory)
    }
}
