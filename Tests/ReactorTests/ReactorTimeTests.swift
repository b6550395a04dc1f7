import Foundation
import Posix
import Testing

@testable import Reactor

/// Timers and signals of a running reactor.
@Suite struct ReactorTimeTests {
    private let script = Script()

    @Test("Timers fire in the order of their deadlines, those of one deadline in the order they were set")
    func order() throws {
        let reactor = try Reactor<Int>()
        let late = reactor.setTimer(at: 30)
        let (early, twin) = (reactor.setTimer(at: 10), reactor.setTimer(at: 10))
        let middle = reactor.setTimer(at: 20)
        try reactor.spin(script)
        #expect(script.events == [.fired(early), .fired(twin), .fired(middle), .fired(late)])
    }

    @Test("A cancelled timer does not fire, not even when it is cancelled in the tick in which it is due")
    func cancelled() throws {
        let reactor = try Reactor<Int>()
        let first = reactor.setTimer(at: 1)
        let second = reactor.setTimer(at: 2)
        let third = reactor.setTimer(at: 3)
        reactor.cancelTimer(third)
        script.onFired = { _ in reactor.cancelTimer(second) }
        try reactor.spin(script, 2)
        #expect(script.events == [.fired(first)])
    }

    @Test("A timer set in the past by a timer's handler fires in the next tick, not in the same")
    func setWhileFiring() throws {
        let reactor = try Reactor<Int>()
        _ = reactor.setTimer(at: 5)
        script.onFired = { _ in _ = reactor.setTimer(at: 1) }
        for tick in 1...5 {
            try reactor.spin(script)
            #expect(script.events.count == tick)
        }
    }

    @Test("A timer of 300 µs is never early, and not always a millisecond late")
    func accuracy() throws {
        let reactor = try Reactor<Int>()
        var latest: [UInt64] = []
        for _ in 0..<50 {
            let deadline = MonotonicClock.nanoseconds() + 300_000
            let timer = reactor.setTimer(at: deadline)
            script.calls = []
            while !script.calls.contains(.fired(timer)) { try reactor.tick(script) }
            let now = MonotonicClock.nanoseconds()
            #expect(now >= deadline)
            #expect(reactor.now >= deadline)
            latest.append(now - deadline)
        }
        #expect(try #require(latest.min()) < 1_000_000)
    }

    @Test("A tick waits no longer than it is told, and no longer than to the next timer")
    func waits() throws {
        let reactor = try Reactor<Int>()
        let start = MonotonicClock.nanoseconds()
        _ = reactor.setTimer(at: start + 3_600_000_000_000)
        try reactor.tick(script, waitingAtMost: 5_000_000)
        let waited = MonotonicClock.nanoseconds() - start
        #expect(waited >= 5_000_000)
        #expect(script.events.isEmpty)
    }

    // MARK: Signals

    @Test("A signal that was taken arrives as an event, each number once")
    func signals() throws {
        let mask = SignalMask()
        defer { mask.restore() }
        let reactor = try Reactor<Int>(signals: [SIGUSR1, SIGUSR2])
        pthread_kill(pthread_self(), SIGUSR1)
        pthread_kill(pthread_self(), SIGUSR2)
        pthread_kill(pthread_self(), SIGUSR1)
        try reactor.spin(script)
        #expect(script.events == [.signal(SIGUSR1), .signal(SIGUSR2)])
        try reactor.spin(script)
        #expect(script.events.count == 2)
    }

    @Test("A storm of signals with handlers loses no byte and makes no timer early")
    func interrupted() throws {
        let mask = SignalMask()
        let storm = SignalStorm()
        defer {
            storm.end()
            mask.restore()
        }
        let reactor = try Reactor<Int>()
        let pair = try Pair()
        let token = try reactor.register(pair.near, .readable)
        var received = 0
        script.onReady = { _, _ in received += drain(pair.near) }
        // On a busy machine the storm may take its time to begin.
        let end = MonotonicClock.nanoseconds() + 10_000_000_000
        var round = 0
        while round < 20 || storm.handled < 20, MonotonicClock.nanoseconds() < end {
            round += 1
            pair.write("hello")
            let deadline = MonotonicClock.nanoseconds() + 2_000_000
            let timer = reactor.setTimer(at: deadline)
            while !script.calls.contains(.fired(timer)) { try reactor.tick(script) }
            #expect(reactor.now >= deadline)
            #expect(received == 5 * round)
        }
        #expect(storm.handled > 0)
        reactor.close(token, FileDescriptor(owning: pair.near))
    }
}

/// The calling thread's signal mask, to be put back: threads are shared with other tests.
private struct SignalMask {
    private var saved = sigset_t()

    init() { pthread_sigmask(SIG_BLOCK, nil, &saved) }

    func restore() {
        var set = saved
        pthread_sigmask(SIG_SETMASK, &set, nil)
    }
}

/// How often the handler below ran; a signal handler can do little more than count.
nonisolated(unsafe) private var handledSignals = 0

/// Interrupts the thread that made it some ten thousand times a second, with a handler that restarts no call.
private final class SignalStorm {
    private let flag = Flag()
    private let ended = DispatchSemaphore(value: 0)

    /// Whether to go on.
    private final class Flag: @unchecked Sendable {
        private let lock = NSLock()
        private var value = true

        var isUp: Bool { lock.withLock { value } }
        func lower() { lock.withLock { value = false } }
    }

    init() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in handledSignals += 1 }
        sigaction(SIGURG, &action, nil)
        // Threads of a pool, such as the tests run on, block most signals.
        var set = sigset_t()
        sigaddset(&set, SIGURG)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        let target = pthread_self()
        Thread.detachNewThread { [flag, ended] in
            while flag.isUp {
                pthread_kill(target, SIGURG)
                usleep(100)
            }
            ended.signal()
        }
    }

    var handled: Int { handledSignals }

    func end() {
        flag.lower()
        ended.wait()
    }
}
