import Content
import Foundation
import Hashing
import Wire

/// A file as a holder offers it, held in memory with its piece layer.
struct FakeFile: Sendable {
    let offer: FileOffer
    let layer: [Digest]
    private let bytes: [UInt8]
    /// It is offered as a directory's manifest.
    let isTree: Bool

    var root: FileRoot { offer.root }

    /// Reads the file at `path`, to be offered as `name`.
    init(_ path: String, named name: String) throws {
        try self.init([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), named: name)
    }

    /// - Parameter isTree: `name` is a directory, and the bytes are what is offered as its manifest.
    init(_ bytes: [UInt8], named name: String, isTree: Bool = false) throws {
        guard let layout = PieceLayout(length: UInt64(bytes.count)) else { throw Failure("\(name) is too long") }
        let hasher = LeafHasher()
        var scratch: [Digest] = []
        layer = (0..<layout.pieceCount).map { index in
            FakeFile.piece(index, of: bytes, layout).withUnsafeBytes {
                MerkleTree.pieceDigest(of: $0, index: index, layout: layout, hasher: hasher, scratch: &scratch)
            }
        }
        let digest = MerkleTree.root(ofPieceLayer: layer, layout: layout, hasher: hasher)
        let root = FileRoot(digest: digest, length: layout.length)
        let holding = isTree ? Holding.tree(length: UInt64(bytes.count)) : .all
        guard let offer = FileOffer(root: root, modified: 0, name: try ShareName(name), holding: holding) else {
            throw Failure("\(name) cannot be offered")
        }
        self.offer = offer
        self.bytes = bytes
        self.isTree = isTree
    }

    func matches(_ query: FileQuery) -> Bool {
        switch query {
        case .name(let name): !isTree && name == offer.name
        case .root(let root): root == offer.root
        case .digest(let digest): digest == offer.root.digest
        case .tree(let name): isTree && name == offer.name
        }
    }

    func piece(_ index: Int) -> [UInt8] {
        Array(FakeFile.piece(index, of: bytes, offer.layout))
    }

    private static func piece(_ index: Int, of bytes: [UInt8], _ layout: PieceLayout) -> ArraySlice<UInt8> {
        let start = Int(layout.offset(of: index))
        return bytes[start..<start + layout.size(of: index)]
    }
}
