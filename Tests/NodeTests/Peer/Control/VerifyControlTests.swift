import Content
import Control
import Posix
import Storage
import Testing

@testable import Node

struct VerifyControlTests {
    private let shared: Shared

    init() throws {
        shared = try Shared()
        try shared.write([1, 2, 3], to: "file")
    }

    @Test("Every verdict is told and counted once, and only what was hashed to the end counts as bytes")
    func counts() throws {
        let name = try ShareName("file")
        let identity = try shared.share.open(name).1
        let file = IndexedFile(name: name, root: FileRoot(digest: .zero, length: 3), identity: identity, layer: [.zero])
        let tally = VerifyTally()
        let told = [
            tally.add(name, .ok, length: 7), tally.add(name, .rotten(file, good: PieceSet(pieceCount: 1)), length: nil),
            tally.add(name, .changed, length: 7), tally.add(name, .missing, length: nil),
            tally.add(name, .unreadable("EIO"), length: 7), tally.add(name, .notIndexed("no such file"), length: nil),
            tally.add(name, .indexing("written to"), length: 7),
        ]
        #expect(told.map(\.result) == [.ok, .rotten, .changed, .missing, .error, .missing, .indexing])
        #expect(told[1].badPieces == 1)
        #expect(told[4].message == "EIO" && told[5].message == "no such file")
        #expect(
            tally.reply
                == VerifyReply(files: 7, bytes: 10, ok: 1, rotten: 1, repaired: 0, changed: 1, indexing: 1, errors: 3))
    }
}
