import Glibc

/// Set by the handler alone; read after a wait.
nonisolated(unsafe) private var interruptions: sig_atomic_t = 0

/// While this lives, Ctrl-C (SIGINT) ends waits on descriptors instead of the program. It is blocked except inside the
/// wait, so that none is lost between looking and waiting.
struct Interrupt: ~Copyable {
    private let isCatching: Bool
    private var previousAction = sigaction()
    private var previousMask = sigset_t()

    enum Outcome {
        case readable
        case writable
        case interrupted
        case silent
    }

    /// - Parameter catching: false leaves Ctrl-C as it is: it ends the program.
    init(catching: Bool) {
        isCatching = catching
        guard catching else {
            sigprocmask(SIG_SETMASK, nil, &previousMask)
            return
        }
        interruptions = 0
        var blocked = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGINT)
        sigprocmask(SIG_BLOCK, &blocked, &previousMask)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in interruptions = 1 }
        sigaction(SIGINT, &action, &previousAction)
    }

    deinit {
        guard isCatching else { return }
        // Unblocked first, so that one that came meanwhile reaches the handler and not the program's end.
        var (mask, action) = (previousMask, previousAction)
        sigprocmask(SIG_SETMASK, &mask, nil)
        sigaction(SIGINT, &action, nil)
    }

    /// Whether Ctrl-C was pressed by now.
    var hasCome: Bool { wait(readable: nil, seconds: 0) == .interrupted }

    /// Waits until one of the descriptors is ready, the first of them before the second. Only descriptors below
    /// FD_SETSIZE (1,024) can be waited for.
    /// - Parameter seconds: nil waits without end.
    func wait(readable: Int32?, writable: Int32? = nil, seconds: Int?) -> Outcome {
        while true {
            var (reads, writes) = (fd_set(holding: readable), fd_set(holding: writable))
            let result = select(max(readable ?? -1, writable ?? -1) + 1, &reads, &writes, seconds)
            if isCatching && interruptions != 0 { return .interrupted }
            if result == 0 { return .silent }
            if result > 0 { return readable.map { reads.contains($0) } ?? false ? .readable : .writable }
            // An error other than EINTR comes back from the call that follows.
            if errno != EINTR { return readable == nil ? .writable : .readable }
        }
    }

    private func select(_ end: Int32, _ reads: inout fd_set, _ writes: inout fd_set, _ seconds: Int?) -> Int32 {
        var mask = previousMask
        guard let seconds else { return pselect(end, &reads, &writes, nil, nil, &mask) }
        var limit = timespec(tv_sec: seconds, tv_nsec: 0)
        return pselect(end, &reads, &writes, nil, &limit, &mask)
    }
}

extension fd_set {
    fileprivate init(holding descriptor: Int32?) {
        self.init()
        guard let descriptor else { return }
        withUnsafeMutableBytes(of: &self) { $0[Int(descriptor) / 8] |= 1 << UInt8(descriptor % 8) }
    }

    fileprivate func contains(_ descriptor: Int32) -> Bool {
        withUnsafeBytes(of: self) { $0[Int(descriptor) / 8] & 1 << UInt8(descriptor % 8) != 0 }
    }
}
