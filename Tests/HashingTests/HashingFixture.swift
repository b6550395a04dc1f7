import Content
import Hashing

/// Files' bytes and their digests, as the tests of this target need them.
enum HashingFixture {
    /// The engines that this machine has.
    static let engines = LeafHasher.Engine.allCases.filter { engine in (try? LeafHasher(engine: engine)) != nil }

    /// The same bytes as Vectors/torrent-vectors.py makes: Marsaglia's xorshift64 (shifts 13, 7, 17) started at
    /// `length + 1`, each state as eight little-endian bytes.
    static func content(length: Int) -> [UInt8] {
        var state = UInt64(length) + 1
        let words = (0...length / 8).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state.littleEndian
        }
        return words.withUnsafeBytes { Array($0[..<length]) }
    }

    static func leaves(of bytes: [UInt8], by hasher: LeafHasher) -> [Digest] {
        var leaves: [Digest] = []
        bytes.withUnsafeBytes { hasher.hashLeaves(of: $0, into: &leaves) }
        return leaves
    }

    static func pieceLayer(of bytes: [UInt8], layout: PieceLayout, by hasher: LeafHasher) -> [Digest] {
        var scratch: [Digest] = []
        return bytes.withUnsafeBytes { bytes in
            (0..<layout.pieceCount).map { index in
                let piece = bytes[Int(layout.offset(of: index))...].prefix(layout.size(of: index))
                return MerkleTree.pieceDigest(
                    of: UnsafeRawBufferPointer(rebasing: piece), index: index, layout: layout, hasher: hasher,
                    scratch: &scratch)
            }
        }
    }
}
