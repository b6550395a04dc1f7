import Content
import Hashing
import Posix

/// What one worker hashes with: an engine, and memory that is used again. Not to be shared between threads.
public final class HashBench {
    private let hasher = LeafHasher()
    private var scratch: [Digest] = []
    private var buffer: UnsafeMutableRawBufferPointer?

    public init() {}

    deinit { buffer?.deallocate() }

    /// The digest of a piece in memory.
    public func digest(of bytes: UnsafeRawBufferPointer, index: Int, _ layout: PieceLayout) -> Digest {
        MerkleTree.pieceDigest(of: bytes, index: index, layout: layout, hasher: hasher, scratch: &scratch)
    }

    /// The roots of files of one leaf, 1 to 16,384 bytes, together: several times as fast as one by one.
    public func roots(ofSmall files: [UnsafeRawBufferPointer]) -> [Digest] {
        hasher.hash(leaves: files)
    }

    /// The digest of a piece in a file; nil if the file ends before the piece does.
    public func digest(of index: Int, in file: OpenFile, _ layout: PieceLayout) throws(SystemError) -> Digest? {
        if let digest = mappedDigest(of: index, in: file, layout) { return digest }
        return try piece(index, in: file, layout).map { digest(of: $0, index: index, layout) }
    }

    /// Below this, to map costs more than to copy.
    private static let mappedMin = 256 << 10

    /// The digest of a large piece, hashed where the kernel has it: the copy would take a third of the time.
    private func mappedDigest(of index: Int, in file: OpenFile, _ layout: PieceLayout) -> Digest? {
        let size = layout.size(of: index)
        guard size >= HashBench.mappedMin else { return nil }
        return MappedRange.read(file.rawValue, offset: layout.offset(of: index), count: size) { bytes in
            digest(of: bytes, index: index, layout)
        }
    }

    /// A piece in a file; nil if the file ends before the piece does.
    /// - Returns: memory of the bench's own, good until it is used for anything else.
    func piece(
        _ index: Int, in file: OpenFile, _ layout: PieceLayout
    ) throws(SystemError) -> UnsafeRawBufferPointer? {
        let size = layout.size(of: index)
        let piece = UnsafeMutableRawBufferPointer(rebasing: memory(layout.pieceSize)[..<size])
        guard try FileIO.read(file.rawValue, into: piece, at: layout.offset(of: index)) == size else { return nil }
        return UnsafeRawBufferPointer(piece)
    }

    /// Reads a range into the page cache, and forgets it.
    public func readThrough(_ file: OpenFile, offset: UInt64, count: Int) {
        let step = 1 << Int(PieceLayout.usualPieceSizeLog2)
        for start in stride(from: 0, to: count, by: step) {
            let part = UnsafeMutableRawBufferPointer(rebasing: memory(step)[..<min(step, count - start)])
            // Whatever is wrong with the file shows again, with its consequences, when it is sent.
            _ = try? FileIO.read(file.rawValue, into: part, at: offset + UInt64(start))
        }
    }

    /// Whether a layer has a digest a piece and leads to the root. That of a file of one piece is its root.
    public func isRight(_ layer: [Digest], of root: FileRoot) -> Bool {
        guard let layout = PieceLayout(length: root.length), layer.count == layout.pieceCount else { return false }
        return layer.count == 1 ? layer == [root.digest] : self.root(of: layer, layout) == root.digest
    }

    public func root(of layer: [Digest], _ layout: PieceLayout) -> Digest {
        MerkleTree.root(ofPieceLayer: layer, layout: layout, hasher: hasher)
    }

    private func memory(_ size: Int) -> UnsafeMutableRawBufferPointer {
        if let buffer, buffer.count >= size { return buffer }
        buffer?.deallocate()
        let fresh = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        buffer = fresh
        return fresh
    }
}
