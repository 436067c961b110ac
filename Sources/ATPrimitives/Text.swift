// What the core has no use for, since it must compile without String: how values read and are read on the host.
#if !hasFeature(Embedded)
    extension IPv4Address: CustomStringConvertible, LosslessStringConvertible {
        /// Four decimal numbers from 0 to 255 with dots, and nothing else; nil for any other text.
        public init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 4 else { return nil }
            var value: UInt32 = 0
            for part in parts {
                guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let octet = UInt8(part) else { return nil }
                value = value << 8 | UInt32(octet)
            }
            self.init(value: value)
        }

        public var description: String {
            let (a, b, c, d) = octets
            return "\(a).\(b).\(c).\(d)"
        }
    }

    extension Endpoint: CustomStringConvertible, LosslessStringConvertible {
        /// `address:port`, for example `192.168.1.10:80`; nil for any other text.
        public init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let address = IPv4Address(String(parts[0])),
                parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(parts[1])
            else { return nil }
            self.init(address: address, port: port)
        }

        public var description: String { "\(address):\(port)" }
    }

    extension Subnet: CustomStringConvertible, LosslessStringConvertible {
        /// `address/prefix`, for example `192.168.1.0/24`; bits after the prefix must be zero. Nil for any other text.
        public init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let address = IPv4Address(String(parts[0])),
                parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let prefix = Int(parts[1]),
                (0...32).contains(prefix)
            else { return nil }
            self.init(containing: address, prefixLength: prefix)
            guard base == address else { return nil }
        }

        public var description: String { "\(base)/\(prefixLength)" }
    }

    extension MACAddress: CustomStringConvertible, LosslessStringConvertible {
        /// Six pairs of hexadecimal digits with colons; nil for any other text.
        public init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 6 else { return nil }
            var value: UInt64 = 0
            for part in parts {
                guard part.utf8.count == 2, part.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
                    let byte = UInt8(part, radix: 16)
                else { return nil }
                value = value << 8 | UInt64(byte)
            }
            self.init(value: value)
        }

        public var description: String {
            var text = ""
            for index in 0..<6 {
                let digits = String(self[index], radix: 16)
                text += (index == 0 ? "" : ":") + (digits.count == 1 ? "0" : "") + digits
            }
            return text
        }
    }

    extension Interval: CustomStringConvertible {
        public var description: String {
            if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000)s" }
            if microseconds % 1_000 == 0 { return "\(microseconds / 1_000)ms" }
            return "\(microseconds)us"
        }
    }

    extension Instant: CustomStringConvertible {
        public var description: String { (self - .zero).description }
    }
#endif
