import ATPrimitives
import CPosix
import NIOCore
import NIOPosix

/// Finds the address of a name: in the policy's table, else from the system's resolver on a thread, since that blocks.
final class NameResolver {
    /// It owns this object, and a question that runs keeps it.
    private unowned let network: HostNetwork
    private let threadPool: NIOThreadPool
    private var running = 0

    init(network: HostNetwork, threadPool: NIOThreadPool) {
        self.network = network
        self.threadPool = threadPool
    }

    func resolve(_ lookup: Lookup, name bytes: [UInt8]) {
        let name = String(decoding: bytes, as: UTF8.self)
        switch network.policy.answer(for: name) {
        case .address(let address): network.report(.resolved(lookup, address))
        case .notFound: network.report(.resolved(lookup, nil))
        case .notListed:
            if let address = IPv4Address(name) {
                network.report(.resolved(lookup, address))
            } else if DomainName.isValid(bytes), running < NetworkLimits.lookups {
                ask(lookup, name)
            } else {
                network.report(.resolved(lookup, nil))
            }
        }
    }

    private func ask(_ lookup: Lookup, _ name: String) {
        running += 1
        let generation = network.generation
        threadPool.runIfActive(eventLoop: network.loop) { () -> IPv4Address? in
            var address: UInt32 = 0
            return cposix_resolve_ipv4(name, &address) == 0 ? IPv4Address(value: address) : nil
        }
        .assumeIsolated()
        .whenComplete { [network] result in
            self.running -= 1
            // The module that asked is gone, or its radio is: then the answer is lost.
            guard generation == network.generation, network.isAttached else { return }
            switch result {
            case .success(let address): network.report(.resolved(lookup, address))
            case .failure: network.report(.resolved(lookup, nil))
            }
        }
    }
}

/// What may be asked of a resolver.
enum DomainName {
    /// Whether the bytes are a name: letters, digits, hyphens and underscores in labels of 1 to 63 bytes, at most 253 in
    /// all, perhaps with a dot at the end, and no number in the last label. The C library takes `1`, `0x7f.1` or
    /// `127.1` for addresses, which no name server would answer.
    static func isValid(_ bytes: [UInt8]) -> Bool {
        let name = bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes[...]
        guard (1...253).contains(name.count) else { return false }
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let last = labels.last, let first = last.first, !isDigit(first) else { return false }
        return labels.allSatisfy { (1...63).contains($0.count) && $0.allSatisfy(isNameByte) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: isDigit(byte)
        }
    }
}
