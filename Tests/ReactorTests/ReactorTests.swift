import Foundation
import Posix
import TestSupport
import Testing

@testable import Reactor

@Suite struct ReactorTests {
    private let reactor: Reactor<Int>
    private let script = Script()

    init() throws {
        reactor = try Reactor<Int>()
    }

    // MARK: Descriptors

    @Test("Bytes that are not read are reported again in every tick")
    func levelTriggered() throws {
        let pair = try Pair()
        let token = try reactor.register(pair.near, .readable)
        pair.write()
        try reactor.spin(script, 3)
        #expect(script.events == [.ready(token), .ready(token), .ready(token)])
        drain(pair.near)
        try reactor.spin(script)
        #expect(script.events.count == 3)
        reactor.close(token, FileDescriptor(owning: pair.near))
    }

    @Test("A descriptor is reported for what it is watched for, and for a hang-up in any case")
    func watched() throws {
        var pair: Pair? = try Pair()
        let near = try #require(pair?.near)
        let token = try reactor.register(near, [])
        pair?.write()
        try reactor.spin(script)
        #expect(script.events.isEmpty)
        reactor.watch(token, .writable)
        try reactor.spin(script)
        #expect(script.events == [.ready(token)])
        reactor.watch(token, [])
        pair = nil
        var seen: EventPoll.Mask = []
        script.onReady = { seen = $1 }
        try reactor.spin(script)
        #expect(!seen.isDisjoint(with: .failed))
        reactor.close(token, FileDescriptor(owning: near))
    }

    @Test("A handler may close its own registration, whose events then end")
    func closesItself() throws {
        let pair = try Pair()
        let token = try reactor.register(pair.near, .readable)
        script.onReady = { [reactor] in
            reactor.close($0, FileDescriptor(owning: pair.near)); _ = $1
        }
        pair.write()
        try reactor.spin(script, 3)
        #expect(script.events == [.ready(token)])
        #expect(!pair.nearIsOpen)
    }

    @Test("A handler may close a neighbour, whose event of the same tick is passed over")
    func closesNeighbour() throws {
        let (first, second) = (try Pair(), try Pair())
        let tokens = [try reactor.register(first.near, .readable), try reactor.register(second.near, .readable)]
        let descriptors = [tokens[0]: first.near, tokens[1]: second.near]
        // Whichever comes first closes the other.
        script.onReady = { [reactor] token, _ in
            for other in tokens where other != token {
                if let descriptor = descriptors[other] { reactor.close(other, FileDescriptor(owning: descriptor)) }
            }
        }
        first.write()
        second.write()
        try reactor.spin(script)
        #expect(script.events.count == 1)
        #expect([first.nearIsOpen, second.nearIsOpen].filter { $0 }.count == 1)
        for (pair, token) in [(first.near, tokens[0]), (second.near, tokens[1])] where script.events == [.ready(token)]
        {
            reactor.close(token, FileDescriptor(owning: pair))
        }
    }

    @Test("A closed descriptor is given back at the end of the tick, not before")
    func closesAtEnd() throws {
        let pair = try Pair()
        let token = try reactor.register(pair.near, .readable)
        var openAtEnd = false
        script.onReady = { [reactor] in
            reactor.close($0, FileDescriptor(owning: pair.near)); _ = $1
        }
        script.onEndOfTick = { openAtEnd = pair.nearIsOpen }
        pair.write()
        drain(pair.far.rawValue)
        try reactor.spin(script)
        #expect(script.events == [.ready(token)])
        #expect(openAtEnd)
        #expect(!pair.nearIsOpen)
    }

    @Test("A registration made in a handler, in the slot of one just closed, does not get its events")
    func reusedSlot() throws {
        let (old, new) = (try Pair(), try Pair())
        let neighbour = try Pair()
        let tokens = [try reactor.register(old.near, .readable), try reactor.register(neighbour.near, .readable)]
        var fresh: Token?
        var handled: Set<Token> = []
        script.onReady = { [reactor] token, _ in
            guard handled.insert(token).inserted, fresh == nil else { return }
            // Closes the one that has not been heard yet, and takes its slot with a silent descriptor.
            let victim = token == tokens[0] ? (tokens[1], neighbour.near) : (tokens[0], old.near)
            reactor.close(victim.0, FileDescriptor(owning: victim.1))
            fresh = try? reactor.register(new.near, .readable)
            drain(token == tokens[0] ? old.near : neighbour.near)
        }
        old.write()
        neighbour.write()
        try reactor.spin(script, 3)
        let taken = try #require(fresh)
        #expect(tokens.contains { $0.slot == taken.slot && $0.generation != taken.generation })
        #expect(script.events.count == 1)
        new.write()
        try reactor.spin(script)
        #expect(script.events.last == .ready(taken))
    }

