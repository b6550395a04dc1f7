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
    /// Send these pieces, each behind its `piece` frame, and then `endOfChunk`.
    case serve(ConnectionID, ShareName, FileRoot, Range<Int>)
    /// In its turn, say that nothing of this chunk will come.
    case serveNothing(ConnectionID, first: Int)
    /// Do not begin further pieces of this chunk.
    case stopServing(ConnectionID, FileRoot, first: Int)

    /// Whether the row of digests leads to the root.
    case checkLayer(DownloadID, FileRoot, [Digest])
    case openPartial(DownloadID, ShareName, FileRoot, [Digest])
    /// Sync if wanted, rename into the share, sync the directory, index.
    case deliver(DownloadID, replacing: Bool, sync: Bool)
    case discardPartial(DownloadID)
    case inspect(RequestID, ShareName)

    case found(RequestID, FileFound)
    case finished(RequestID, FetchResult)
    case failed(RequestID, FetchFailure)
    case cancelled(RequestID, ShareName)

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
    public let holders: [HolderBytes]
    /// It was here before; nothing was fetched.
    public let already: Bool
    /// From the wish to the end.
    public let took: Span
}

/// One version of a name that several peers hold differently.
public struct FileVersion: Hashable, Sendable {
    public let root: FileRoot
    /// Seconds since 1970, the latest of its holders.
    public let modified: Int64
    /// nil stands for this peer itself.
    public let holders: [PeerAddress?]
}

/// Why a wish was not fulfilled.
public enum FetchFailure: Error, Hashable, Sendable {
    /// Every peer answered, none has it.
    case nobody(asked: Int)
    /// Not everybody answered in time, and nobody has it.
    case askTimedOut(silent: Int, asked: Int)
    /// There was no roster to ask.
    case noManager(reason: String)
    case conflict([FileVersion])
    case exists(local: FileRoot, offered: FileRoot?)
    case occupied(String)
    /// Every holder sent wrong bytes.
    case integrity(FileRoot, liars: [PeerAddress])
    /// No holder is left; the download waits for one.
    case gone(FileRoot, have: UInt64)
    case disk(DiskFailure)
    case cancelled
    /// Another version of the name is being fetched now.
    case otherVersionRunning(FileRoot)
    case tooMany(limit: Int)
    case noSuchDownload
}

/// What is worth a line in the log.
public enum PeerNote: Hashable, Sendable {
    case joinedManager(Int, observed: PeerAddress)
    case lostManager(Int, reason: String, retryIn: Span)
    case rosterChanged(epoch: UInt64, size: Int)
    case downloadStarted(DownloadID, ShareName, FileRoot, holders: Int)
    case downloadFinished(DownloadID, ShareName, FileRoot, took: Span)
    case downloadFailed(DownloadID, ShareName, FileRoot, FetchFailure)
    case downloadWaits(DownloadID, ShareName)
    case holderLost(DownloadID, PeerAddress, reason: String)
    case refusedPeer(ConnectionID, reason: String)
}
