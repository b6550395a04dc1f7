import Content
import Posix
import TestSupport
import Testing

@testable import Storage

struct FileTableTests {
    private let scratch: Scratch
    private let database: StateDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.reopen()
    }

    private static let piece = UInt64(IndexStepTests.piece)

    @Test(
        "A file of any number of pieces comes back as it was put, also after the database was opened anew",
        arguments: [0, 1, piece, piece + 1, 5 * piece, (1 << 16) * piece + 1])
    func roundTrip(_ length: UInt64) throws {
        let file = try IndexedFile.made("sub/fil\u{E9}", length: length, salt: 77)
        try database.apply([.put(file)])
        #expect(try database.files() == [file])
        try database.close()
        #expect(try scratch.reopen().files() == [file])
    }

    @Test("A file that is put again replaces what was known of its name, and a removed one is gone")
    func replacesAndRemoves() throws {
        let first = try IndexedFile.made("a", length: 3 * Self.piece)
        let second = try IndexedFile.made("a", length: 7, salt: 9)
        let other = try IndexedFile.made("b", length: 7)
        try database.apply([.put(first), .put(other)])
        try database.apply([.put(second), .remove(try ShareName("b")), .remove(try ShareName("never"))])
        #expect(try database.files() == [second])
        try database.apply([])
        #expect(try database.files() == [second])
    }

    @Test("Two spellings of a letter are two names")
    func comparesBytes() throws {
        let files = try ["\u{E9}", "e\u{301}"].map { try IndexedFile.made($0, length: 1) }
        try database.apply(files.map { .put($0) })
        #expect(try database.files().byName == files.byName)
    }

    @Test("After any changes the table says what a dictionary says", arguments: Seeded.seeds(3))
    func againstModel(_ seed: UInt64) throws {
        var random = Seeded(seed)
        var model: [ShareName: IndexedFile] = [:]
        var fragments: Set<ShareName> = []
        for _ in 0..<30 {
            let changes = try (0..<Int.random(in: 0...20, using: &random)).map { _ in try change(&random) }
            for change in changes {
                switch change {
                case .put(let file): model[file.name] = file
                case .remove(let name): model[name] = nil
                case .addFragment(let name): fragments.insert(name)
                case .removeFragment(let name): fragments.remove(name)
                }
            }
            try database.apply(changes)
        }
        #expect(try database.files().byName == Array(model.values).byName)
        #expect(try database.fragments() == fragments)
    }

    private func change(_ random: inout Seeded) throws -> FileChange {
        let name = "dir/\(Int.random(in: 0..<40, using: &random))"
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: return .remove(try ShareName(name))
        case 2: return .addFragment(try ShareName(name))
        case 3: return .removeFragment(try ShareName(name))
        default: break
        }
        let length = UInt64.random(in: 0...4 * Self.piece, using: &random)
        return .put(try .made(name, length: length, salt: random.next() >> 8))
    }

    @Test("A row that makes no sense is left out, and the others are read")
    func leavesOutNonsense() throws {
        let good = try IndexedFile.made("good", length: 5)
        try database.apply([.put(good)])
        for values in [
            "'../up', 1, 0, 0, 0, 0, zeroblob(32), NULL",
            "'short root', 1, 0, 0, 0, 0, zeroblob(31), NULL",
            "'no layer', 3000000, 0, 0, 0, 0, zeroblob(32), NULL",
            "'odd layer', 3000000, 0, 0, 0, 0, zeroblob(32), zeroblob(33)",
            "'long layer', 3000000, 0, 0, 0, 0, zeroblob(32), zeroblob(128)",
            "'negative', -1, 0, 0, 0, 0, zeroblob(32), NULL",
        ] {
            try database.access("test") { try $0.execute(sql: "INSERT INTO files VALUES (\(values))") }
        }
        #expect(try database.files() == [good])
    }

    @Test("A root that a disk has spoiled is noticed, also of a file of one piece")
    func noticesSpoiledRoots() throws {
        let file = try IndexedFile.made("small", length: 5)
        try database.apply([.put(file)])
        try database.access("test") { try $0.execute(sql: "UPDATE files SET root = zeroblob(32)") }
        #expect(try database.files().map(\.layer) == [file.layer])
        #expect(try !database.files().contains { HashBench().isRight($0.layer, of: $0.root) })
        // An earlier release wrote no layer of such a file.
        try database.apply([.put(file)])
        try database.access("test") { try $0.execute(sql: "UPDATE files SET layer = NULL") }
        #expect(try database.files() == [file])
    }

    @Test("A hundred thousand files are put in one go and read again")
    func holdsMany() throws {
        let files = try (0..<100_000).map { number in
            try IndexedFile.made("directory-\(number % 100)/file-\(number)", length: 4096, salt: UInt64(number))
        }
        try database.apply(files.map { .put($0) })
        try database.close()
        let isSame = try scratch.reopen().files() == files
        #expect(isSame)
    }
}
