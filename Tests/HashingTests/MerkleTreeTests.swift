import Content
import Testing

@testable import Hashing

@Suite struct MerkleTreeTests {
    @Test("Roots and piece layers are those that libtorrent computes", arguments: HashingFixture.engines)
    func torrentVectors(engine: LeafHasher.Engine) throws {
        let hasher = try LeafHasher(engine: engine)
        for vector in TorrentVector.all {
            let layout = try #require(PieceLayout(length: UInt64(vector.length)))
            let bytes = HashingFixture.content(length: vector.length)
            let layer = HashingFixture.pieceLayer(of: bytes, layout: layout, by: hasher)
            let root = MerkleTree.root(ofPieceLayer: layer, layout: layout, hasher: hasher)
            #expect(root.hex == vector.root, "\(vector.length) bytes")
            #expect(layer.map(\.hex) == (layout.pieceCount > 1 ? vector.pieceLayer : [vector.root]))
        }
    }

    @Test("An empty file has no pieces and the root of 32 zero bytes")
    func emptyFile() throws {
        let layout = try #require(PieceLayout(length: 0))
        #expect(MerkleTree.root(ofPieceLayer: [], layout: layout, hasher: LeafHasher()) == .zero)
    }

    @Test("The root is that of the tree filled leaf by leaf", arguments: HashingFixture.engines)
    func explicitFilling(engine: LeafHasher.Engine) throws {
        let hasher = try LeafHasher(engine: engine)
        for leafCount in [1, 2, 3, 5, 63, 64, 65, 127, 129, 200, 257] {
            let bytes = HashingFixture.content(length: leafCount << 14)
            let layout = try #require(PieceLayout(length: UInt64(bytes.count)))
            let layer = HashingFixture.pieceLayer(of: bytes, layout: layout, by: hasher)
            let root = MerkleTree.root(ofPieceLayer: layer, layout: layout, hasher: hasher)
            #expect(
                root == filledTree(over: HashingFixture.leaves(of: bytes, by: hasher), by: hasher),
                "\(leafCount) leaves")
        }
    }

    /// 65,537 MiB and a byte, of which no byte is read: the layer is of made-up digests.
    @Test("Pieces of 2 MiB fill their row with nodes over 128 leaves")
    func largerPieces() throws {
        let hasher = LeafHasher()
        let layout = try #require(PieceLayout(length: 65_537 << 20 | 1))
        #expect(layout.leavesPerPiece == 128)
        let layer = Array(repeating: hasher.fillers[7], count: layout.pieceCount)
        let root = MerkleTree.root(ofPieceLayer: layer, layout: layout, hasher: hasher)
        #expect(layout.pieceCount == 32_769)
        #expect(root == hasher.fillers[7 + 16])
    }

    @Test("One changed bit anywhere in a piece changes its digest")
    func changedBit() throws {
        let hasher = LeafHasher()
        var bytes = HashingFixture.content(length: 1 << 20 | 1)
        let layout = try #require(PieceLayout(length: UInt64(bytes.count)))
        let layer = HashingFixture.pieceLayer(of: bytes, layout: layout, by: hasher)
        for position in [0, PieceLayout.leafSize - 1, PieceLayout.leafSize, 777_777, 1 << 20 - 1, 1 << 20] {
            bytes[position] ^= 0x10
            let changed = HashingFixture.pieceLayer(of: bytes, layout: layout, by: hasher)
            #expect(zip(changed, layer).map(!=) == [position < 1 << 20, position >= 1 << 20])
            bytes[position] ^= 0x10
        }
    }

    /// The definition, word for word: a whole row of leaves, then every row above it.
    private func filledTree(over leaves: [Digest], by hasher: LeafHasher) -> Digest {
        var row = leaves
        while row.count & (row.count - 1) != 0 { row.append(.zero) }
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).flatMap { index in
                let children = row[index].withUnsafeBytes(Array.init) + row[index + 1].withUnsafeBytes(Array.init)
                return HashingFixture.leaves(of: children, by: hasher)
            }
        }
        return row[0]
    }
}
