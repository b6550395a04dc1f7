import Foundation
import Posix
import Testing

@Suite struct EventPollTests {
    @Test("A counter that was signalled is readable until it is cleared, however often it was signalled")
    func counter() throws {
        let poll = try EventPoll(capacity: 4)
        let counter = try EventCounter()
        try poll.add(counter.rawValue, .readable, token: 9)
        #expect(try poll.wait(timeoutNanoseconds: 0) == 0)
        counter.signal()
        counter.signal()
        #expect(try poll.wait(timeoutNanoseconds: 0) == 1)
        #expect(poll.event(at: 0).token == 9)
        #expect(poll.event(at: 0).mask == .readable)
        counter.clear()
        #expect(try poll.wait(timeoutNanoseconds: 0) == 0)
        counter.clear()
    }

    @Test("What is removed raises no event, and removing it twice is an error")
    func removed() throws {
        let poll = try EventPoll(capacity: 4)
        let counter = try EventCounter()
        try poll.add(counter.rawValue, .readable, token: 1)
        counter.signal()
        try poll.remove(counter.rawValue)
        #expect(try poll.wait(timeoutNanoseconds: 0) == 0)
        #expect(code { try poll.remove(counter.rawValue) } == ENOENT)
    }

    @Test("One wait returns no more events than there is room for; the others come with the next")
    func capacity() throws {
        let poll = try EventPoll(capacity: 2)
        let first = try EventCounter()
        let (second, third) = (dup(first.rawValue), dup(first.rawValue))
        defer {
            close(second)
            close(third)
        }
        for (token, descriptor) in [first.rawValue, second, third].enumerated() {
            try poll.add(descriptor, .readable, token: UInt64(token))
        }
        first.signal()
        var seen: Set<UInt64> = []
        for _ in 0..<2 {
            let count = try poll.wait(timeoutNanoseconds: 0)
            #expect(count == 2)
            for index in 0..<count { seen.insert(poll.event(at: index).token) }
        }
        #expect(seen == [0, 1, 2])
    }

    @Test("A wait with a time ends after it, not before, to the part of a millisecond")
    func timeout() throws {
        let poll = try EventPoll(capacity: 1)
        let start = MonotonicClock.nanoseconds()
        #expect(try poll.wait(timeoutNanoseconds: 1_300_000) == 0)
        #expect(MonotonicClock.nanoseconds() - start >= 1_300_000)
    }
}
