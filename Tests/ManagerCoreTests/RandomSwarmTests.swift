import Content
import TestSupport
import Testing
import Wire

@testable import ManagerCore

/// Peers that join, leave, reset, fall silent and come back at random.
@Suite struct RandomSwarmTests {
    @Test("Every member holds the manager's roster at the manager's epoch, always", arguments: Seeded.seeds(5))
    func agreement(seed: UInt64) {
        var random = Seeded(seed)
        let manager = Harness()
        var live: [UInt64: ConnectionID] = [:]
        for _ in 0..<1500 {
            step(manager, &live, &random)
            check(manager)
        }
        manager.pass(.seconds(1))
        for connection in live.values where manager.closed[connection] == nil {
            #expect(manager.rosters[connection]?.entries == manager.members)
        }
    }

    private func step(_ manager: Harness, _ live: inout [UInt64: ConnectionID], _ random: inout Seeded) {
        let peer = random.next() % 40
        switch random.next() % 10 {
        case 0...3: live[peer] = manager.join(peer, port: UInt16(7000 + random.next() % 2))
        case 4: if let connection = live.removeValue(forKey: peer) { manager.say(.leftPeer, on: connection) }
        case 5:
            if let connection = live.removeValue(forKey: peer) { manager.feed(.closed(connection, reason: "reset")) }
        case 6: if let connection = live[peer] { manager.say(.rosterRequest, on: connection) }
        case 7:
            if let connection = live.removeValue(forKey: peer) {
                manager.say(.newPeer(port: 1, label: ""), on: connection)
            }
        default:
            for connection in live.values where random.next() % 8 != 0 { manager.say(.pong(epoch: 0), on: connection) }
            manager.pass(.milliseconds(random.next() % 3000))
        }
        live = live.filter { manager.closed[$0.value] == nil }
        manager.takeAll()
    }

    /// Deltas out of turn are found by the rosters themselves as they apply them.
    private func check(_ manager: Harness) {
        let held = manager.rosters.filter { $0.value.epoch != nil && manager.closed[$0.key] == nil }.values
        #expect(held.count == manager.memberCount)
        #expect(held.allSatisfy { $0.epoch == manager.epoch })
        guard let one = held.first else { return }
        #expect(held.allSatisfy { $0.entries == one.entries })
    }
}
