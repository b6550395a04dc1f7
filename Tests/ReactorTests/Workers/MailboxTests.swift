import Foundation
import Testing

@testable import Reactor

@Suite struct MailboxTests {
    @Test("A completion posted by another thread wakes a reactor that waits for ever")
    func wakes() throws {
        let reactor = try Reactor<Int>()
        let script = Script()
        let mailbox = reactor.mailbox
        Thread.detachNewThread {
            usleep(20_000)
            mailbox.post(42)
        }
        while script.events.isEmpty { try reactor.tick(script) }
        #expect(script.events == [.completed(42)])
    }

    @Test("A drained mailbox wakes nobody, and the next completion does again")
    func wakesAgain() throws {
        let reactor = try Reactor<Int>()
        let script = Script()
        for value in 1...3 {
            reactor.mailbox.post(value)
            reactor.mailbox.post(value * 10)
            try reactor.spin(script, 3)
            #expect(script.events.suffix(2) == [.completed(value), .completed(value * 10)])
            #expect(script.events.count == 2 * value)
        }
    }

    @Test("What many threads post all arrives, in order for each thread")
    func manyThreads() throws {
        let reactor = try Reactor<Int>()
        let script = Script()
        let mailbox = reactor.mailbox
        let (threads, posts) = (4, 2000)
        for thread in 0..<threads {
            Thread.detachNewThread { for index in 0..<posts { mailbox.post(thread * posts + index) } }
        }
        while script.events.count < threads * posts { try reactor.tick(script, waitingAtMost: 1_000_000_000) }
        let values = script.events.compactMap { if case .completed(let value) = $0 { value } else { nil } }
        for thread in 0..<threads {
            let own = values.filter { $0 / posts == thread }
            #expect(own == (0..<posts).map { thread * posts + $0 })
        }
    }
}
