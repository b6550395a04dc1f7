import Glibc

/// Jobs waiting for a worker: urgent ones first, each kind in order.
///
/// Unchecked: every access to the state is between lock and unlock of `mutex`, which the compiler cannot see.
final class JobQueue<Job: Sendable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let available: UnsafeMutablePointer<pthread_cond_t>
    private var urgent = FIFO<Job>()
    private var background = FIFO<Job>()
    private var isClosed = false
    private var workerCount = 0

    init() {
        mutex = .allocate(capacity: 1)
        available = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(available, nil)
    }

    deinit {
        pthread_cond_destroy(available)
        pthread_mutex_destroy(mutex)
        available.deallocate()
        mutex.deallocate()
    }

    func add(_ job: Job, isUrgent: Bool) {
        pthread_mutex_lock(mutex)
        if isUrgent { urgent.append(job) } else { background.append(job) }
        pthread_cond_signal(available)
        pthread_mutex_unlock(mutex)
    }

    /// Waits for a job.
    /// - Returns: nil when the queue is closed.
    func take() -> Job? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isClosed {
            if let job = urgent.popFirst() ?? background.popFirst() { return job }
            pthread_cond_wait(available, mutex)
        }
        return nil
    }

    /// A worker that will take jobs counts from now on until it leaves.
    func enter() {
        pthread_mutex_lock(mutex)
        workerCount += 1
        pthread_mutex_unlock(mutex)
    }

    func leave() {
        pthread_mutex_lock(mutex)
        workerCount -= 1
        pthread_cond_broadcast(available)
        pthread_mutex_unlock(mutex)
    }

    /// - Returns: whether every worker has left before the time was over.
    func waitForWorkers(nanoseconds: UInt64) -> Bool {
        var end = timespec()
        // pthread_cond_timedwait(3) counts on this clock unless told otherwise.
        clock_gettime(CLOCK_REALTIME, &end)
        let sum = UInt64(end.tv_nsec) + nanoseconds
        end.tv_sec += Int(sum / 1_000_000_000)
        end.tv_nsec = Int(sum % 1_000_000_000)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while workerCount > 0 {
            if pthread_cond_timedwait(available, mutex, &end) == ETIMEDOUT { return workerCount == 0 }
        }
        return true
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(available)
        pthread_mutex_unlock(mutex)
    }
}

/// An array that is emptied from the front in amortized constant time.
private struct FIFO<Element> {
    private var elements: [Element?] = []
    private var head = 0

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count || head > 1024 {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}
