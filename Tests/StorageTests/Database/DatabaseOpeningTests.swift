import Content
import Foundation
import GRDB
import Posix
import TestSupport
import Testing

@testable import Storage

struct DatabaseOpeningTests {
    private let scratch: Scratch
    private let files: [IndexedFile]

    init() throws {
        scratch = try Scratch()
        files = try (0..<300).map { try .made("file-\($0)", length: 3 << 20, salt: UInt64($0)) }
    }

    /// A database with files in it, closed: all of it is in one file.
    private func filled() throws -> [UInt8] {
        let database = try scratch.reopen()
        try database.apply(files.map { .put($0) })
        try database.close()
        #expect(Scratch.entries(of: scratch.statePath) == [StateDatabase.fileName])
        return try scratch.databaseBytes()
    }

    /// The database is set aside as it is, an empty one takes its place, and that stays.
    private func expectSetAside(_ bytes: [UInt8], _ word: String = "corrupt") throws -> SetAside.Reason {
        let (database, setAside) = try scratch.openDatabase()
        let aside = try #require(setAside)
        #expect(aside.path == "\(scratch.databasePath).\(word)-20010909-014640")
        let isSame = Array(try Data(contentsOf: URL(fileURLWithPath: aside.path))) == bytes
        #expect(isSame)
        #expect(try database.files().isEmpty)
        try database.apply([.put(files[0])])
        try database.close()
        #expect(try scratch.reopen().files() == [files[0]])
        return aside.reason
    }

    // MARK: Sound ones

