import TestSupport
import Testing

@testable import Reactor

@Suite struct TimerQueueTests {
    private func due(_ queue: inout TimerQueue, now: UInt64) -> TimerID? {
        queue.newest.flatMap { queue.popDue(now: now, upTo: $0) }
    }

    @Test("An empty queue has no deadline and nothing due")
    func empty() {
        var queue = TimerQueue()
        #expect(queue.nextDeadline() == nil)
        #expect(due(&queue, now: .max) == nil)
    }

    @Test("A timer is due at its deadline, not a nanosecond before, and once")
    func once() {
        var queue = TimerQueue()
        let timer = queue.add(deadline: 100)
        #expect(due(&queue, now: 99) == nil)
        #expect(due(&queue, now: 100) == timer)
        #expect(due(&queue, now: .max) == nil)
    }

    @Test("Cancelling twice, or after firing, changes nothing")
    func cancelTwice() {
        var queue = TimerQueue()
        let (first, second) = (queue.add(deadline: 1), queue.add(deadline: 2))
        queue.cancel(first)
        queue.cancel(first)
        #expect(queue.nextDeadline() == 2)
        #expect(due(&queue, now: 2) == second)
        queue.cancel(second)
        #expect(queue.nextDeadline() == nil)
    }

    @Test("A timer added after the given one waits though it is due")
    func upTo() {
        var queue = TimerQueue()
        let old = queue.add(deadline: 10)
        let new = queue.add(deadline: 20)
        #expect(queue.popDue(now: 100, upTo: old) == old)
        #expect(queue.popDue(now: 100, upTo: old) == nil)
        #expect(queue.popDue(now: 100, upTo: new) == new)
    }

    @Test("A hundred thousand timers set and cancelled far ahead do not pile up")
    func cancelledAreLetGo() {
        var queue = TimerQueue()
        let kept = queue.add(deadline: 1_000_000)
        for deadline in 0..<100_000 as Range<UInt64> {
            let timer = queue.add(deadline: 2_000_000 + deadline)
            queue.cancel(timer)
            #expect(queue.held < 200)
        }
        #expect(due(&queue, now: 1_000_000) == kept)
    }

    @Test("It says the same as a sorted list after any 10,000 operations", arguments: Seeded.seeds(3))
    func againstModel(seed: UInt64) {
        var random = Seeded(seed)
        var queue = TimerQueue()
        var model: [(deadline: UInt64, order: Int, timer: TimerID)] = []
        for order in 0..<10_000 {
            switch random.next() % 5 {
            case 0, 1:
                let deadline = random.next() % 1000
                model.append((deadline, order, queue.add(deadline: deadline)))
            case 2:
                guard !model.isEmpty else { continue }
                queue.cancel(model.remove(at: Int(random.next() % UInt64(model.count))).timer)
            default:
                let now = random.next() % 1000
                let first = model.min { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
                let expected = first.flatMap { $0.deadline <= now ? $0 : nil }
                #expect(due(&queue, now: now) == expected?.timer)
                if let expected { model.removeAll { $0.timer == expected.timer } }
            }
            #expect(queue.nextDeadline() == model.map(\.deadline).min())
        }
    }
}