    @Test("A copy of a closed descriptor that lives on elsewhere raises no event")
    func copyElsewhere() throws {
        let pair = try Pair()
        let token = try reactor.register(pair.near, .readable)
        let copy = FileDescriptor(owning: dup(pair.near))
        reactor.close(token, FileDescriptor(owning: pair.near))
        try reactor.spin(script)
        pair.write()
        try reactor.spin(script, 2)
        #expect(script.events.isEmpty)
        #expect(drain(copy.rawValue) == 1)
    }

    @Test("Descriptors opened and closed a thousand times leave no event to the wrong one")
    func churn() throws {
        for round in 0..<1000 {
            let pair = try Pair()
            let token = try reactor.register(pair.near, .readable)
            pair.write()
            script.calls = []
            // Every third is closed with its event pending.
            if round % 3 != 0 { try reactor.spin(script) }
            #expect(script.events == (round % 3 != 0 ? [.ready(token)] : []))
            reactor.close(token, FileDescriptor(owning: pair.near))
            if round % 2 == 0 { try reactor.spin(script) }
        }
    }

    @Test("Registering what epoll cannot watch is an error, and takes no slot")
    func unwatchable() throws {
        let file = FileDescriptor(owning: open("/proc/self/exe", O_RDONLY))
        #expect(throws: SystemError.self) { try reactor.register(file.rawValue, .readable) }
        let pair = try Pair()
        let token = try reactor.register(pair.near, .readable)
        #expect(token.slot == 2)
        reactor.close(token, FileDescriptor(owning: pair.near))
    }

    @Test("A TCP connection on loopback is accepted, carries bytes and ends")
    func loopback() throws {
        let listener = try TCPSocket.listen(on: SocketAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0))
        let address = try TCPSocket.localAddress(listener.rawValue)
        let listening = try reactor.register(listener.rawValue, .readable)
        let client = try TCPSocket.connect(to: address)
        let dialing = try reactor.register(client.rawValue, .writable)
        var writable = false
        script.onReady = { token, mask in if token == dialing { writable = mask.contains(.writable) } }
        let deadline = Deadline(5)
        while !(writable && script.calls.contains(.ready(listening))), !deadline.isOver {
            try reactor.tick(script, waitingAtMost: 100_000_000)
        }
        #expect(TCPSocket.connectError(client.rawValue, to: address) == nil)
        let accepted = try #require(try TCPSocket.accept(listener.rawValue)?.descriptor.rawValue)
        #expect(accepted >= 0)
        reactor.close(dialing, client)
        reactor.close(listening, listener)
        try reactor.spin(script)
    }

    // MARK: The order of a tick

    @Test("A tick is descriptors, then completions, then timers, then its end")
    func order() throws {
        let pair = try Pair()
        let token = try reactor.register(pair.near, .readable)
        let timer = reactor.setTimer(at: 0)
        reactor.mailbox.post(7)
        pair.write()
        try reactor.spin(script)
        #expect(script.calls == [.ready(token), .completed(7), .fired(timer), .endOfTick])
        reactor.close(token, FileDescriptor(owning: pair.near))
    }

    @Test("Every tick has an end, even one in which nothing happened")
    func emptyTick() throws {
        try reactor.spin(script, 2)
        #expect(script.calls == [.endOfTick, .endOfTick])
    }

    @Test("A reactor runs until it is stopped, and ends the tick in which it was")
    func stop() throws {
        _ = reactor.setTimer(at: 0)
        script.onFired = { [reactor] _ in reactor.stop() }
        try reactor.run(script)
        #expect(script.calls.last == .endOfTick)
        #expect(script.events.count == 1)
    }

    @Test("After tickAgain the next tick does not wait, and the one after it does")
    func tickAgain() throws {
        reactor.tickAgain()
        let start = MonotonicClock.nanoseconds()
        try reactor.tick(script, waitingAtMost: 10_000_000_000)
        #expect(MonotonicClock.nanoseconds() - start < 5_000_000_000)
        let next = MonotonicClock.nanoseconds()
        try reactor.tick(script, waitingAtMost: 3_000_000)
        #expect(MonotonicClock.nanoseconds() - next >= 3_000_000)
    }

    @Test("The duration of a tick that had something to do is recorded")
    func tickTimes() throws {
        let pair = try Pair()
        let token = try reactor.register(pair.near, .readable)
        try reactor.spin(script)
        #expect(reactor.tickTimes.counts.reduce(0, +) == 0)
        pair.write()
        script.onReady = { _, _ in usleep(2000) }
        try reactor.spin(script)
        #expect(reactor.tickTimes.quantile(1) > 2000)
        reactor.close(token, FileDescriptor(owning: pair.near))
    }
}
