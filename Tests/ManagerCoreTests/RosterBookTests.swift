import Content
import Testing
import Wire

@testable import ManagerCore

@Suite struct RosterBookTests {
    private func entry(_ peer: UInt64, port: UInt16 = 1) -> RosterEntry {
        RosterEntry(id: .number(peer), address: PeerAddress(ipv4: 1, port: port), label: "")
    }

    @Test("Without a change there is nothing to flush, and the epoch stays")
    func nothing() {
        var book = RosterBook()
        #expect(!book.hasChanges)
        #expect(book.flush().isEmpty)
        #expect(book.epoch == 0)
    }

    @Test("A peer that joins and leaves before the flush was never there")
    func joinAndLeave() {
        var book = RosterBook()
        book.join(entry(1))
        book.leave(.number(1))
        #expect(!book.hasChanges)
    }

    @Test("A peer that leaves and comes back unchanged before the flush was never gone")
    func leaveAndJoin() {
        var book = RosterBook()
        book.join(entry(1))
        _ = book.flush()
        book.leave(.number(1))
        book.join(entry(1))
        #expect(!book.hasChanges)
    }

    @Test("A peer that comes back changed, then as it was, was never gone either")
    func thereAndBack() {
        var book = RosterBook()
        book.join(entry(1))
        _ = book.flush()
        book.join(entry(1, port: 2))
        book.join(entry(1))
        #expect(!book.hasChanges)
        #expect(book.flush().isEmpty && book.roster[.number(1)]?.address.port == 1)
    }

    @Test("Somebody unknown who leaves changes nothing")
    func unknownLeaves() {
        var book = RosterBook()
        book.leave(.number(9))
        #expect(!book.hasChanges)
    }

    @Test("No delta has more entries than a frame, leavers come first, and each has its own epoch")
    func split() {
        var book = RosterBook()
        for peer in 0..<3000 as Range<UInt64> { book.join(entry(peer)) }
        _ = book.flush()
        let before = book.epoch
        for peer in 0..<3000 as Range<UInt64> { book.join(entry(peer, port: 2)) }
        let deltas = book.flush()
        #expect(deltas.map { $0.joined.count + $0.left.count } == [2048, 2048, 1904])
        #expect(deltas.map(\.epoch) == [before + 1, before + 2, before + 3])
        #expect(deltas[0].joined.isEmpty && deltas[2].left.isEmpty)
        #expect(book.roster.values.allSatisfy { $0.address.port == 2 })
    }

    @Test("The snapshot is made anew after a flush, and only then")
    func snapshots() {
        var book = RosterBook()
        let empty = book.encodedSnapshot()
        book.join(entry(1))
        #expect(book.encodedSnapshot() == empty)
        _ = book.flush()
        #expect(book.encodedSnapshot() != empty)
    }
}
