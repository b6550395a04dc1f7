import Foundation
import Posix
import TestSupport
import Testing

@testable import Reactor

@Suite struct WorkerPoolTests {
    private let reactor: Reactor<Int>
    private let script = Script()

    init() throws {
        reactor = try Reactor<Int>()
    }

    /// Ticks until so many completions have come, five seconds at most.
    private func complete(_ count: Int) throws -> [Int] {
        let deadline = Deadline(5)
        while script.events.count < count, !deadline.isOver {
            try reactor.tick(script, waitingAtMost: 50_000_000)
        }
        return script.events.compactMap { if case .completed(let value) = $0 { value } else { nil } }
    }

    @Test("Every job comes back as a completion, whatever the number of threads", arguments: [1, 2, 4])
    func completions(_ threads: Int) throws {
        let pool = WorkerPool<Int, Int>(count: threads, mailbox: reactor.mailbox) { { $0 * 2 } }
        defer { pool.shutDown() }
        for job in 0..<1000 { pool.submit(job, isUrgent: job % 2 == 0) }
        #expect(try complete(1000).sorted() == (0..<1000).map { $0 * 2 })
    }

    @Test("Urgent jobs run before those that are not, each kind in the order it was submitted")
    func urgency() throws {
        let (running, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let pool = WorkerPool<Int, Int>(count: 1, mailbox: reactor.mailbox) {
            { job in
                if job == 0 {
                    running.signal()
                    gate.wait()
                }
                return job
            }
        }
        defer { pool.shutDown() }
        pool.submit(0)
        running.wait()
        for job in 1...5 { pool.submit(job, isUrgent: false) }
        for job in 6...10 { pool.submit(job) }
        gate.signal()
        #expect(try complete(11) == [0, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5])
    }

    @Test("A worker is made once on each thread, which it never leaves")
    func perThread() throws {
        let pool = WorkerPool<Int, Int>(count: 3, mailbox: reactor.mailbox) {
            let home = pthread_self()
            return { _ in pthread_equal(home, pthread_self()) != 0 ? 1 : 0 }
        }
        defer { pool.shutDown() }
        for job in 0..<300 { pool.submit(job) }
        #expect(try complete(300) == Array(repeating: 1, count: 300))
    }

    @Test("Shutting down lets the running job end, drops the waiting ones, and returns only then")
    func shutDown() throws {
        let started = DispatchSemaphore(value: 0)
        let pool = WorkerPool<Int, Int>(count: 1, mailbox: reactor.mailbox) {
            { job in
                started.signal()
                usleep(50_000)
                return job
            }
        }
        for job in 0..<100 { pool.submit(job) }
        started.wait()
        pool.shutDown()
        // Whatever was posted is there: no thread is left to post more.
        #expect(reactor.mailbox.drain() == [0])
        pool.submit(100)
        pool.shutDown()
        #expect(reactor.mailbox.drain() == [])
    }

    @Test("Shutting down waits for a job that hangs no longer than it is told to")
    func hangingJob() throws {
        let (running, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let pool = WorkerPool<Int, Int>(count: 2, mailbox: reactor.mailbox) {
            { job in
                running.signal()
                gate.wait()
                return job
            }
        }
        pool.submit(1)
        running.wait()
        let start = MonotonicClock.nanoseconds()
        #expect(!pool.shutDown(waitingAtMost: 50_000_000))
        let took = MonotonicClock.nanoseconds() - start
        #expect(took >= 50_000_000 && took < 1_000_000_000)
        gate.signal()
        #expect(pool.shutDown())
    }
}
