import Content
import Testing
import Wire

@testable import ManagerCore

@Suite struct ManagerMachineTests {
    private let manager = Harness()

    // MARK: Joining

    @Test("A peer that introduces itself is greeted, welcomed and given the roster, in this order")
    func joins() {
        let connection = manager.connect()
        manager.hello(1, on: connection)
        #expect(manager.take(connection) == [.hello(Hello(id: PeerID(high: 0, low: 0), role: .manager))])
        manager.say(.newPeer(port: 7001, label: "alpha"), on: connection)
        let said = manager.take(connection)
        #expect(said.types == [.welcome, .rosterSnapshot, .rosterDelta])
        #expect(manager.memberCount == 1)
    }

    @Test("A peer's address is the one it comes from with the port it names, and the welcome tells it")
    func observed() {
        let connection = manager.connect(from: 0xC000_0201)
        manager.hello(1, on: connection)
        manager.say(.newPeer(port: 7001, label: "alpha"), on: connection)
        let address = PeerAddress(ipv4: 0xC000_0201, port: 7001)
        #expect(manager.take(connection).contains(.welcome(observed: address, heartbeat: 5000, silence: 15_000)))
        #expect(manager.members[.number(1)] == RosterEntry(id: .number(1), address: address, label: "alpha"))
    }

    @Test(
        "A joiner's snapshot is the roster of the last broadcast; the delta that names it goes to all, itself included")
    func deltaToAll() {
        let first = manager.join(1)
        manager.pass(.seconds(1))
        manager.takeAll()
        let second = manager.join(2, port: 7002)
        let said = manager.take(second)
        guard case .rosterSnapshot(let page) = said[2] else {
            Issue.record("\(said.types)")
            return
        }
        #expect(page.entries.map(\.id) == [.number(1)])
        let delta = Message.rosterDelta(
            RosterDelta(epoch: page.epoch + 1, joined: manager.members[.number(2)].map { [$0] } ?? [], left: []))
        #expect(said.last == delta)
        #expect(manager.take(first) == [delta])
    }

    // MARK: Broadcasting

    @Test("The first change is broadcast at once, changes after it together a tenth of a second later")
    func coalesced() {
        let first = manager.join(1)
        #expect(manager.epoch == 1)
        for peer in 2...50 as ClosedRange<UInt64> { manager.join(peer) }
        #expect(manager.epoch == 1)
        manager.pass(.milliseconds(99))
        #expect(manager.epoch == 1)
        manager.pass(.milliseconds(1))
        #expect(manager.epoch == 2)
        #expect(manager.rosters[first]?.entries.count == 50)
    }

    @Test("However many come and go, a member gets ten deltas a second at most")
    func rate() {
        let watcher = manager.join(1)
        manager.pass(.seconds(1))
        manager.takeAll()
        for step in 0..<1000 as Range<UInt64> {
            let connection = manager.join(2 + step % 7)
            if step % 3 == 0 { manager.say(.leftPeer, on: connection) }
            manager.pass(.milliseconds(1))
        }
        let deltas = manager.take(watcher).filter { $0.type == .rosterDelta }.count
        #expect((9...11).contains(deltas))
    }

    @Test("A peer that comes and goes between two broadcasts is not told of")
    func cancelledOut() {
        let watcher = manager.join(1)
        manager.takeAll()
        let passing = manager.join(2)
        manager.say(.leftPeer, on: passing)
        manager.pass(.seconds(1))
        #expect(manager.take(watcher).isEmpty)
        #expect(manager.epoch == 1)
    }

    @Test("A delta longer than a frame is split, each part with its own epoch")
    func splitDelta() {
        let manager = Harness(ManagerPolicy(heartbeat: .seconds(3600), silence: .seconds(7200)))
        let watcher = manager.join(0)
        manager.listeners = [watcher]
        let joiners = (1...5000 as ClosedRange<UInt64>).map { manager.join($0) }
        manager.pass(.milliseconds(100))
        #expect(manager.epoch == 4)
        #expect(manager.rosters[watcher]?.entries.count == 5001)
        for connection in joiners { manager.say(.leftPeer, on: connection) }
        manager.pass(.milliseconds(200))
        #expect(manager.rosters[watcher]?.entries == manager.members)
        #expect(manager.memberCount == 1)
    }

    @Test("A snapshot of more peers than a frame holds comes in pages")
    func pagedSnapshot() {
        let manager = Harness(ManagerPolicy(heartbeat: .seconds(3600), silence: .seconds(7200)))
        manager.listeners = []
        for peer in 1...4100 as ClosedRange<UInt64> { manager.join(peer) }
        manager.pass(.milliseconds(200))
        manager.takeAll()
        manager.listeners = nil
        let last = manager.connect()
        manager.hello(5000, on: last)
        manager.listeners = [last]
        manager.say(.newPeer(port: 1, label: ""), on: last)
        let pages = Array(repeating: MessageType.rosterSnapshot, count: 3)
        #expect(manager.take(last).types == [.hello, .welcome] + pages + [.rosterDelta])
        #expect(manager.rosters[last]?.entries.count == 4101)
    }

