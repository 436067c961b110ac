import Glibc

/// How many files and sockets this process may have open.
enum DescriptorLimit {
    /// A lab of a thousand modules with a few sockets each.
    private static let wanted: rlim_t = 65_536

    /// Raises the limit, usually 1024 for the sake of select(2), as far as the system lets a process do so by itself.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let raised = min(wanted, limit.rlim_max)
        guard raised > limit.rlim_cur else { return }
        limit.rlim_cur = raised
        // What cannot be raised stays as it is; whoever runs out of descriptors hears of it then.
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
