import Content

/// What is kept of a download beyond the daemon's life.
public struct DownloadEntry: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case file
        /// A directory with all below it: the root is its manifest's.
        case tree
        /// A file of the share that rotted: only these pieces, which were bad when it began, are fetched, and written
        /// where they belong.
        case repair(bad: PieceSet)

        /// Of a repair: what is to be fetched.
        public var badPieces: PieceSet? {
            switch self {
            case .file, .tree: nil
            case .repair(let bad): bad
            }
        }
    }

    public enum State: Hashable, Sendable {
        /// Running, or waiting for its turn.
        case running
        /// By its user.
        case paused
        case failed(FetchFailure)
    }

    /// Never used again for another.
    public let id: DownloadID
    public let kind: Kind
    public let name: ShareName
    public let root: FileRoot
    /// Seconds since 1970, as its holders say: the file gets this time.
    public let modified: Int64
    public let replacing: Bool
    /// Keep the file that is replaced.
    public let keepsBackup: Bool
    public let sync: Bool
    /// -100 to 100; the higher goes first.
    public let priority: Int
    public let state: State
    /// Of a directory: bytes of its files that are here, and of all, as far as is known.
    public let treeHave: UInt64
    public let treeLength: UInt64
    /// Its place in the order of asking, in all runs of the daemon.
    public let turn: UInt64

    public init(
        id: DownloadID, kind: Kind = .file, name: ShareName, root: FileRoot, modified: Int64, replacing: Bool,
        keepsBackup: Bool,
        sync: Bool, priority: Int, state: State, treeHave: UInt64 = 0, treeLength: UInt64 = 0,
        turn: UInt64 = 0
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.root = root
        self.modified = modified
        self.replacing = replacing
        self.keepsBackup = keepsBackup
        self.sync = sync
        self.priority = priority
        self.state = state
        self.treeHave = treeHave
        self.treeLength = treeLength
        self.turn = turn
    }
}

/// Why a download does not go on though it could.
public enum PauseCause: Hashable, Sendable {
    case user
    /// The disk is full; it goes on when there is room for all the bytes needed, and so many of them were missing when
    /// that was last looked at.
    case space(missing: UInt64, needed: UInt64)
}

/// A download as an earlier run of the daemon left it.
public struct StoredDownload: Sendable {
    public let entry: DownloadEntry
    /// nil if it had not been checked.
    public let layer: [Digest]?
    /// Durable and recorded.
    public let pieces: PieceSet

    public init(entry: DownloadEntry, layer: [Digest]?, pieces: PieceSet) {
        self.entry = entry
        self.layer = layer
        self.pieces = pieces
    }
}