    @Test("A member that asks gets the whole roster, at the epoch of the last broadcast")
    func rosterRequest() {
        let first = manager.join(1)
        manager.join(2)
        manager.takeAll()
        manager.say(.rosterRequest, on: first)
        guard case .rosterSnapshot(let page) = manager.take(first).first else {
            Issue.record("no snapshot")
            return
        }
        #expect(page.epoch == manager.epoch && page.entries.map(\.id) == [.number(1)])
    }

    // MARK: Leaving

    @Test("A peer that says it leaves is gone from the roster, and its connection closed")
    func leaves() {
        let (first, second) = (manager.join(1), manager.join(2))
        manager.pass(.seconds(1))
        manager.say(.leftPeer, on: second)
        #expect(manager.memberCount == 1)
        #expect(manager.closed[second] != nil)
        #expect(manager.rosters[first]?.entries.keys.map(\.self) == [.number(1)])
    }

    @Test("A connection that ends is a leave, told at once to all others and once only")
    func connectionEnds() {
        let (first, second) = (manager.join(1), manager.join(2))
        manager.pass(.seconds(1))
        manager.takeAll()
        manager.feed(.closed(second, reason: "reset"))
        #expect(manager.take(first) == [.rosterDelta(RosterDelta(epoch: 3, joined: [], left: [.number(2)]))])
        #expect(manager.leaveReasons[.number(2)] == "reset")
        #expect(manager.feed(.closed(second, reason: "again")).isEmpty)
        manager.say(.pong(epoch: 1), on: second)
        #expect(manager.memberCount == 1)
    }

    @Test(
        "A peer that connects again replaces its old connection, and has left and joined for nobody if it is the same")
    func replaced() {
        let watcher = manager.join(1)
        let old = manager.join(2)
        manager.pass(.seconds(1))
        manager.takeAll()
        let new = manager.join(2)
        #expect(manager.take(old).types == [.refused])
        #expect(manager.closed[old] != nil && manager.closed[new] == nil)
        #expect(manager.memberCount == 2)
        manager.pass(.seconds(1))
        #expect(manager.take(watcher).isEmpty)
        // The end of the old connection, heard of late, is not the peer's leaving.
        manager.feed(.closed(old, reason: "late"))
        #expect(manager.memberCount == 2)
        #expect(manager.rosters[new]?.entries.count == 2)
    }

    @Test("A peer that comes back with another port is told of in one delta, as leaving and joining")
    func moved() {
        let watcher = manager.join(1)
        manager.join(2, port: 7002)
        manager.pass(.seconds(1))
        manager.takeAll()
        manager.join(2, port: 7003)
        guard case .rosterDelta(let delta) = manager.take(watcher).first else {
            Issue.record("no delta")
            return
        }
        #expect(delta.left == [.number(2)] && delta.joined.map(\.address.port) == [7003])
    }

    // MARK: Violations

    @Test(
        "A message in the wrong state is refused, and the connection closed",
        arguments: [
            Message.newPeer(port: 1, label: ""), .pong(epoch: 0), .leftPeer, .rosterRequest, .ping(epoch: 0, size: 0),
        ])
    func beforeHello(_ message: Message) {
        let connection = manager.connect()
        manager.say(message, on: connection)
        #expect(manager.take(connection).types == [.refused])
        #expect(manager.closed[connection] != nil)
    }

    @Test("A hello from a manager is refused, and so are two hellos, and a peer's talk after joining")
    func wrongTalk() {
        let connections = [manager.connect(), manager.connect(), manager.join(3)]
        manager.takeAll()
        manager.say(.hello(Hello(id: .number(1), role: .manager)), on: connections[0])
        manager.hello(2, on: connections[1])
        manager.hello(2, on: connections[1])
        manager.say(.req(request: 1, .digest(.zero)), on: connections[2])
        for connection in connections {
            #expect(manager.take(connection).last?.type == .refused)
            #expect(manager.closed[connection] != nil)
        }
        #expect(manager.memberCount == 0)
    }

    @Test("A member that breaks the protocol has left for everybody else")
    func violationIsLeave() {
        let (watcher, bad) = (manager.join(1), manager.join(2))
        manager.pass(.seconds(1))
        manager.say(.newPeer(port: 9, label: "again"), on: bad)
        #expect(manager.rosters[watcher]?.entries.count == 1)
    }

    @Test("A message on an unknown connection does nothing")
    func unknownConnection() {
        let effects = manager.feed(.received(ConnectionID(rawValue: 99), .leftPeer))
        #expect(effects.isEmpty)
    }

    @Test("A full swarm refuses the next connection, and takes one again when somebody has left")
    func full() {
        let manager = Harness(ManagerPolicy(maxPeers: 2))
        let first = manager.join(1)
        manager.join(2)
        let third = manager.connect()
        guard case .refused(.full, _) = manager.take(third).first else {
            Issue.record("it was taken")
            return
        }
        #expect(manager.closed[third] != nil)
        manager.say(.leftPeer, on: first)
        let fourth = manager.join(4)
        #expect(manager.closed[fourth] == nil && manager.memberCount == 2)
    }
}
