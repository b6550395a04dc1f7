import Content
import Wire

/// What the peer wants done, in this order.
public enum PeerEffect: Sendable, Equatable {
    case dial(Dial)
    case send(ConnectionID, Message)
    /// Flush what is queued, then close. No `closed` input follows.
    case close(ConnectionID, reason: String)

    /// The raw bytes that follow on this connection are a piece to verify and write.
    case receivePiece(ConnectionID, DownloadID, index: Int, length: Int)
    /// The raw bytes that follow are not wanted any more.
    case discardPiece(ConnectionID, length: Int)
    /// What is coming in on this connection is not wanted any more: the rest of it is passed over, no `pieceReceived`
    /// follows.
    case passOver(ConnectionID)
    /// Send these pieces, each behind its `piece` frame, and then `endOfChunk`.
    case serve(ConnectionID, ServeSource, FileRoot, Range<Int>)
    /// In its turn, say that nothing of this chunk will come: it is not there, or was called off.
    case serveNothing(ConnectionID, first: Int, ChunkEnd)
    /// Do not begin further pieces of this chunk.
    case stopServing(ConnectionID, FileRoot, first: Int)

    /// Whether the row of digests leads to the root.
    case checkLayer(DownloadID, FileRoot, [Digest])
    /// Make the partial file and reserve its space.
    case openPartial(DownloadEntry, [Digest])
    /// Open the partial file of an earlier run, and see which of these pieces it still has.
    case reopenPartial(DownloadEntry, [Digest], PieceSet)
    /// Make what is written durable if wanted, then record these pieces as the ones there are.
    case commit(DownloadID, PieceSet, sync: Bool)
    /// See whether anybody else has written to the partial file since the download was stopped.
    case checkPartial(DownloadID)
    /// Read these pieces again and tell which are right.
    case verifyPartial(DownloadID, PieceSet)
    /// Sync if wanted, rename into the share, sync the directory, index.
    case deliver(DownloadID, DeliveryTerms)
    case discardPartial(DownloadID, FileRoot)

    /// Read a tree's manifest from where manifests are kept, or from its partial file, which is kept and given up then.
    case readManifest(DownloadEntry)
    /// See what of it is in the share, and make the directories that are missing.
    case surveyTree(DownloadEntry, Manifest)
    /// The raw bytes that follow are a file of a tree, to verify and write.
    case receiveFile(ConnectionID, DownloadID, index: Int, length: Int)
    /// Sync if wanted, and give these files their names.
    case publishFiles(DownloadID, [Int])
    /// Remove what was written of these files.
    case discardFiles(DownloadID, [Int])
    /// Nothing more of a tree is written; these files are, and have no name: remove them.
    case closeTree(DownloadID, [Int])
    /// A tree's large file is in the share: note it as one of the tree's.
    case keepLarge(DownloadID, SharedFile)
    /// A tree is given up: remove what it has put into the share, as far as that is as it was put there.
    case removeRemains(DownloadID)
    /// Make the manifest of a directory of the share, keep and offer it.
    case makeManifest(ShareName)

    /// Whether there is room for these now: for the first of them first.
    case checkSpace([SpaceNeed])
    /// Record a download, or its new state.
    case keep(DownloadEntry)
    /// A download is not to be taken up again.
    case forget(DownloadID)
    case banned(Ban)
    case lifted(PeerID)
    case inspect(RequestID, ShareName)
    /// See what stands at a directory's name; its manifest's root is made like any.
    case inspectTree(RequestID, ShareName)

    case found(RequestID, FileFound)
    case finished(RequestID, FetchResult)
    case failed(RequestID, FetchFailure)
    /// The download will be fetched, whether anybody waits for it or not.
    case accepted(RequestID, DownloadID)
    /// What was to be done with the downloads of that name, or with all, is done.
    case changed(RequestID, ShareName?)
    case surveyed(RequestID, Survey)
    case liftedBans(RequestID, [Ban])

    /// Call again with `.wake` at this time; it replaces the time asked for before.
    case wake(at: Moment)
    /// The manager has been told and every connection is closing: the daemon can end.
    case left
    case note(PeerNote)
}

/// A version that was found and is being fetched.
public struct FileFound: Hashable, Sendable {
    public let name: ShareName
    public let root: FileRoot
    /// Bytes that it has, of a directory those of its files.
    public let length: UInt64
    public let holders: [PeerAddress]
}

/// Bytes that came from one holder since the daemon started.
public struct HolderBytes: Hashable, Sendable {
    public let address: PeerAddress
    public let bytes: UInt64
}

public struct FetchResult: Hashable, Sendable {
    public let name: ShareName
    public let root: FileRoot
    /// Bytes that it has, of a directory those of its files.
    public let length: UInt64
    public let holders: [HolderBytes]
    /// It was here before; nothing was fetched.
    public let already: Bool
    /// From the wish to the end.
    public let took: Span
    /// Bytes that came meanwhile, right or not.
    public let received: UInt64
    /// Where the file that was replaced is now.
    public let backup: ShareName?
    /// Of a directory.
    public let files: TreeResult?

    public init(
        name: ShareName, root: FileRoot, length: UInt64, holders: [HolderBytes], already: Bool, took: Span,
        received: UInt64 = 0, backup: ShareName?, files: TreeResult? = nil
    ) {
        self.name = name
        self.root = root
        self.length = length
        self.holders = holders
        self.already = already
        self.took = took
        self.received = received
        self.backup = backup
        self.files = files
    }
}

/// Where the bytes of a chunk come from.
public enum ServeSource: Hashable, Sendable {
    case shared(ShareName)
    /// A manifest that is kept.
    case manifest(Digest)
    /// A file that is being fetched.
    case partial(DownloadID)
}

