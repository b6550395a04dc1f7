import Content
import PeerCore
import Posix
import Storage
import Testing

@testable import Node

@Suite struct RemovalsTests {
    private let tree = DownloadID(rawValue: 1)
    private let other = DownloadID(rawValue: 2)

    private func remain(_ name: String) throws -> TreeRemain {
        let identity = FileIdentity(device: 1, inode: 1, size: 1, modified: 0, changed: 0)
        return TreeRemain(.file, try ShareName(name), identity)
    }

    @Test("What a worker was putting into the share goes together with what was noted, and not before it is there")
    func late() throws {
        var removals = Removals()
        removals.placingBegan(tree)
        removals.placingBegan(tree)
        removals.begin(tree)
        removals.loaded([try remain("d/noted")], of: tree)
        removals.placingEnded(tree)
        let early = removals.take(tree)
        #expect(early == nil && !removals.isEmpty)
        removals.placingEnded(tree)
        removals.add([try remain("d/late")], of: tree)
        let taken = removals.take(tree)
        #expect(taken == [try remain("d/noted"), try remain("d/late")])
        let again = removals.take(tree)
        #expect(again == nil && !removals.isEmpty)
        #expect(removals.ended(tree).isEmpty)
        #expect(removals.isEmpty)
    }

    @Test("Nothing goes before the database has said what was noted; another tree's work is not waited for")
    func loading() throws {
        var removals = Removals()
        removals.placingBegan(other)
        removals.begin(tree)
        let early = removals.take(tree)
        #expect(early == nil)
        removals.loaded([], of: tree)
        let taken = removals.take(tree)
        #expect(taken == [])
    }

    @Test("Of several that go together the directories are tried once more when the last is gone")
    func together() throws {
        let identity = FileIdentity(device: 1, inode: 2, size: 0, modified: 4, changed: 5)
        let above = TreeRemain(.directory, try ShareName("a"), identity)
        var removals = Removals()
        for (id, remains) in [(tree, [above, try remain("a/b/file")]), (other, [try remain("a/c/file")])] {
            removals.begin(id)
            removals.loaded(remains, of: id)
            _ = removals.take(id)
        }
        let first = removals.ended(tree)
        let last = removals.ended(other)
        #expect(first.isEmpty && last == [above] && !removals.isEmpty)
        let end = removals.ended(other)
        #expect(end.isEmpty && removals.isEmpty)
    }
}
