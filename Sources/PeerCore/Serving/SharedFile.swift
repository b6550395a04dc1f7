import Content

/// A file that is offered to others. Shares may have hundreds of thousands of them: it takes 128 bytes, and a file of one
/// piece nothing besides.
public struct SharedFile: Hashable, Sendable {
    public let name: ShareName
    public let root: FileRoot
    /// How the file stood when its root was computed.
    public let stamp: FileStamp
    /// Empty for a file of one piece, whose only digest is its root's.
    private let digests: [Digest]

    /// - Parameter layer: a digest a piece; a file of one piece has its root here.
    public init(name: ShareName, root: FileRoot, stamp: FileStamp, layer: [Digest]) {
        self.name = name
        self.root = root
        self.stamp = stamp
        digests = layer == [root.digest] ? [] : layer
    }

    /// - Parameter modified: seconds since 1970.
    public init(name: ShareName, root: FileRoot, modified: Int64, layer: [Digest]) {
        let stamp = FileStamp(device: 0, inode: 0, modified: modified &* 1_000_000_000, changed: 0)
        self.init(name: name, root: root, stamp: stamp, layer: layer)
    }

    /// A digest a piece; a file of one piece has its root here.
    public var layer: [Digest] { digests.isEmpty && root.length > 0 ? [root.digest] : digests }

    /// Seconds since 1970.
    public var modified: Int64 { stamp.modified / 1_000_000_000 }

    /// The same file under another name.
    public func renamed(_ name: ShareName, stamp: FileStamp) -> SharedFile {
        SharedFile(name: name, root: root, stamp: stamp, digests: digests)
    }

    private init(name: ShareName, root: FileRoot, stamp: FileStamp, digests: [Digest]) {
        self.name = name
        self.root = root
        self.stamp = stamp
        self.digests = digests
    }
}
