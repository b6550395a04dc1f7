import Content
import Testing
import Wire

@testable import ManagerCore

/// Heartbeats, silence and the wakes a manager asks for.
@Suite struct ManagerTimeTests {
    private let manager = Harness()

    @Test("A member that answers is pinged once a heartbeat, with the epoch and size of the roster, for ever")
    func pings() {
        let connection = manager.join(1)
        manager.takeAll()
        var pings = 0
        for _ in 0..<60 {
            manager.pass(.seconds(1))
            for message in manager.take(connection) {
                guard case .ping(let epoch, let size) = message else { continue }
                #expect(epoch == 1 && size == 1)
                pings += 1
                manager.say(.pong(epoch: epoch), on: connection)
            }
        }
        #expect((11...13).contains(pings))
        #expect(manager.memberCount == 1)
    }

    @Test(
        "A member that says nothing leaves every roster when its silence is over, not before, and late by a sweep at most"
    )
    func silence() {
        let silent = manager.join(1)
        let watcher = manager.join(2)
        manager.pass(.seconds(14))
        manager.say(.pong(epoch: 0), on: watcher)
        #expect(manager.memberCount == 2)
        manager.pass(.milliseconds(999))
        #expect(manager.memberCount == 2)
        manager.pass(.milliseconds(300))
        #expect(manager.memberCount == 1)
        #expect(manager.closed[silent] != nil)
        manager.pass(.milliseconds(100))
        #expect(manager.rosters[watcher]?.entries.keys.map(\.self) == [.number(2)])
    }

    @Test("Any message keeps a member, not only a pong")
    func requestsAreSigns() {
        let connection = manager.join(1)
        for _ in 0..<16 {
            manager.pass(.seconds(1))
            manager.say(.rosterRequest, on: connection)
        }
        #expect(manager.memberCount == 1)
    }

    @Test("Who does not introduce itself within ten seconds is refused, before and after hello")
    func introduction() {
        let (mute, half) = (manager.connect(), manager.connect())
        manager.pass(.seconds(9))
        manager.hello(2, on: half)
        #expect(manager.closed.isEmpty)
        manager.pass(.milliseconds(1300))
        #expect(Set(manager.closed.keys) == [mute, half])
        #expect(manager.take(mute).types == [.refused])
    }

    @Test("A manager without connections asks for no wake")
    func idle() {
        #expect(manager.feed(.wake).isEmpty)
        let connection = manager.join(1)
        manager.say(.leftPeer, on: connection)
        manager.pass(.seconds(10))
        #expect(manager.nextWake == nil)
    }

    @Test("Pings of peers that joined together are spread over the heartbeat")
    func spread() {
        let connections = (1...100 as ClosedRange<UInt64>).map { manager.join($0) }
        manager.pass(.milliseconds(200))
        manager.takeAll()
        var most = 0
        for _ in 0..<20 {
            manager.pass(.milliseconds(250))
            let pinged = connections.filter { manager.take($0).types.contains(.ping) }.count
            most = max(most, pinged)
        }
        #expect(most < 30)
    }

    @Test("After a stop of the whole process the silent are removed with the first wake, and it ticks on")
    func afterStop() {
        manager.join(1)
        manager.skip(.seconds(100))
        manager.feed(.wake)
        #expect(manager.memberCount == 0)
        let connection = manager.join(2)
        manager.pass(.seconds(6))
        #expect(manager.take(connection).types.contains(.ping))
    }
}
