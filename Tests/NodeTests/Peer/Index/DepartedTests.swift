import Content
import PeerCore
import Posix
import Storage
import Testing

@testable import Node

struct DepartedTests {
    private var departed = Departed()
    private let file: SharedFile

    init() throws {
        let stamp = FileStamp(device: 1, inode: 2, modified: 3, changed: 4)
        let root = FileRoot(digest: .zero, length: 10)
        file = SharedFile(name: try ShareName("old"), root: root, stamp: stamp, layer: [.zero])
        departed.add(file, cookie: 7)
    }

    private func found(
        inode: UInt64 = 2, size: UInt64 = 10, modified: Int64 = 3, changed: Int64 = 4, links: UInt64 = 1
    ) throws -> FoundFile {
        let identity = FileIdentity(device: 1, inode: inode, size: size, modified: modified, changed: changed)
        return FoundFile(name: try ShareName("new"), identity: identity, linkCount: links, age: 0)
    }

    @Test("What has not changed at all is the same, whatever brought it")
    func unchanged() throws {
        #expect(departed.match(try found(), cookie: nil) == file)
        #expect(departed.match(try found(links: 2), cookie: 8) == file)
    }

    @Test("What one rename took away and brought is the same if nothing else is other and it has one name")
    func renamed() throws {
        #expect(departed.match(try found(changed: 5), cookie: 7) == file)
        #expect(departed.match(try found(changed: 5), cookie: nil) == nil)
        #expect(departed.match(try found(changed: 5), cookie: 8) == nil)
        #expect(departed.match(try found(changed: 5, links: 2), cookie: 7) == nil)
        #expect(departed.match(try found(modified: 4, changed: 5), cookie: 7) == nil)
        #expect(departed.match(try found(size: 11, changed: 5), cookie: 7) == nil)
        #expect(departed.match(try found(inode: 3, changed: 5), cookie: 7) == nil)
    }

    @Test("What is forgotten is not known again")
    mutating func forgotten() throws {
        departed.removeAll()
        let found = try found()
        #expect(departed.isEmpty && departed.match(found, cookie: 7) == nil)
    }
}
