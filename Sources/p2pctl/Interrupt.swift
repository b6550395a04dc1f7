import Glibc

/// Set by the handler alone; read after a wait.
nonisolated(unsafe) private var interruptions: sig_atomic_t = 0

/// While this lives, Ctrl-C (SIGINT) ends waits on a descriptor instead of the program. It is blocked except inside the
/// wait, so that none is lost between looking and waiting.
struct Interrupt: ~Copyable {
    private let isCatching: Bool
    private var previousAction = sigaction()
    private var previousMask = sigset_t()

    enum Outcome {
        case readable
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

    /// Waits until `descriptor` can be read. Only descriptors below FD_SETSIZE (1,024) can be waited for.
    /// - Parameter seconds: nil waits without end.
    func wait(for descriptor: Int32, seconds: Int?) -> Outcome {
        while true {
            let result = select(descriptor, seconds)
            if isCatching && interruptions != 0 { return .interrupted }
            if result == 0 { return .silent }
            // An error other than EINTR comes back from the read that follows.
            if result > 0 || errno != EINTR { return .readable }
        }
    }

    private func select(_ descriptor: Int32, _ seconds: Int?) -> Int32 {
        var set = fd_set()
        withUnsafeMutableBytes(of: &set) { $0[Int(descriptor) / 8] |= 1 << UInt8(descriptor % 8) }
        var mask = previousMask
        guard let seconds else { return pselect(descriptor + 1, &set, nil, nil, nil, &mask) }
        var limit = timespec(tv_sec: seconds, tv_nsec: 0)
        return pselect(descriptor + 1, &set, nil, nil, &limit, &mask)
    }
}
