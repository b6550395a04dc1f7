import Content

/// A download as it outlives the daemon.
public struct DownloadRecord: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case file
        /// A directory with all below it: the root is that of its manifest.
        case tree
        /// Of a file of the share these pieces, which have rotted there.
        /// - Parameter mending: the last time when the file was written to; nil if that has not begun.
        case repair(bad: PieceSet, mending: Mending? = nil)
    }

    public enum State: Hashable, Sendable {
        case running
        /// By the user.
        case paused
        /// With the cause, for people, and what kind of failure it is, in a word of the reader's.
        case failed(String, kind: String = "")
        /// Cancelled by the user, who wants what has been fetched to be there should the root be asked for again.
        case kept
    }

    /// Given by the machine; never used for two downloads.
    public let id: UInt64
    public let kind: Kind
    public let name: ShareName
    public let root: FileRoot
    /// When the version was last written at its holders, in seconds since 1970.
    public let modified: Int64
    /// Whether a file that stands at the name is replaced.
    public let replacing: Bool
    /// Whether it is then kept under another name.
    public let keepBackup: Bool
    /// Whether what is stored is made durable before it counts.
    public let sync: Bool
    /// A higher one goes first.
    public var priority: Int
    /// Among downloads of one priority, a lower one goes first.
    public var order: Int
    public var state: State
    /// What has been stored; nil before the piece layer has come.
    public var partial: PartialRecord?
    /// When it was asked for, in seconds since 1970.
    public let added: Int64
    /// Of a directory: bytes of its files that are here, and of all, as far as that was known last.
    public let treeHave: UInt64
    public let treeLength: UInt64

    public init(
        id: UInt64, kind: Kind, name: ShareName, root: FileRoot, modified: Int64, replacing: Bool, keepBackup: Bool,
        sync: Bool, priority: Int, order: Int, state: State, partial: PartialRecord?, added: Int64,
        treeHave: UInt64 = 0, treeLength: UInt64 = 0
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.root = root
        self.modified = modified
        self.replacing = replacing
        self.keepBackup = keepBackup
        self.sync = sync
        self.priority = priority
        self.order = order
        self.state = state
        self.partial = partial
        self.added = added
        self.treeHave = treeHave
        self.treeLength = treeLength
    }
}

/// A partial file and which of its pieces were good when that was written.
public struct PartialRecord: Hashable, Sendable {
    /// Its name among the partial files.
    public let fileName: String
    public let device: UInt64
    public let inode: UInt64
    /// The kernel's boot that it was written under: pieces that were not synced outlive a daemon, but no power failure.
    public let bootID: String
    /// Its time of modification as long as nobody else writes to it, in nanoseconds since 1970.
    public let seal: Int64
    /// Proved to lead to the root; empty if what the database had of it does not.
    public let layer: [Digest]
    /// Verified, written, and unless the download goes without, synced.
    public var pieces: PieceSet

    public init(
        fileName: String, device: UInt64, inode: UInt64, bootID: String, seal: Int64, layer: [Digest],
        pieces: PieceSet
    ) {
        self.fileName = fileName
        self.device = device
        self.inode = inode
        self.bootID = bootID
        self.seal = seal
        self.layer = layer
        self.pieces = pieces
    }

    /// The same file with its digests from somewhere else: all its pieces are to be proved by them.
    public func doubted(layer: [Digest]) -> PartialRecord {
        PartialRecord(
            fileName: fileName, device: device, inode: inode, bootID: bootID, seal: seal &+ 1, layer: layer,
            pieces: pieces)
    }
}
