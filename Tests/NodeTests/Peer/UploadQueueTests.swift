import Content
import PeerCore
import Testing

@testable import Node

struct UploadQueueTests {
    private let root = FileRoot(digest: .zero, length: 5 << 20)

    private func upload(_ name: String?, _ first: Int) throws -> UploadQueue.Upload {
        let layout = try #require(PieceLayout(length: root.length))
        let file = try name.map { UploadQueue.File(source: .shared(try ShareName($0)), root: root, layout: layout) }
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

    @Test("A chunk ends when there is no file, when it is cancelled, and when all of it was sent")
    func ends() throws {
        #expect(try upload(nil, 3).ending == .end(.gone))
        var chunk = try upload("a", 3)
        #expect(chunk.ending == nil)
        chunk.next = 4
        #expect(chunk.ending == .end(.complete))
        chunk.isCancelled = true
        #expect(chunk.ending == .end(.cancelled))
    }

    @Test("Refusing a file leaves the chunks of others")
    func refusesOne() throws {
        var queue = UploadQueue()
        queue.uploads = [try upload("a", 0), try upload("b", 1), try upload("a", 2), try upload(nil, 3)]
        let source = ServeSource.shared(try ShareName("a"))
        #expect(queue.refuse(source) == 2)
        #expect(queue.uploads.map { $0.file == nil } == [true, false, true, true])
        #expect(queue.uploads.map(\.first) == [0, 1, 2, 3])
        #expect(queue.refuse(source) == 0)
    }
}
