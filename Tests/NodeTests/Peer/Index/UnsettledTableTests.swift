import Content
import Posix
import Testing

@testable import Node

struct UnsettledTableTests {
    private func entry(_ phase: Unsettled.Phase = .settling, isFirst: Bool = false) -> Unsettled {
        var entry = Unsettled(due: 0, isFirst: isFirst, hasRow: false)
        entry.phase = phase
        return entry
    }

    private func identity(_ size: UInt64) -> FileIdentity {
        FileIdentity(device: 1, inode: 2, size: size, modified: 3, changed: 4)
    }

    @Test("The sums follow every change and come to nothing with the last file")
    func sums() throws {
        var table = UnsettledTable()
        let (first, second) = (try ShareName("a"), try ShareName("b"))
        table.put(first, entry(.queued(identity(100)), isFirst: true))
        table.put(second, entry(.hashing(identity(20))))
        #expect(table.bytes == 120 && table.firstCount == 1 && table.failureCount == 0 && table.count == 2)
        table.change(first) { $0.phase = .failed(.rotten, nil) }
        #expect(table.bytes == 20 && table.firstCount == 0 && table.failureCount == 1)
        table.change(first) { $0.phase = .settling }
        table.put(second, entry(.settling))
        #expect(table.bytes == 0 && table.firstCount == 1 && table.failureCount == 0)
        table.remove(first)
        table.remove(first)
        table.remove(second)
        table.change(first) { $0.phase = .failed(.rotten, nil) }
        #expect(table.count == 0 && table.bytes == 0 && table.firstCount == 0 && table.failureCount == 0)
    }

    @Test("Pages of many names come in order, whole, and without those that are not wanted", arguments: [1, 7, 1000])
    func pages(_ limit: Int) throws {
        var table = UnsettledTable()
        let names = try (0..<2000).map { try ShareName("\(10_000 + $0)") }
        for name in names.shuffled() { table.put(name, entry()) }
        let wanted = names.filter { !$0.path.hasSuffix("3") }
        var (seen, last): ([ShareName], ShareName?) = ([], nil)
        while true {
            let (page, more) = table.page(after: last, limit: limit) { !$0.path.hasSuffix("3") }
            seen += page.map(\.name)
            #expect(!more || page.count == limit)
            last = page.last?.name
            if !more { break }
        }
        #expect(seen == wanted)
    }

    @Test("The names below a directory are those, and not those of one whose name begins alike")
    func below() throws {
        var table = UnsettledTable()
        for name in ["a/b", "a/c/d", "ab/c", "a"] { table.put(try ShareName(name), entry()) }
        #expect(table.names(below: try ShareName("a")).map(\.path).sorted() == ["a/b", "a/c/d"])
    }
}
