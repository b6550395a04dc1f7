import Glibc

/// How many descriptors this process may have open.
public enum DescriptorLimit {
    /// Raises the soft limit to the hard one: a descriptor a connection, and the usual soft limit of 1,024 is kept low
    /// only for programs that use select(2). Source: getrlimit(2).
    public static func raise() {
        guard var limit = read() else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// The soft limit.
    public static var current: Int { read().map { Int(clamping: $0.rlim_cur) } ?? 1024 }

    private static func read() -> rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
