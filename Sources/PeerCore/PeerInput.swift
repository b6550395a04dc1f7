import Content
import Wire

/// Names one wish of a client.
public struct RequestID: Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// Names one download while the daemon runs.
public struct DownloadID: Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// Whom a connection is opened to.
public enum Dial: Hashable, Sendable {
    /// The manager at this place in the configured list.
    case manager(Int)
    case peer(PeerID, PeerAddress)
}

/// Why the disk refused. `message` names the call, the path and the reason.
public struct DiskFailure: Error, Hashable, Sendable {
    public let message: String
    /// errno(3).
    public let code: Int32
    public let isOutOfSpace: Bool
    /// How many more bytes would have to be free, where that is known; 0 if it is not bytes that lack, but inodes.
    public let missingBytes: UInt64?
    /// For how many bytes there has to be room, where that is known.
    public let neededBytes: UInt64?

    public init(
        message: String, code: Int32, isOutOfSpace: Bool, missingBytes: UInt64? = nil, neededBytes: UInt64? = nil
    ) {
        self.message = message
        self.code = code
        self.isOutOfSpace = isOutOfSpace
        self.missingBytes = missingBytes
        self.neededBytes = neededBytes
    }
}

/// A download that waits for room on the disk, and for how much.
public struct SpaceNeed: Hashable, Sendable {
    public let id: DownloadID
    public let bytes: UInt64

    public init(id: DownloadID, bytes: UInt64) {
        self.id = id
        self.bytes = bytes
    }
}

/// What stands in the share under a name that a client asks for.
public enum LocalFile: Hashable, Sendable {
    case absent
    case file(FileRoot)
    /// A directory that was asked for as one.
    case tree(LocalVersion)
    /// A file whose bytes are not what was indexed, though nobody has written to it.
    case rotten(FileRoot)
    /// A directory that was asked for as one, with a file in it of which that is so.
    case rottenTree
    /// A directory, link or special file.
    case occupied(String)
    case failed(DiskFailure)

    var version: LocalVersion? {
        switch self {
        case .file(let root): LocalVersion(of: root)
        case .tree(let version): version
        // Bytes that nobody wrote are no version.
        case .absent, .rotten, .rottenTree, .occupied, .failed: nil
        }
    }
}

/// What stands in the share.
public struct LocalVersion: Hashable, Sendable {
    public let root: FileRoot
    /// Bytes that it has, of a directory those of its files.
    public let length: UInt64

    public init(root: FileRoot, length: UInt64) {
        self.root = root
        self.length = length
    }

    init(of file: FileRoot) {
        self.init(root: file, length: file.length)
    }
}

/// What became of a piece that was received whole.
public enum PieceOutcome: Hashable, Sendable {
    /// Verified and written.
    case stored
    /// Its digest is not the layer's; nothing was written.
    case wrong
    case failed(DiskFailure)
}

/// What became of a whole file.
public enum Delivery: Hashable, Sendable {
    /// - Parameter backup: where the file that was replaced is now.
    case done(SharedFile, backup: ShareName?)
    /// Something came to stand at its name meanwhile.
    case occupied(String)
    /// It could not be given its name: of its bytes nothing is lost.
    case unplaced(DiskFailure)
    /// What was not durable before may not have reached the disk.
    case failed(DiskFailure)
}

/// Which version to take where there are several.
public enum VersionChoice: Hashable, Sendable {
    /// None: that is a conflict.
    case only
    /// The one modified last.
    case newest
    case mostHeld
}

/// What is known of a file of the share of which some bytes rotted.
public struct Rot: Hashable, Sendable {
    public let root: FileRoot
    /// A digest a piece.
    public let layer: [Digest]
    /// The pieces that are not as they should be.
    public let bad: PieceSet

    public init(root: FileRoot, layer: [Digest], bad: PieceSet) {
        self.root = root
        self.layer = layer
        self.bad = bad
    }
}

/// What a client asks the peer to fetch.
public struct FetchWish: Hashable, Sendable {
    public let name: ShareName
    /// The name is a directory's, and all below it is wanted.
    public let tree: Bool
    /// The version wanted; nil takes the one there is.
    public let digest: Digest?
    /// Replace a file of other content.
    public let force: Bool
    /// Sync the file before it gets its name.
    public let sync: Bool
    /// How long to wait without progress.
    public let timeout: Span
    public let choose: VersionChoice
    /// Keep a file that is replaced.
    public let keepsBackup: Bool
    /// The answer is wanted when the download is accepted, not when it has ended.
    public let background: Bool
    /// -100 to 100; the higher goes first.
    public let priority: Int
    /// From the first byte to the last: the client reads it while it comes.
    public let inOrder: Bool
    /// Of a file that is in the share and has rotted: only what is bad of it.
    public let rot: Rot?

    public init(
        name: ShareName, tree: Bool = false, digest: Digest? = nil, force: Bool = false, sync: Bool = true,
        timeout: Span,
        choose: VersionChoice = .only, keepsBackup: Bool = true, background: Bool = false, priority: Int = 0,
        inOrder: Bool = false, rot: Rot? = nil
    ) {
        self.name = name
        self.tree = tree
        self.digest = digest
        self.force = force
        self.sync = sync
        self.timeout = timeout
        self.choose = choose
        self.keepsBackup = keepsBackup
        self.background = background
        self.priority = priority
        self.inOrder = inOrder
        self.rot = rot
    }

