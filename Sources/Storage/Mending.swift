import Content
import Posix

/// What is noted before pieces are written into a shared file that has rotted. Whoever dies while it writes leaves a file
/// that is neither what rotted nor what it should be, and that has to be told from somebody's new work.
public struct Mending: Hashable, Sendable {
    public let inode: UInt64
    /// When the file's version was last written, in nanoseconds since 1970: it is as old again after each piece.
    public let modified: Int64
    /// In nanoseconds since 1970, by the clock that files get their times from.
    public let begun: Int64

    public init(inode: UInt64, modified: Int64, begun: Int64) {
        self.inode = inode
        self.modified = modified
        self.begun = begun
    }

    /// Whether a file that is as old as this may have been left by it: with the time that each piece leaves behind, or
    /// with that of the write it died in.
    fileprivate func left(_ identity: FileIdentity) -> Bool {
        let (elapsed, isFar) = identity.modified.subtractingReportingOverflow(begun)
        let isOfThen = !isFar && StorageLimits.mendingSpan.contains(elapsed)
        return identity.inode == inode && (identity.modified == modified || isOfThen)
    }
}

/// A file of the share into which the pieces of a repair were being written.
public struct MendedFile: Hashable, Sendable {
    public let root: FileRoot
    /// A digest a piece.
    public let layer: [Digest]
    /// The pieces that were bad.
    public let bad: PieceSet
    public let mending: Mending

    public init(root: FileRoot, layer: [Digest], bad: PieceSet, mending: Mending) {
        self.root = root
        self.layer = layer
        self.bad = bad
        self.mending = mending
    }

    /// Whether a file is what it leaves when it does not come to its end: right but for some of the pieces that were bad.
    public func left(_ file: IndexedFile) -> Bool {
        guard file.root != root, file.root.length == root.length, file.layer.count == layer.count,
            mending.left(file.identity)
        else { return false }
        return layer.indices.allSatisfy { bad.contains($0) || layer[$0] == file.layer[$0] }
    }
}