    @Test("A new database is for its owner alone, and is there again the next time")
    func makesAndReopens() throws {
        try scratch.reopen().setText("kept", for: "key")
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.databasePath)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try scratch.reopen().texts() == ["key": "kept"])
    }

    @Test("What a call has written is in the files when it returns: a copy of them has it")
    func isWritten() throws {
        let database = try scratch.reopen()
        try database.apply([.put(files[0])])
        let copy = try Scratch()
        try copy.writeDatabase(try scratch.databaseBytes())
        try copy.writeDatabase(try scratch.databaseBytes("-wal"), "-wal")
        #expect(try copy.reopen().files() == [files[0]])
        #expect(try database.access("test") { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        #expect(try database.access("test") { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
    }

    @Test(
        "A daemon killed while it writes leaves whole transactions, the earlier ones first", arguments: Seeded.seeds(2))
    func survivesKill(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let database = try scratch.reopen()
        _ = try database.access("test") { try Int.fetchOne($0, sql: "PRAGMA wal_autocheckpoint = 0") }
        let base = try scratch.databaseBytes()
        for pair in 0..<40 { try database.apply([.put(files[2 * pair]), .put(files[2 * pair + 1])]) }
        let isUntouched = try scratch.databaseBytes() == base
        #expect(isUntouched)
        let log = try scratch.databaseBytes("-wal")
        var seen: Set<Int> = []
        for cut in [log.count] + (0..<20).map({ _ in Int.random(in: 0...log.count, using: &random) }) {
            let copy = try Scratch()
            try copy.writeDatabase(base)
            try copy.writeDatabase(Array(log[..<cut]), "-wal")
            let found = try copy.reopen().files()
            #expect(found.count.isMultiple(of: 2) && found == Array(files[..<found.count]), "cut at \(cut)")
            seen.insert(found.count)
        }
        #expect(seen.contains(80) && seen.count > 3)
    }

    @Test("A database of any earlier version is taken over with what it has", arguments: 1...3)
    func upgrades(_ version: Int) throws {
        _ = try scratch.state()
        try DatabaseQueue(path: scratch.databasePath).writeWithoutTransaction { database in
            for step in StateSchema.steps.prefix(version) { try database.execute(sql: step) }
            let later = version < 3 ? "" : ", 'disk', 3, 9"
            try database.execute(
                sql: """
                    INSERT INTO downloads
                    VALUES (7, 0, 'a', zeroblob(32), 5, 1, 0, 1, 1, 3, 2, 1, '', 4\(later));
                    PRAGMA application_id = \(StateSchema.applicationID);
                    PRAGMA user_version = \(version);
                    """)
        }
        let database = try scratch.reopen()
        let record = try #require(try database.downloads().records.first)
        #expect(record.id == 7 && record.kind == .file && record.state == .paused && record.priority == 3)
        var bad = PieceSet(pieceCount: 1)
        bad.insert(0)
        let repair = DownloadRecord(
            id: 8, kind: .repair(bad: bad), name: try ShareName("b"), root: record.root, modified: 0, replacing: true,
            keepBackup: true, sync: true, priority: 0, order: 9, state: .running, partial: nil, added: 0)
        try database.put(repair)
        try database.close()
        #expect(try scratch.reopen().downloads().records == [record, repair])
    }

    // MARK: Damaged ones

    @Test(
        "What is no database is set aside",
        arguments: [[], [7], Array("hello, this is text".utf8), [UInt8](repeating: 0, count: 5000)])
    func setsGarbageAside(_ bytes: [UInt8]) throws {
        try scratch.writeDatabase(bytes)
        guard case .corrupt = try expectSetAside(bytes) else {
            Issue.record("not corrupt")
            return
        }
    }

    @Test("A database of a format that SQLite does not know is set aside")
    func setsUnknownFormatAside() throws {
        var bytes = try filled()
        // The schema format: https://www.sqlite.org/fileformat2.html, 1.3.
        bytes[47] = 9
        try scratch.writeDatabase(bytes)
        guard case .corrupt = try expectSetAside(bytes) else {
            Issue.record("not corrupt")
            return
        }
    }

    @Test("A truncated database is set aside, wherever it was cut", arguments: Seeded.seeds(6))
    func setsTruncatedAside(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let whole = try filled()
        let bytes = Array(whole[..<Int.random(in: 0..<whole.count, using: &random)])
        try scratch.writeDatabase(bytes)
        guard case .corrupt = try expectSetAside(bytes) else {
            Issue.record("not corrupt: cut at \(bytes.count)")
            return
        }
    }

    @Test("A database of which a page was overwritten is set aside")
    func setsOverwrittenAside() throws {
        var bytes = try filled()
        let page = 4096
        let middle = bytes.count / page / 2
        bytes.replaceSubrange(middle * page..<(middle + 1) * page, with: [UInt8](repeating: 0x5A, count: page))
        try scratch.writeDatabase(bytes)
        guard case .corrupt = try expectSetAside(bytes) else {
            Issue.record("not corrupt")
            return
        }
    }

    @Test("Whatever bytes are wrong, the database opens and can be read, or is set aside", arguments: Seeded.seeds(40))
    func survivesFlippedBytes(_ seed: UInt64) throws {
        var random = Seeded(seed)
        var bytes = try filled()
        // Half of the damage goes to the header and the schema, where every byte matters.
        let end = Bool.random(using: &random) ? 4096 : bytes.count
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            bytes[Int.random(in: 0..<end, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        try scratch.writeDatabase(bytes)
        let (database, setAside) = try scratch.openDatabase()
        do throws(StateDatabaseError) {
            _ = try (database.files(), database.downloads(), database.bans(now: 0), database.texts())
        } catch {
            // What quick_check does not look at is noticed when it is used, and told as what it is.
            #expect(error.cause == .corrupt && setAside == nil, "\(error)")
        }
    }

    @Test("A database whose tables mean something else is set aside")
    func setsOtherTablesAside() throws {
        var bytes = try filled()
        let wanted = Array("address TEXT".utf8)
        let place = try #require(
            bytes.indices.first { bytes[$0] == wanted[0] && bytes[$0...].starts(with: wanted) })
        bytes[place] = UInt8(ascii: "e")
        try scratch.writeDatabase(bytes)
        #expect(try expectSetAside(bytes) == .corrupt("its tables are not those of version 5"))
    }

    @Test("A log without its database is kept, not thrown away")
    func keepsOrphanedLog() throws {
        try scratch.writeDatabase([1, 2, 3], "-wal")
        let (_, setAside) = try scratch.openDatabase()
        let path = try #require(setAside).path
        #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))) == [1, 2, 3])
    }

    @Test("The log of an emptied database is kept beside it, not thrown away")
    func keepsLogOfEmptied() throws {
        try scratch.writeDatabase([])
        try scratch.writeDatabase([1, 2, 3], "-wal")
        let path = try #require(try scratch.openDatabase().setAside).path
        #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))) == [1, 2, 3])
    }

    // MARK: Other ones

    /// Offsets in the header. Source: https://www.sqlite.org/fileformat2.html, 1.3
    private static let (userVersion, applicationID) = (60, 68)

    @Test("A database that a newer p2pd made is set aside, and said to be newer")
    func setsNewerAside() throws {
        var bytes = try filled()
        bytes[Self.userVersion + 3] = 99
        try scratch.writeDatabase(bytes)
        #expect(try expectSetAside(bytes, "newer") == .newer(version: 99))
    }

    @Test("A database that another program made is set aside", arguments: [userVersion, applicationID])
    func setsForeignAside(_ offset: Int) throws {
        var bytes = try filled()
        bytes.replaceSubrange(offset..<offset + 4, with: [0, 0, 0, 0])
        try scratch.writeDatabase(bytes)
        #expect(try expectSetAside(bytes) == .corrupt("another program made it"))
    }

    @Test("A directory in the database's place is an error that names it, and stays")
    func refusesDirectory() throws {
        try FileManager.default.createDirectory(
            atPath: "\(scratch.databasePath)/inner", withIntermediateDirectories: true)
        let error = #expect(throws: StateDatabaseError.self) { try scratch.openDatabase() }
        #expect(error?.cause == .other && error?.path == scratch.databasePath)
        #expect(Scratch.entries(of: scratch.databasePath) == ["inner"])
    }

    @Test("A full disk is an error that says so, and nothing is set aside", .enabled(if: SmallDisk.isPossible))
    func tellsFullDisk() throws {
        let disk = try SmallDisk(at: scratch.statePath, bytes: 1 << 20)
        defer { disk.unmount() }
        let database = try scratch.reopen()
        let error = #expect(throws: StateDatabaseError.self) {
            for round in 0..<100 {
                try database.apply(files.map { .put(try .made("\(round)/\($0.name)", length: 3 << 20)) })
            }
        }
        #expect(error?.cause == .outOfSpace && error?.path == scratch.databasePath)
        try database.close()
        for name in Scratch.entries(of: disk.path) {
            try FileManager.default.removeItem(atPath: "\(disk.path)/\(name)")
        }
        try disk.fill()
        let second = #expect(throws: StateDatabaseError.self) { try scratch.openDatabase() }
        #expect(second?.cause == .outOfSpace)
        #expect(!Scratch.entries(of: scratch.statePath).contains { $0.contains("corrupt") })
    }
}
