import Foundation

/// The process can open nothing more, until the shortage ends. The limit holds for all threads: for tests in a process of
/// their own.
public struct DescriptorShortage {
    private var limit = rlimit()
    private var fillers: [Int32] = []

    /// - Parameter highest: descriptors above it cannot be opened; those below are taken, also what other threads of the
    ///   process give back in the first moments.
    public init(above highest: Int32) {
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var low = rlimit(rlim_cur: rlim_t(highest) + 1, rlim_max: limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &low)
        for _ in 0..<50 {
            while case let filler = dup(highest), filler >= 0 { fillers.append(filler) }
            usleep(10_000)
        }
    }

    public mutating func end() {
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        for filler in fillers { close(filler) }
        fillers = []
    }
}
