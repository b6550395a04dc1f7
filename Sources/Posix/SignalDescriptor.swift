import CLinux
import Glibc

/// Signals as bytes to read, in order with all other events. Source: signalfd(2).
public struct SignalDescriptor: ~Copyable {
    /// What asks a daemon to end.
    public static let termination = [SIGTERM, SIGINT]

    private let descriptor: FileDescriptor
    public var rawValue: Int32 { descriptor.rawValue }

    /// Blocks `signals` for this thread and every thread it starts later, and reads them here instead.
    public init(_ signals: [Int32]) throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        descriptor = FileDescriptor(
            owning: try check("create", "a signalfd") {
                signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
            })
    }

    /// - Returns: the next signal that arrived, or nil.
    public func next() -> Int32? {
        var info = signalfd_siginfo()
        let count = retrying { read(descriptor.rawValue, &info, MemoryLayout<signalfd_siginfo>.size) }
        return count == MemoryLayout<signalfd_siginfo>.size ? Int32(info.ssi_signo) : nil
    }

    /// Waits for one of `signals`, which are blocked.
    /// - Returns: nil when none has come in time.
    public static func wait(for signals: [Int32], seconds: Int) -> Int32? {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        var limit = timespec(tv_sec: seconds, tv_nsec: 0)
        let signal = sigtimedwait(&set, nil, &limit)
        return signal > 0 ? signal : nil
    }

    /// A write to a closed socket answers EPIPE instead of ending the process.
    public static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}
