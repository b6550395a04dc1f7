import Foundation
import GRDB
import Posix
import TestSupport
import Testing

@testable import Storage

struct WriteAheadLogTests {
    private let scratch: Scratch
    private let database: StateDatabase
    /// Bytes of the database's pages.
    private static let page = 4096
    private static let frame = 24 + page

    /// A database whose log has six transactions.
    init() throws {
        scratch = try Scratch()
        database = try scratch.reopen()
        _ = try database.access("test") { try Int.fetchOne($0, sql: "PRAGMA wal_autocheckpoint = 0") }
        for number in 0..<6 { try put(number) }
    }

    private func put(_ number: Int) throws {
        try database.apply([.put(try .made("file-\(number)", length: 3 << 20, salt: UInt64(number)))])
    }

    private func log() throws -> [UInt8] { try scratch.databaseBytes("-wal") }

    private func damage(_ bytes: [UInt8]) throws -> String? {
        let copy = try Scratch()
        try copy.writeDatabase(bytes, "-wal")
        let file = try copy.state().openFile(StateDatabase.logName)
        return try WriteAheadLog.damage(in: file.rawValue, size: UInt64(bytes.count))
    }

    /// The frames that end a transaction.
    private func commits(_ log: [UInt8]) -> [Int] {
        (0..<(log.count - 32) / WriteAheadLogTests.frame).filter { index in
            let start = 32 + index * WriteAheadLogTests.frame
            return log[start + 4..<start + 8].contains { $0 != 0 }
        }
    }

    private func flipped(_ bytes: [UInt8], _ position: Int) -> [UInt8] {
        var bytes = bytes
        bytes[position] ^= 0x10
        return bytes
    }

    @Test("A log that SQLite wrote is sound, and so it is wherever a power failure cuts it", arguments: Seeded.seeds(3))
    func sound(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let log = try log()
        #expect(commits(log).count == 6)
        #expect(try damage(log) == nil)
        for _ in 0..<20 {
            #expect(try damage(Array(log[..<Int.random(in: 0..<log.count, using: &random)])) == nil)
        }
    }

    @Test("A log whose header has any wrong byte is damaged", arguments: 0..<32)
    func header(_ position: Int) throws {
        #expect(try damage(flipped(try log(), position)) == "the header of its log is damaged")
    }

    @Test("A header without anything behind it is nobody's loss, whatever it has")
    func headerAlone() throws {
        let header = Array(try log()[..<32])
        #expect(try damage(header) == nil)
        #expect(try damage(flipped(header, 9)) == nil)
        #expect(try damage([UInt8](repeating: 0, count: 32)) == nil)
        #expect(try damage([]) == nil)
        #expect(try damage([UInt8](repeating: 0, count: 33)) != nil)
    }

    @Test("A frame that is broken anywhere, with whole transactions behind it, is damage", arguments: Seeded.seeds(8))
    func middle(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let log = try log()
        // Two whole transactions are behind the third from the end.
        let last = try #require(commits(log).dropLast(3).last)
        for _ in 0..<10 {
            let index = Int.random(in: 0...last, using: &random)
            let start = 32 + index * WriteAheadLogTests.frame
            // But not the sums that the next frame is judged by.
            let inside = Bool.random(using: &random) ? 0..<16 : 24..<WriteAheadLogTests.frame
            let position = start + Int.random(in: inside, using: &random)
            #expect(try damage(flipped(log, position)) == "frame \(index + 1) of its log is damaged", "\(position)")
        }
        #expect(try damage(flipped(log, 32 + 17)) == "frame 1 of its log is damaged")
    }

    @Test("A last transaction in pieces is what a power failure leaves, and no damage", arguments: Seeded.seeds(4))
    func tail(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let log = try log()
        let before = try #require(commits(log).dropLast().last)
        let start = 32 + (before + 1) * WriteAheadLogTests.frame
        for _ in 0..<10 { #expect(try damage(flipped(log, Int.random(in: start..<log.count, using: &random))) == nil) }
    }

    @Test("What an earlier log has left behind the last transaction is no damage")
    func reset() throws {
        let before = try log()
        _ = try database.access("test") { try Row.fetchOne($0, sql: "PRAGMA wal_checkpoint(PASSIVE)") }
        try put(7)
        let after = try log()
        #expect(after.count == before.count && after[16..<24] != before[16..<24])
        #expect(commits(after).count > 2)
        #expect(try damage(after) == nil)
    }

    @Test(
        "A checkpoint leaves nothing in the log, and all of it in the database; who reads meanwhile is not waited for")
    func checkpoints() throws {
        let reader = try DatabaseQueue(path: scratch.databasePath)
        try reader.read { _ = try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
        try reader.writeWithoutTransaction { reading in
            try reading.execute(sql: "BEGIN")
            _ = try Int.fetchOne(reading, sql: "SELECT count(*) FROM sqlite_master")
            try put(8)
            try database.checkpoint()
            try reading.execute(sql: "COMMIT")
        }
        #expect(try log().count > 0)
        try database.checkpoint()
        #expect(try log().isEmpty)
        let copy = try Scratch()
        try copy.writeDatabase(try scratch.databaseBytes())
        #expect(try copy.reopen().files().count == 7)
    }

    @Test("A database whose log is damaged is set aside with its log, and a new one made")
    func setAside() throws {
        let copy = try Scratch()
        try copy.writeDatabase(try scratch.databaseBytes())
        let log = flipped(try log(), 20)
        try copy.writeDatabase(log, "-wal")
        let (fresh, setAside) = try copy.openDatabase()
        let aside = try #require(setAside)
        #expect(aside.reason == .corrupt("the header of its log is damaged"))
        let isKept = Array(try Data(contentsOf: URL(fileURLWithPath: aside.path + "-wal"))) == log
        #expect(isKept)
        #expect(try fresh.files().isEmpty)
    }
}
