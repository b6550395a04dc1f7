import Content
import Posix
import Testing

@testable import Storage

struct DownloadTableTests {
    private let scratch: Scratch
    private let database: StateDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.reopen()
    }

    private static let length = 8 * UInt64(IndexStepTests.piece)

    private static func partial(_ length: UInt64 = length, good: [Int] = [0, 7]) throws -> PartialRecord {
        let layout = try #require(PieceLayout(length: length))
        var pieces = PieceSet(pieceCount: layout.pieceCount)
        for index in good { pieces.insert(index) }
        return PartialRecord(
            fileName: "abc.7", device: .max, inode: 1 << 63, bootID: "boot", seal: -7,
            layer: try (0..<layout.pieceCount).map { try .made(UInt64($0)) }, pieces: pieces)
    }

    private static func record(
        _ id: UInt64, length: UInt64 = length, state: DownloadRecord.State = .running, priority: Int = 0,
        order: Int = 0, partial: PartialRecord? = nil, kind: DownloadRecord.Kind = .file, flags: Bool = true
    ) throws -> DownloadRecord {
        DownloadRecord(
            id: id, kind: kind, name: try ShareName("sub/\(id)"), root: FileRoot(digest: try .made(id), length: length),
            modified: -5, replacing: flags, keepBackup: !flags, sync: flags, priority: priority, order: order,
            state: state, partial: partial, added: 1_700_000_000, treeHave: id, treeLength: .max)
    }

    private static func repair(_ bad: Int..., mending: Mending? = nil) -> DownloadRecord.Kind {
        var pieces = PieceSet(pieceCount: 8)
        for index in bad { pieces.insert(index) }
        return .repair(bad: pieces, mending: mending)
    }

    private func records(of database: StateDatabase? = nil) throws -> [DownloadRecord] {
        let (records, unreadable) = try (database ?? self.database).downloads()
        #expect(unreadable.isEmpty)
        return records
    }

    @Test("A download comes back as it was put, whatever its state, also after the database was opened anew")
    func roundTrip() throws {
        let put = [
            try Self.record(.max, partial: Self.partial()),
            try Self.record(2, state: .paused, kind: .tree, flags: false),
            try Self.record(4, partial: Self.partial(), kind: Self.repair(0, 3)),
            try Self.record(5, kind: Self.repair(7, mending: Mending(inode: .max, modified: -1, begun: .max))),
            try Self.record(
                3, length: 0, state: .failed("the disk is full", kind: "disk"), partial: Self.partial(0, good: [])),
        ]
        for record in put { try database.put(record) }
        #expect(Set(try records()) == Set(put))
        try database.close()
        #expect(Set(try records(of: scratch.reopen())) == Set(put))
    }

    @Test("Downloads come in the order of the queue: by priority, then by place")
    func keepsOrder() throws {
        for (id, priority, order) in [(1, 0, 2), (2, 0, 1), (3, 5, 9), (4, -5, 0)] as [(UInt64, Int, Int)] {
            try database.put(try Self.record(id, priority: priority, order: order))
        }
        #expect(try records().map(\.id) == [3, 2, 1, 4])
        try database.setPlace(priority: 7, order: 0, of: 4)
        #expect(try records().map(\.id) == [4, 3, 2, 1])
    }

    @Test("A download that is put again is there once, with what was put last")
    func replaces() throws {
        try database.put(try Self.record(1, partial: Self.partial()))
        let second = try Self.record(1, state: .paused)
        try database.put(second)
        #expect(try records() == [second])
    }

    @Test("An update changes what may change of a download, leaves its partial file alone, and adds nothing")
    func updates() throws {
        let first = try Self.record(1, partial: Self.partial())
        try database.put(first)
        let second = try Self.record(1, state: .failed("gone"), priority: 4, order: 2, flags: false)
        try database.update(second)
        let found = try #require(try records().first)
        #expect(found.state == second.state && found.priority == 4 && found.order == 2)
        #expect(found.replacing == second.replacing && found.keepBackup == second.keepBackup)
        #expect(found.partial == first.partial && found.root == first.root && found.added == first.added)
        try database.update(try Self.record(2))
        #expect(try records().count == 1)
    }

    @Test(
        "Of a repair it is noted that its pieces are about to be written, and more that is bad, and neither takes the other"
    )
    func updatesRepair() throws {
        let mending = Mending(inode: 1 << 63, modified: 5, begun: 7)
        for id in 1...2 as ClosedRange<UInt64> { try database.put(try Self.record(id, kind: Self.repair(2))) }
        try database.put(try Self.record(3))
        for id in [2, 3, 4] as [UInt64] { try database.set(mending, of: id) }
        try database.update(try Self.record(2, kind: Self.repair(2, 3)))
        let expected = [Self.repair(2), Self.repair(2, 3, mending: mending), .file]
        #expect(try records().map(\.kind) == expected)
    }

    @Test("A repair of which nobody knows what is bad is told, and left out")
    func tellsOddRepairs() throws {
        for id in 1...6 as ClosedRange<UInt64> { try database.put(try Self.record(id, kind: Self.repair(1))) }
        // Too short, too long, nothing, and a piece that is none.
        for (id, bytes) in [(1, ""), (2, "0101"), (3, "00")] {
            try database.access("test") {
                try $0.execute(sql: "UPDATE repairs SET bad = x'\(bytes)' WHERE download = \(id)")
            }
        }
        try database.access("test") {
            try $0.execute(sql: "DELETE FROM repairs WHERE download = 4")
            try $0.execute(sql: "UPDATE downloads SET length = 5 WHERE id = 5")
            try $0.execute(sql: "UPDATE repairs SET bad = x'02' WHERE download = 5")
        }
        let (records, unreadable) = try database.downloads()
        #expect(records.map(\.id) == [6] && unreadable.count == 5)
    }

    @Test("Of a download the pieces are updated and nothing else")
    func updatesPieces() throws {
        var (first, second) = (try Self.record(1, partial: Self.partial()), try Self.record(2, partial: Self.partial()))
        for record in [first, second] { try database.put(record) }
        first.partial = try Self.partial(good: [1, 2, 3])
        second.partial = try Self.partial(good: Array(0..<9))
        for record in try [first, second, Self.record(9, partial: Self.partial())] {
            try database.setPieces(try #require(record.partial).pieces, of: record.id)
        }
        #expect(Set(try records()) == [first, second])
    }

    @Test("A partial file is noted when it is made, and forgotten")
    func notesPartial() throws {
        var record = try Self.record(1)
        try database.put(record)
        record.partial = try Self.partial()
        try database.setPartial(record.partial, of: 1)
        #expect(try records() == [record])
        record.partial = nil
        try database.setPartial(nil, of: 1)
        #expect(try records() == [record])
    }

    @Test("A partial file of a download that is not there is an error, and nothing is kept of it")
    func refusesOrphan() throws {
        #expect(throws: StateDatabaseError.self) { try database.setPartial(try Self.partial(), of: 4) }
        try database.put(try Self.record(4))
        #expect(try records().first?.partial == nil)
    }

    @Test(
        "The state is updated and nothing else",
        arguments: [.paused, .failed("no holder"), .kept, .running] as [DownloadRecord.State])
    func updatesState(_ state: DownloadRecord.State) throws {
        var record = try Self.record(1, state: .failed("earlier"), partial: Self.partial())
        try database.put(record)
        record.state = state
        try database.setState(state, of: 1)
        #expect(try records() == [record])
    }

    @Test("A removed download is gone with its pieces, and one of the same number begins anew")
    func removes() throws {
        let other = try Self.record(2, partial: Self.partial())
        for record in [try Self.record(1, partial: Self.partial()), other] { try database.put(record) }
        try database.removeDownload(1)
        try database.removeDownload(1)
        #expect(try records() == [other])
        let again = try Self.record(1)
        try database.put(again)
        #expect(Set(try records()) == [again, other])
    }

    @Test("A row that makes no sense is told, and the others are read")
    func tellsNonsense() throws {
        for id in 1...4 as ClosedRange<UInt64> { try database.put(try Self.record(id)) }
        for change in ["kind = 9 WHERE id = 1", "state = 4 WHERE id = 2", "name = '/up' WHERE id = 3"] {
            try database.access("test") { try $0.execute(sql: "UPDATE downloads SET \(change)") }
        }
        let (records, unreadable) = try database.downloads()
        #expect(records.map(\.id) == [4])
        #expect(unreadable.count == 3 && Set(unreadable.map(\.id)) == [1, 2, 3])
    }

    @Test("A layer that does not fit leaves nothing to go on with, a set that does not fit no piece to trust")
    func distrusts() throws {
        for id in 1...2 as ClosedRange<UInt64> { try database.put(try Self.record(id, partial: Self.partial())) }
        try database.access("test") {
            try $0.execute(sql: "UPDATE partials SET layer = zeroblob(32) WHERE download = 1")
            try $0.execute(sql: "UPDATE pieces SET verified = x'ffff' WHERE download = 2")
        }
        let found = try records()
        #expect(found[0].partial == nil)
        #expect(found[1].partial?.pieces == PieceSet(pieceCount: 8))
    }
}
