import Content
import Posix
import Testing

@testable import Storage

struct MendingTests {
    private static let begun: Int64 = 1_700_000_000_000_000_000
    private static let modified: Int64 = 1_600_000_000_123_456_789
    private let right: IndexedFile
    private let mended: MendedFile

    init() throws {
        right = try .made("a", length: 4 * 1024, salt: 1)
        let layer = try (0..<4).map { try Digest.made(UInt64($0)) }
        var bad = PieceSet(pieceCount: 4)
        for index in [1, 3] { bad.insert(index) }
        mended = MendedFile(
            root: right.root, layer: layer, bad: bad,
            mending: Mending(inode: 5, modified: Self.modified, begun: Self.begun))
    }

    /// A file in which these pieces are not what they should be.
    private func found(
        _ wrong: Int..., modified: Int64 = modified, inode: UInt64 = 5, root: FileRoot? = nil
    ) throws -> IndexedFile {
        var layer = mended.layer
        for index in wrong { layer[index] = .zero }
        let root = try root ?? FileRoot(digest: .made(77), length: right.root.length)
        let identity = FileIdentity(device: 9, inode: inode, size: root.length, modified: modified, changed: 3)
        return IndexedFile(name: right.name, root: root, identity: identity, layer: layer)
    }

    @Test("A file with some of its bad pieces left is what a repair leaves that died, with the time of its last write")
    func knows() throws {
        #expect(mended.left(try found(1)))
        #expect(mended.left(try found(1, 3)))
        for elapsed in [0, -20_000_000, 3_000_000_000] as [Int64] {
            #expect(mended.left(try found(3, modified: Self.begun + elapsed)))
        }
    }

    @Test("What was written later, or elsewhere, is somebody's work")
    func knowsWork() throws {
        #expect(!mended.left(try found(3, modified: Self.begun + 600_000_000_000)))
        #expect(!mended.left(try found(3, modified: Self.begun - 600_000_000_000)))
        for far in [Int64.min, .max] { #expect(!mended.left(try found(3, modified: far))) }
        #expect(!mended.left(try found(1, 2)))
        #expect(!mended.left(try found(1, inode: 6)))
        #expect(!mended.left(try found(1, root: FileRoot(digest: .made(77), length: right.root.length + 1))))
        #expect(!mended.left(try found(root: right.root)))
    }
}