    /// To have a rotten file made whole.
    public static func repairing(_ name: ShareName, _ rot: Rot, timeout: Span) -> FetchWish {
        FetchWish(name: name, digest: rot.root.digest, force: true, timeout: timeout, rot: rot)
    }

    var query: FileQuery {
        if tree { return .tree(name) }
        if let rot { return .root(rot.root) }
        return digest.map { .digest($0) } ?? .name(name)
    }

    /// Whether it may be answered with this root.
    func accepts(_ offered: FileRoot) -> Bool {
        if let rot { return offered == rot.root }
        return digest == nil || digest == offered.digest
    }

    static func asking(for name: ShareName, tree: Bool) -> FetchWish {
        FetchWish(name: name, tree: tree, timeout: .seconds(30))
    }
}

/// What happens to the peer.
public enum PeerInput: Sendable {
    // Connections.
    case dialed(Dial, ConnectionID)
    case dialFailed(Dial, reason: String)
    case accepted(ConnectionID, from: PeerAddress)
    case received(ConnectionID, Message)
    case closed(ConnectionID, reason: String)

    // Bulk data, which does not pass through here.
    /// The piece announced last on this connection has a buffer and is being read.
    case pieceStarted(ConnectionID)
    case progressed(ConnectionID, bytes: Int)
    /// All bytes of the piece are in; a worker has it.
    case pieceReceived(ConnectionID)
    /// A piece may come from two holders at a time: the connection tells whose bytes were judged.
    case pieceStored(DownloadID, index: Int, from: ConnectionID, PieceOutcome)
    /// All of a chunk that was served, or what could be, is in the send queue's past.
    case chunkServed(ConnectionID)

    // The disk.
    case layerChecked(DownloadID, isRight: Bool)
    /// The partial file can be written to.
    /// - Parameter pieces: what it holds of an earlier run's pieces.
    case partialOpened(DownloadID, PieceSet)
    /// There is no partial file, though there should be.
    /// - Parameter mayBeDelivered: something of its length stands at the download's name.
    case partialMissing(DownloadID, mayBeDelivered: Bool)
    /// Nobody but this daemon has written to the partial file that was to be checked.
    case partialChecked(DownloadID)
    /// Somebody else has written to the partial file.
    /// - Parameter isThere: false if another file stands at its path, or none.
    case partialTouched(DownloadID, isThere: Bool)
    /// Which of the pieces asked about are right.
    case partialVerified(DownloadID, PieceSet)
    /// All pieces of the last `commit` are durable and recorded, or none of those that were new.
    case committed(DownloadID, DiskFailure?)
    /// Whether there is room for a download that waits for it.
    /// - Parameter missing: bytes that there is no room for; 0 if it is inodes that lack, nil if nothing does.
    case spaceChecked(DownloadID, missing: UInt64?)
    /// It could not be opened, or not be read again before delivery.
    case partialFailed(DownloadID, DiskFailure)
    case delivered(DownloadID, Delivery)
    /// What stands at the name of a repair is still being looked at: `judged`, or the end of indexing, tells more.
    case repairPostponed(DownloadID)

    // Trees.
    case manifestRead(DownloadID, ManifestReading)
    case treeSurveyed(DownloadID, TreeFound)
    case treeFailed(DownloadID, DiskFailure)
    case filesStaged(DownloadID, [StagedFile])
    case filesPublished(DownloadID, [PublishedFile])
    /// What was staged could not be made durable.
    case publishingFailed(DownloadID, DiskFailure)
    /// A directory's manifest was made and is kept, or why not.
    case manifestMade(ShareName, ManifestMaking)
    /// A directory came or went, or something in it whose content is nobody's concern.
    case directoryChanged(ShareName)

    // The share.
    case indexed(SharedFile)
    case withdrawn(ShareName)
    /// What stands at a name and is not offered has been looked at.
    /// - Parameter isRotten: it is what was indexed, but for its bytes. If not, it is nothing, or nothing to be repaired.
    case judged(ShareName, isRotten: Bool)
    /// A file is not what is known of it, and is being indexed: it is not offered, but may be soon.
    case settling(ShareName)
    /// The share has been gone through and every file indexed, or not yet.
    case indexing(Bool)

    // Clients.
    case wish(RequestID, FetchWish)
    case inspected(RequestID, LocalFile)
    case cancel(RequestID, ShareName, keepData: Bool)
    /// nil: every download.
    case pause(RequestID, ShareName?)
    case resume(RequestID, ShareName?)
    case prioritize(RequestID, ShareName, Int)
    case survey(RequestID, ShareName, isTree: Bool = false)
    case wait(RequestID, ShareName, isTree: Bool = false)
    case lift(RequestID, BanChoice)
    case leave

    // What an earlier run of the daemon left: before everything else.
    case restored(StoredDownload)
    case restoredBan(Ban)

    /// The time of the last `wake` effect has come.
    case wake
}
