import Content
import Posix
import Testing

@testable import Storage

struct RemainTableTests {
    private let scratch: Scratch
    private let database: StateDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.reopen()
    }

    private func record(_ id: UInt64) throws -> DownloadRecord {
        DownloadRecord(
            id: id, kind: .tree, name: try ShareName("tree"), root: FileRoot(digest: try .made(id), length: 100),
            modified: 0, replacing: false, keepBackup: true, sync: true, priority: 0, order: 0, state: .running,
            partial: nil, added: 0)
    }

    private func remain(_ kind: TreeRemain.Kind, _ path: String, _ number: UInt64) throws -> TreeRemain {
        TreeRemain(
            kind, try ShareName(path),
            FileIdentity(
                device: .max - number, inode: 1 << 63 | number, size: number, modified: -Int64(number), changed: .max))
    }

    @Test("What a directory's download has put into the share is known after the database was opened anew")
    func kept() throws {
        try database.put(try record(1))
        let remains = [try remain(.directory, "tree", 1), try remain(.file, "tree/a", 2)]
        try database.put([remains[0]], of: 1)
        try database.put([try remain(.file, "tree/a", 9)], of: 1)
        // Put there once more.
        try database.put([remains[1]], of: 1)
        try database.update(try record(1))
        try database.close()
        let again = try scratch.reopen()
        #expect(Set(try again.remains(of: 1)) == Set(remains))
        #expect(try again.remains(of: 2).isEmpty)
    }

    @Test("With the download it is forgotten, and of one that is not recorded nothing is noted")
    func forgotten() throws {
        try database.put(try record(1))
        try database.put([try remain(.file, "tree/a", 1)], of: 1)
        try database.put([try remain(.file, "tree/b", 2)], of: 2)
        try database.removeDownload(1)
        try database.put(try record(1))
        try database.put(try record(2))
        #expect(try database.remains(of: 1).isEmpty)
        #expect(try database.remains(of: 2).isEmpty)
    }
}
