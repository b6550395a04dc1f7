import Content
import Testing

@testable import Node

struct UploadQueueTests {
    private let root = FileRoot(digest: .zero, length: 5 << 20)

    private func upload(_ name: String?, _ first: Int) throws -> UploadQueue.Upload {
        let layout = try #require(PieceLayout(length: root.length))
        let file = try name.map { (name: try ShareName($0), root: root, layout: layout) }
        return .init(file: file, first: first, end: first + 1, next: first)
    }

    @Test("Only the chunk of that root and first piece is cancelled")
    func cancelsOne() throws {
        var queue = UploadQueue()
        queue.uploads = [try upload("a", 0), try upload("a", 1), try upload(nil, 1)]
        queue.cancel(FileRoot(digest: .zero, length: 7), first: 1)
        #expect(queue.uploads.map(\.isCancelled) == [false, false, false])
        queue.cancel(root, first: 1)
        #expect(queue.uploads.map(\.isCancelled) == [false, true, false])
    }

    @Test("It tells which files it uses")
    func tellsFiles() throws {
        var queue = UploadQueue()
        queue.uploads = [try upload("a", 0), try upload(nil, 0)]
        #expect(queue.uses(try ShareName("a")))
        #expect(!queue.uses(try ShareName("b")))
    }
}