/// How a whole file is put into the share.
public struct DeliveryTerms: Hashable, Sendable {
    public let replacing: Bool
    public let keepsBackup: Bool
    public let sync: Bool
    /// Seconds since 1970: the file gets this time.
    public let modified: Int64
    /// nil: as any new file.
    public let mode: FileMode?
    /// The file stands in the share already, and only these pieces of it are replaced.
    public let repairing: PieceSet?

    public init(
        replacing: Bool, keepsBackup: Bool, sync: Bool, modified: Int64, mode: FileMode? = nil,
        repairing: PieceSet? = nil
    ) {
        self.replacing = replacing
        self.keepsBackup = keepsBackup
        self.sync = sync
        self.modified = modified
        self.mode = mode
        self.repairing = repairing
    }
}

/// What the swarm has under a name.
public struct Survey: Hashable, Sendable {
    /// The most held first; what is here is among them.
    public let versions: [FileVersion]
    /// What stands in this peer's own share.
    public let local: FileRoot?
    public let asked: Int
    /// Peers that did not answer.
    public let silent: Int
    /// Peers that were not asked, since they are refused.
    public let banned: Int
    /// Peers that have the directory and cannot offer it.
    public let unfit: [PeerAddress]
}

/// One version of a name that several peers hold differently.
public struct FileVersion: Hashable, Sendable {
    public let root: FileRoot
    /// Bytes that it has, of a directory those of its files: as its holders say, until its list is here.
    public let length: UInt64
    /// Seconds since 1970, the latest of its holders.
    public let modified: Int64
    public let holders: [VersionHolder]
}

/// A peer that has a version, or some of it.
public struct VersionHolder: Hashable, Sendable {
    /// nil stands for this peer itself.
    public let address: PeerAddress?
    /// Bytes.
    public let have: UInt64

    public init(address: PeerAddress?, have: UInt64) {
        self.address = address
        self.have = have
    }
}

/// Why a wish was not fulfilled.
public enum FetchFailure: Error, Hashable, Sendable {
    /// Every peer answered, none has it.
    /// - Parameters:
    ///   - banned: so many peers were not asked, since they are refused.
    ///   - root: the version that was asked for.
    ///   - unfit: these have the directory, and cannot offer it.
    ///   - refusing: so many of those asked have banned this peer.
    case nobody(asked: Int, banned: Int = 0, root: Digest? = nil, unfit: [PeerAddress] = [], refusing: Int = 0)
    /// Not everybody answered in time, and nobody has it.
    case askTimedOut(silent: Int, asked: Int)
    /// There was no roster to ask.
    case noManager(reason: String)
    case conflict([FileVersion])
    case exists(local: FileRoot, offered: FileRoot?)
    /// It is here, and its bytes are not what was indexed.
    case rotten
    /// Of a directory: it is here, and what has rotted of it is being fetched from others.
    case mending
    case occupied(String)
    /// Every holder sent wrong bytes.
    case integrity(FileRoot, liars: [PeerAddress])
    /// What its holders list of a directory is no list, for this reason.
    case badManifest(String)
    /// Some files of a directory are not in the share.
    case incomplete(TreeResult)
    /// No holder is left; the download waits for one.
    /// - Parameter length: bytes in all, of a directory, whose root is its list's.
    case gone(FileRoot, have: UInt64, length: UInt64? = nil)
    /// Holders are there, and nothing has come of them for as long as the client waits; the download goes on.
    case silent(FileRoot, have: UInt64, length: UInt64? = nil)
    /// No holder is left, and nothing waits for one: others have another version by now, if any.
    case outdated(FileRoot, have: UInt64, length: UInt64? = nil)
    case disk(DiskFailure)
    /// The disk is full; the download goes on when there is room.
    case full(DiskFailure, have: UInt64)
    case cancelled
    /// By a client.
    case paused
    /// Why it failed in an earlier run of the daemon, in words, and in a word of the recorder's.
    case recorded(String, kind: String = "")
    /// Another version of the name is being fetched now.
    case otherVersionRunning(FileRoot)
    /// What came of another version was kept when that was called off.
    case otherVersionKept(FileRoot, have: UInt64)
    case tooMany(limit: Int)
    case noSuchDownload
    /// What was to be paused is fetched as a file of this directory.
    case partOfTree(ShareName)
}

/// What is worth a line in the log.
public enum PeerNote: Hashable, Sendable {
    case joinedManager(Int, observed: PeerAddress)
    case lostManager(Int, reason: String, retryIn: Span)
    case rosterChanged(epoch: UInt64, size: Int)
    case downloadStarted(DownloadID, ShareName, FileRoot, holders: Int)
    case downloadFinished(EndedDownload, took: Span)
    case downloadFailed(EndedDownload, FetchFailure)
    case downloadRestored(DownloadID, ShareName, have: UInt64)
    case downloadPaused(DownloadID, ShareName, missing: UInt64)
    /// The disk does not have what was written to it.
    case piecesSpoiled(DownloadID, ShareName, count: Int)
    case banned(PeerID, PeerAddress, reason: String)
    case downloadWaits(DownloadID, ShareName)
    case holderLost(DownloadID, PeerAddress, reason: String)
    /// A holder of a directory sent something else for one of its files.
    case holderErred(DownloadID, PeerAddress, reason: String)
    /// - Parameter id: nil before it has said who it is.
    case refusedPeer(ConnectionID, PeerAddress, id: PeerID?, reason: String)
    /// A peer has banned this one.
    case refusedBy(PeerID, reason: String)
}
