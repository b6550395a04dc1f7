import Content

/// The tree that identifies a file: SHA-256 over leaves of 16 KiB, of which the last may be short; the row of leaves is
/// filled up to a power of two with 32 zero bytes each; an inner node hashes its left child followed by its right.
///
/// Filling is never hashed leaf by leaf: where a row is short, the known node over filling alone takes its place.
/// Source: https://www.bittorrent.org/beps/bep_0052.html ("pieces root", "piece layers").
public enum MerkleTree {
    /// The node over one piece: in a file of several pieces always that of a full tree, in a file of one piece that of
    /// the smallest tree with room for its leaves, which is the file's root.
    ///
    /// - Parameters:
    ///   - bytes: the piece, `layout.size(of: index)` bytes, at least one.
    ///   - index: below `layout.pieceCount`.
    ///   - scratch: holds the tree's row while it shrinks; reused, so that nothing is allocated piece by piece.
    public static func pieceDigest(
        of bytes: UnsafeRawBufferPointer, index: Int, layout: PieceLayout, hasher: LeafHasher, scratch: inout [Digest]
    ) -> Digest {
        assert(!bytes.isEmpty && bytes.count == layout.size(of: index), "piece \(index) has \(bytes.count) bytes")
        hasher.hashLeaves(of: bytes, into: &scratch)
        let width = layout.pieceCount > 1 ? layout.leavesPerPiece : scratch.count
        return root(of: &scratch, height: 0, width: width, hasher: hasher)
    }

    /// The file's root from the nodes over its pieces.
    ///
    /// - Parameter layer: exactly `layout.pieceCount` digests, which the caller has to check: a layer that was
    ///   lengthened by filling would have the same root.
    /// - Returns: `Digest.zero` for an empty file, which has no tree.
    public static func root(ofPieceLayer layer: [Digest], layout: PieceLayout, hasher: LeafHasher) -> Digest {
        // trap: for layers of our own
        precondition(layer.count == layout.pieceCount, "\(layer.count) digests for \(layout.pieceCount) pieces")
        guard !layer.isEmpty else { return .zero }
        var row = layer
        let height = layout.leavesPerPiece.trailingZeroBitCount
        return root(of: &row, height: height, width: row.count, hasher: hasher)
    }

    /// The node above a row of nodes.
    ///
    /// - Parameters:
    ///   - row: at least one node; overwritten.
    ///   - height: of the row's nodes above the leaves.
    ///   - width: the row is taken to be filled up to this many nodes, and further to a power of two.
    private static func root(of row: inout [Digest], height: Int, width: Int, hasher: LeafHasher) -> Digest {
        var count = row.count
        var height = height
        var width = width
        if !count.isMultiple(of: 2) { row.append(.zero) }
        while width > 1 {
            if !count.isMultiple(of: 2) { row[count] = hasher.fillers[height] }
            count = (count + 1) / 2
            width = (width + 1) / 2
            height += 1
            hasher.replaceByParents(&row, count: count)
        }
        return row[0]
    }
}
