import Glibc

/// A few threads for what may wait: disks, and hashing. They see a job and give back a completion, nothing else.
public final class WorkerPool<Job: Sendable, Completion: Sendable> {
    private let queue = JobQueue<Job>()
    private var threads: [pthread_t] = []

    /// - Parameters:
    ///   - count: threads, 1 to 4.
    ///   - mailbox: where completions go.
    ///   - makeWorker: called once on each thread; what it captures or makes stays on that thread.
    public init(
        count: Int, mailbox: Mailbox<Completion>, makeWorker: @escaping @Sendable () -> (Job) -> Completion
    ) {
        for _ in 0..<max(1, min(4, count)) {
            let body = ThreadBody { [queue] in
                let work = makeWorker()
                while let job = queue.take() { mailbox.post(work(job)) }
                queue.leave()
            }
            queue.enter()
            if let thread = body.start() { threads.append(thread) } else { queue.leave() }
        }
    }

    /// - Parameter isUrgent: runs before every job that is not.
    public func submit(_ job: Job, isUrgent: Bool = true) {
        queue.add(job, isUrgent: isUrgent)
    }

    /// Lets running jobs end, drops waiting ones, and returns when every thread has ended or the time is over.
    /// - Parameter limit: nanoseconds, at most a minute: a job may be waiting for a resolver, or for a disk that hangs.
    /// - Returns: false if a thread is still at its job; then the process had better end without cleaning up.
    @discardableResult
    public func shutDown(waitingAtMost limit: UInt64 = 60_000_000_000) -> Bool {
        queue.close()
        guard queue.waitForWorkers(nanoseconds: min(limit, 60_000_000_000)) else { return false }
        for thread in threads { pthread_join(thread, nil) }
        threads = []
        return true
    }

    deinit { queue.close() }
}

/// What a thread runs, carried through the C entry point.
private final class ThreadBody: Sendable {
    private let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }

    func start() -> pthread_t? {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            return nil
        }
        return thread
    }
}
