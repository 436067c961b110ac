import Glibc

/// The descriptors of this process.
enum OpenDescriptors {
    static var count: Int { (0..<1_024).count { fcntl($0, F_GETFD) >= 0 } }
}

/// How many descriptors this process may have; for tests that are a process of their own.
enum DescriptorLimit {
    /// - Returns: The limit before.
    static func take(_ count: Int) throws -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { throw PeerError(errorNumber: errno) }
        let before = Int(limit.rlim_cur)
        limit.rlim_cur = rlim_t(count)
        guard setrlimit(resource, &limit) == 0 else { throw PeerError(errorNumber: errno) }
        return before
    }
}
