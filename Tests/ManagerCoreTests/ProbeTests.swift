import Content
import Testing
import Wire

@testable import ManagerCore

/// Peers are connected back to before anybody is told of them.
@Suite struct ProbeTests {
    private let manager = Harness()
    private let watcher: ConnectionID

    init() {
        watcher = manager.join(1)
        manager.probe = nil
        manager.pass(.seconds(1))
        manager.takeAll()
    }

    private func isKnown(_ peer: UInt64) -> Bool { manager.rosters[watcher]?.entries[.number(peer)] != nil }

    @Test("Nobody is told of a peer, and it is not welcomed, before it was reached at the address others will be told")
    func waits() {
        let connection = manager.join(2, port: 7002)
        #expect(manager.probes[connection] == PeerAddress(ipv4: 0x7F00_0001, port: 7002))
        manager.pass(.seconds(1))
        #expect(!isKnown(2) && manager.memberCount == 1)
        #expect(manager.take(connection).types == [.hello])
        manager.feed(.probed(connection, failure: nil))
        manager.pass(.seconds(1))
        #expect(isKnown(2) && manager.memberCount == 2)
        #expect(manager.take(connection).types.prefix(2) == [.welcome, .rosterSnapshot])
    }

    @Test("A peer that is not reached is refused with what to do, and nobody ever hears of it")
    func unreachable() throws {
        let connection = manager.join(2, port: 7002)
        manager.feed(.probed(connection, failure: "connection refused"))
        guard case .refused(.unreachable, let reason)? = manager.take(connection).last else {
            Issue.record("it is not told why")
            return
        }
        #expect(reason.contains("127.0.0.1:7002") && reason.contains("connection refused") && reason.contains("--bind"))
        #expect(reason.utf8.count <= WireLimits.reasonMax)
        #expect(manager.closed[connection] != nil && manager.memberCount == 1)
        manager.pass(.seconds(1))
        #expect(!isKnown(2))
    }

    @Test("A probe that comes to nothing ends, and the peer is refused")
    func silent() {
        let connection = manager.join(2)
        manager.pass(.seconds(8))
        #expect(manager.closed[connection] != nil && manager.probes.count == 1)
        #expect(manager.take(connection).last?.type == .refused)
        // Too late.
        manager.feed(.probed(connection, failure: nil))
        #expect(manager.memberCount == 1)
    }

    @Test(
        "A peer that goes, or talks out of turn, while it is probed is forgotten with its probe",
        arguments: [Message.leftPeer, .pong(epoch: 1), nil])
    func goes(_ message: Message?) {
        let connection = manager.join(2)
        if let message {
            manager.say(message, on: connection)
            #expect(manager.closed[connection] != nil)
        } else {
            manager.feed(.closed(connection, reason: "by the other end"))
        }
        #expect(manager.probes[connection] == nil)
        manager.feed(.probed(connection, failure: nil))
        #expect(manager.memberCount == 1 && manager.leaveReasons.isEmpty)
    }

    @Test("A peer that comes back keeps its place until it was reached again")
    func comesBack() {
        let again = manager.join(1, port: 7009)
        #expect(manager.closed[watcher] == nil)
        manager.feed(.probed(again, failure: nil))
        #expect(manager.closed[watcher] != nil && manager.memberCount == 1)
        #expect(manager.members[.number(1)]?.address.port == 7009)
    }

    @Test("Without probes a peer is a member at once")
    func off() {
        var policy = ManagerPolicy()
        policy.probes = false
        let manager = Harness(policy)
        manager.probe = nil
        manager.join(1)
        #expect(manager.memberCount == 1 && manager.probes.isEmpty)
    }
}
