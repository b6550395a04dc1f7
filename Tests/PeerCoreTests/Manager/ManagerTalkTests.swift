import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct ManagerTalkTests {
    private let peer = Harness(managerCount: 2)

    @Test("The first input dials the manager, whose hello is answered with the port and label")
    func joins() {
        peer.feed(.wake)
        #expect(peer.take().contains(.dial(.manager(0))))
        let connection = peer.newConnection()
        peer.feed(.dialed(.manager(0), connection))
        #expect(peer.sent(on: connection) == [.hello(Hello(id: .number(0), role: .peer))])
        #expect(peer.managerState == .connecting)
        peer.say(.hello(Hello(id: .number(9), role: .manager)), on: connection)
        #expect(peer.sent(on: connection).last == .newPeer(port: 7000, label: "self"))
        peer.say(.welcome(observed: .number(5), heartbeat: 5000, silence: 15_000), on: connection)
        #expect(peer.managerState == .joined)
        #expect(peer.effects.notes == [.joinedManager(0, observed: .number(5))])
    }

    @Test("A dial that fails is tried again after a pause, with the next manager")
    func retries() {
        peer.feed(.wake)
        peer.take()
        peer.feed(.dialFailed(.manager(0), reason: "refused"))
        #expect(peer.managerState == .waiting)
        peer.pass(.milliseconds(99))
        #expect(!peer.take().contains(.dial(.manager(1))))
        peer.pass(.milliseconds(101))
        #expect(peer.take().contains(.dial(.manager(1))))
    }

    @Test("A peer whose manager is gone keeps its roster, and dials for ever")
    func keepsRoster() {
        peer.join([1, 2])
        peer.feed(.closed(peer.manager, reason: "reset"))
        peer.take()
        for _ in 0..<50 {
            peer.pass(.seconds(15))
            let dials = peer.take().filter { [.dial(.manager(0)), .dial(.manager(1))].contains($0) }
            #expect(dials.count == 1)
            peer.feed(.dialFailed(.manager(0), reason: "refused"))
        }
        #expect(peer.heldRoster.entries.count == 3)
    }

    @Test("A manager that changes the roster without end is left, and coming back at once is no way round it")
    func flood() {
        peer.join([1])
        let crowd = (10..<UInt64(10 + 1000))
        var deltas = 0
        while peer.managerState == .joined, deltas < 1000 {
            peer.delta(joined: Array(crowd))
            deltas += 1
        }
        #expect((100...200).contains(deltas))
        #expect(peer.heldRoster.entries.count > 1000)
        peer.pass(.seconds(1))
        peer.welcome()
        let more = (0..<100).prefix { _ in
            peer.delta(joined: Array(crowd))
            return peer.managerState == .joined
        }
        #expect(more.count < 30)
    }

    @Test("A swarm may come back at once, and change by thousands a second")
    func noFlood() {
        peer.join([1])
        for start in stride(from: UInt64(10), to: 40_010, by: 2000) { peer.delta(joined: Array(start..<start + 2000)) }
        for _ in 0..<60 {
            peer.pass(.seconds(1))
            peer.delta(joined: Array(10..<UInt64(2010)))
        }
        #expect(peer.managerState == .joined)
    }

    @Test("A peer that comes back gets the new roster, even one of a manager that began anew")
    func rejoins() {
        peer.join([1, 2])
        peer.delta(joined: [3])
        peer.feed(.closed(peer.manager, reason: "reset"))
        peer.pass(.seconds(1))
        peer.welcome()
        let page = RosterPage(epoch: 0, total: 0, first: 0, entries: [])
        peer.say(.rosterSnapshot(page), on: peer.manager)
        #expect(peer.heldRoster.epoch == 0 && peer.heldRoster.entries.isEmpty)
    }

    @Test("A ping is answered with the epoch that this peer holds")
    func pong() {
        peer.join([1])
        peer.take()
        peer.say(.ping(epoch: peer.epoch, size: 2), on: peer.manager)
        #expect(peer.sent(on: peer.manager) == [.pong(epoch: peer.epoch)])
    }

    @Test(
        "A ping of another epoch or size asks for the roster",
        arguments: [(1, 3), (2, 2), (0, 2)] as [(UInt64, UInt32)])
    func disagreement(_ epoch: UInt64, _ size: UInt32) {
        peer.join([1])
        peer.take()
        peer.say(.ping(epoch: epoch, size: size), on: peer.manager)
        #expect(peer.sent(on: peer.manager) == [.pong(epoch: 1), .rosterRequest])
    }

    @Test("A delta that does not follow asks for the roster")
    func missedDelta() {
        peer.join([1])
        peer.take()
        peer.say(.rosterDelta(RosterDelta(epoch: 3, joined: [], left: [])), on: peer.manager)
        #expect(peer.sent(on: peer.manager) == [.rosterRequest])
    }

    @Test("A manager that is silent for as long as it said is left, not a moment earlier, and found again")
    func silence() {
        peer.feed(.wake)
        let connection = peer.newConnection()
        peer.feed(.dialed(.manager(0), connection))
        peer.say(.hello(Hello(id: .number(9), role: .manager)), on: connection)
        peer.say(.welcome(observed: .number(0), heartbeat: 1000, silence: 3000), on: connection)
        peer.pass(.milliseconds(2000))
        peer.say(.ping(epoch: 0, size: 0), on: connection)
        peer.pass(.milliseconds(2999))
        #expect(peer.closed[connection] == nil)
        peer.pass(.milliseconds(1))
        #expect(peer.closed[connection] != nil && peer.managerState == .waiting)
        peer.pass(.seconds(1))
        #expect(peer.effects.contains(.dial(.manager(1))))
    }

    @Test("A manager that does not greet or welcome within ten seconds is left", arguments: [false, true])
    func introduction(_ greets: Bool) {
        peer.feed(.wake)
        let connection = peer.newConnection()
        peer.feed(.dialed(.manager(0), connection))
        if greets { peer.say(.hello(Hello(id: .number(9), role: .manager)), on: connection) }
        peer.pass(.seconds(10))
        #expect(peer.closed[connection] != nil)
    }

    @Test(
        "A message out of turn ends the connection to the manager",
        arguments: [
            Message.req(request: 1, .digest(.zero)), .welcome(observed: .number(0), heartbeat: 1, silence: 1),
            .leftPeer,
            .hello(Hello(id: .number(9), role: .manager)), .refused(.full, reason: "full"),
        ])
    func outOfTurn(_ message: Message) {
        peer.join([1])
        peer.say(message, on: peer.manager)
        #expect(peer.closed[peer.manager] != nil && peer.managerState == .waiting)
    }

    @Test("A daemon that says hello as a peer is no manager")
    func wrongRole() {
        peer.feed(.wake)
        let connection = peer.newConnection()
        peer.feed(.dialed(.manager(0), connection))
        peer.say(.hello(Hello(id: .number(9), role: .peer)), on: connection)
        #expect(peer.closed[connection] != nil)
    }

    // MARK: Leaving

    @Test("A peer that leaves tells its manager, closes every connection, and ends")
    func leaves() {
        peer.join([1])
        let other = peer.accept(1)
        peer.take()
        peer.feed(.leave)
        #expect(peer.sent(on: peer.manager) == [.leftPeer])
        #expect(peer.sent(on: other).types == [.refused])
        #expect(peer.closed[peer.manager] != nil && peer.closed[other] != nil)
        #expect(peer.effects.last { if case .wake = $0 { false } else { true } } == .left)
    }

    @Test("After leaving, a connection that was being opened is closed, one that fails is not tried again")
    func afterLeaving() throws {
        peer.feed(.wake)
        peer.feed(.leave)
        peer.take()
        peer.feed(.dialFailed(.manager(0), reason: "refused"))
        peer.pass(.seconds(60))
        #expect(!peer.effects.contains(.dial(.manager(1))) && !peer.effects.contains(.dial(.manager(0))))
        let late = peer.newConnection()
        peer.feed(.dialed(.manager(0), late))
        #expect(peer.closed[late] != nil)
    }

    @Test("After leaving, no peer is dialed for a download that was waiting")
    func noSeekAfterLeaving() throws {
        let file = try TestFile(pieces: 4)
        let (_, connections) = peer.fetch(file, from: [1])
        peer.feed(.closed(connections[0], reason: "reset"))
        peer.feed(.leave)
        peer.take()
        peer.pass(.seconds(120))
        #expect(peer.dialed.isEmpty)
    }
}
