import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct RosterTests {
    private func entry(_ peer: UInt64, port: UInt16 = 1) -> RosterEntry {
        RosterEntry(id: .number(peer), address: PeerAddress(ipv4: 1, port: port), label: "")
    }

    private func page(_ epoch: UInt64, of total: Int, from first: Int, _ peers: [UInt64]) -> RosterPage {
        RosterPage(epoch: epoch, total: total, first: first, entries: peers.map { entry($0) })
    }

    private func known(_ peers: [UInt64], epoch: UInt64) -> Roster {
        var roster = Roster()
        _ = roster.apply(page(epoch, of: peers.count, from: 0, peers))
        return roster
    }

    @Test("A roster is known with the last page, and not before")
    func pages() {
        var roster = Roster()
        let first = roster.apply(page(3, of: 3, from: 0, [1, 2]))
        #expect(first == .none && !roster.isKnown)
        let second = roster.apply(page(3, of: 3, from: 2, [3]))
        #expect(roster.isKnown && roster.epoch == 3 && roster.entries.count == 3)
        guard case .joined(let peers) = second else {
            Issue.record("\(second)")
            return
        }
        #expect(Set(peers) == [.number(1), .number(2), .number(3)])
    }

    @Test("A page that does not follow is a reason to ask again, and the roster stays as it was")
    func pageMissed() {
        var roster = known([1], epoch: 1)
        let later = roster.apply(page(2, of: 9, from: 5, [7]))
        #expect(later == .missed)
        #expect(roster.epoch == 1 && roster.entries.count == 1)
        _ = roster.apply(page(2, of: 3, from: 0, [1, 2]))
        #expect(roster.apply(page(2, of: 3, from: 1, [3])) == .missed)
    }

    @Test("A snapshot replaces all that was held, and names those who were not there")
    func replaces() {
        var roster = known([1, 2], epoch: 5)
        let change = roster.apply(page(1, of: 2, from: 0, [2, 3]))
        #expect(change == .joined([.number(3)]))
        #expect(roster.epoch == 1 && Set(roster.entries.keys) == [.number(2), .number(3)])
    }

    @Test("An empty snapshot is a roster")
    func empty() {
        let roster = known([], epoch: 0)
        #expect(roster.isKnown && roster.entries.isEmpty && roster.agrees(epoch: 0, size: 0))
    }

    @Test("The delta that follows is applied, leavers before joiners")
    func follows() {
        var roster = known([1, 2], epoch: 5)
        let change = roster.apply(
            RosterDelta(epoch: 6, joined: [entry(3), entry(2, port: 9)], left: [.number(1), .number(2)]))
        #expect(change == .joined([.number(3), .number(2)]))
        #expect(Set(roster.entries.keys) == [.number(2), .number(3)])
        #expect(roster.entries[.number(2)]?.address.port == 9)
        #expect(roster.agrees(epoch: 6, size: 2))
    }

    @Test("A delta that skips an epoch, or comes before a snapshot, changes nothing and is a reason to ask")
    func skips() {
        var roster = known([1], epoch: 5)
        #expect(roster.apply(RosterDelta(epoch: 7, joined: [entry(2)], left: [])) == .missed)
        #expect(roster.entries.count == 1)
        var unknown = Roster()
        #expect(unknown.apply(RosterDelta(epoch: 1, joined: [entry(2)], left: [])) == .missed)
        #expect(!unknown.isKnown)
    }

    @Test("A delta that is in the snapshot already changes nothing")
    func old() {
        var roster = known([1], epoch: 5)
        #expect(roster.apply(RosterDelta(epoch: 5, joined: [entry(2)], left: [.number(1)])) == .none)
        #expect(roster.entries.keys.map(\.self) == [.number(1)])
    }

    @Test("A heartbeat agrees only with the same epoch and the same size")
    func agrees() {
        let roster = known([1, 2], epoch: 5)
        #expect(roster.agrees(epoch: 5, size: 2))
        #expect(!roster.agrees(epoch: 6, size: 2))
        #expect(!roster.agrees(epoch: 5, size: 3))
    }

    @Test("The last epoch there is has no successor, and is no reason to trap")
    func lastEpoch() {
        var roster = known([1], epoch: .max)
        let change = roster.apply(RosterDelta(epoch: 0, joined: [entry(2)], left: []))
        #expect(change == .none && roster.entries.count == 1)
        let same = roster.apply(RosterDelta(epoch: .max, joined: [entry(2)], left: []))
        #expect(same == .none && roster.entries.count == 1)
    }

    @Test("Deltas without end make the roster ask anew instead of growing beyond the largest there may be")
    func bounded() {
        var roster = known([], epoch: 0)
        var change = Roster.Change.none
        for epoch in 1...40 where change != .missed {
            let joined = (0..<2048).map { entry(UInt64(epoch) << 32 | UInt64($0)) }
            change = roster.apply(RosterDelta(epoch: UInt64(epoch), joined: joined, left: []))
        }
        #expect(change == .missed)
        #expect(roster.entries.count <= WireLimits.rosterMax)
    }
}
