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
            }
            if let thread = body.start() { threads.append(thread) }
        }
    }

    /// - Parameter isUrgent: runs before every job that is not.
    public func submit(_ job: Job, isUrgent: Bool = true) {
        queue.add(job, isUrgent: isUrgent)
    }

    /// Lets running jobs end, drops waiting ones, and returns when every thread has ended.
    public func shutDown() {
        queue.close()
        for thread in threads { pthread_join(thread, nil) }
        threads = []
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
