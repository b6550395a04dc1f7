import Content
import Testing
import Wire

@testable import ManagerCore

/// Connections that have not joined, and may be anybody's.
@Suite struct NewcomerTests {
    private static func manager(_ adjust: (inout ManagerPolicy) -> Void) -> Harness {
        var policy = ManagerPolicy()
        adjust(&policy)
        return Harness(policy)
    }

    @Test("Those who do not introduce themselves take no place of those who do, but for a while")
    func total() {
        let manager = Self.manager { $0.newcomersMax = 2 }
        let silent = (0..<3).map { manager.connect(from: 0x0A00_0001 + UInt32($0)) }
        #expect(silent.map { manager.closed[$0] == nil } == [true, true, false])
        guard case .refused(.full, _)? = manager.take(silent[2]).last else {
            Issue.record("it is not told why")
            return
        }
        manager.pass(.seconds(11))
        let connection = manager.join(1)
        #expect(manager.closed[connection] == nil && manager.memberCount == 1)
    }

    @Test("One address may not keep out the others")
    func perAddress() {
        let manager = Self.manager { $0.newcomersPerAddressMax = 2 }
        let crowd = (0..<3).map { _ in manager.connect(from: 0x0A00_0001) }
        #expect(crowd.map { manager.closed[$0] == nil } == [true, true, false])
        let other = manager.connect(from: 0x0A00_0002)
        #expect(manager.closed[other] == nil)
    }

    @Test("Whoever has introduced itself, or is gone, is no newcomer")
    func countsDown() {
        let manager = Self.manager { $0.newcomersMax = 1 }
        for number in 1...5 as ClosedRange<UInt64> {
            manager.join(number)
            let silent = manager.connect()
            #expect(manager.closed[silent] == nil)
            manager.feed(.closed(silent, reason: "by the other end"))
        }
        #expect(manager.memberCount == 5)
    }

    @Test("A burst of joins does not lead beyond the most there may be")
    func burst() {
        let manager = Harness(ManagerPolicy(maxPeers: 2))
        let connections = (1...3).map { number in
            let connection = manager.connect()
            manager.hello(UInt64(number), on: connection)
            return connection
        }
        for connection in connections { manager.say(.newPeer(port: 7001, label: ""), on: connection) }
        #expect(manager.memberCount == 2 && manager.closed[connections[2]] != nil)
    }
}
