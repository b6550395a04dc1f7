import Content
import PeerCore
import Posix
import Reactor
import Storage

/// What a worker is asked to do.
enum PeerJob: Sendable {
    case checkDirectories
    case scan(ScanStep)
    case look([ShareName])
    case index(IndexBatch)
    case verify(VerificationID, VerifyStep)
    case giveBackMemory
    case inspect(RequestID, ShareName, known: KnownFile?)
    case inspectStep(RequestID, IndexStep)
    case checkLayer(DownloadID, FileRoot, [Digest])
    /// - Parameter runs: of the trees that this is a file of.
    case openPartial(DownloadEntry, [Digest], minFree: Reserve, runs: [UInt64])
    case reopenPartial(DownloadEntry, PartialRecord)
    case checkPartial(DownloadID, PartialFile)
    case verifyPartial(DownloadID, PartialVerification, isOpen: Bool)
    case sync(DownloadID, PartialFile, PieceSet)
    case checkSpace([SpaceNeed], minFree: Reserve)
    case store(DownloadID, PartialFile, ConnectionID, index: Int, PieceBuffer, length: Int)
    case deliver(DownloadID, PartialFile, DeliveryTerms)
    /// Puts the pieces of a partial file that are bad in a shared one into it, which is as old as this then.
    case repair(DownloadID, PartialFile, IndexedFile, bad: PieceSet, modified: Int64)
    case discard(PartialFile)
    case discardLeftover(String)
    case openShared(ShareName)
    case warm(ConnectionID, OpenFile, offset: UInt64, count: Int)
    case tree(TreeJob)
    case resolve(index: Int, host: String, port: UInt16)
}

/// A directory that the daemon works in, and that somebody has unmounted, moved, removed or replaced.
enum LostDirectory: Sendable {
    case share
    /// That of the partial files.
    case partials(path: String)
    /// What that lies in: the state directory, or the daemon's own place in the share.
    case state(path: String)
}

/// What a worker hands back.
enum PeerCompletion: Sendable {
    case directoriesChecked(lost: LostDirectory?)
    case scanned(ScanStep.Outcome)
    case looked([Share.Looked])
    case indexed(IndexBatch.Outcome)
    case verified(VerificationID, IndexedFile, Result<VerifyStep.Outcome, SystemError>)
    case ledger(LedgerCompletion)
    case inspected(RequestID, ShareName, Inspection)
    case layerChecked(DownloadID, isRight: Bool)
    case partialOpened(DownloadID, Result<PartialFile, DiskFailure>)
    /// - Parameter isThere: whether a file of that length stands at the download's name.
    case partialReopened(DownloadEntry, Result<PartialStore.Reopened, SystemError>, isThere: Bool)
    case partialChecked(DownloadID, Result<PartialFile.Standing, SystemError>)
    case partialVerified(DownloadID, Result<PartialVerification.Outcome, SystemError>, isOpen: Bool)
    case synced(DownloadID, PieceSet, DiskFailure?)
    /// - Parameter missing: bytes that there is no room for; 0 if it is inodes that lack, nil if nothing does.
    case spaceChecked([(DownloadID, missing: UInt64?)])
    case stored(DownloadID, ConnectionID, index: Int, PieceBuffer, PieceOutcome)
    case delivered(DownloadID, DeliveredFile)
    /// - Parameter failure: the error as a user is told of it.
    case undelivered(DownloadID, DeliveryError, DiskFailure)
    case sharedOpened(ShareName, Result<ServedFile, SystemError>)
    case tree(TreeCompletion)
    case warmed(ConnectionID)
    case resolved(index: Int, Result<PeerAddress, HostLookupError>)
    case nothing
}

extension PeerCompletion {
    /// A download fails of it.
    var isDiskFailure: Bool {
        switch self {
        case .partialOpened(_, .failure), .partialReopened(_, .failure, _), .partialVerified(_, .failure, _),
            .partialChecked(_, .failure), .stored(_, _, _, _, .failed), .undelivered:
            true
        case .synced(_, _, let failure): failure != nil
        case .tree(let completion): completion.isDiskFailure
        case .partialOpened, .partialReopened, .partialChecked, .partialVerified, .stored, .delivered,
            .directoriesChecked, .scanned, .looked, .indexed, .verified, .ledger, .inspected, .layerChecked,
            .spaceChecked, .sharedOpened, .warmed, .resolved, .nothing:
            false
        }
    }
}

/// A file's identity and the root that belongs to it.
struct KnownFile: Sendable {
    let identity: FileIdentity
    let root: FileRoot
}

/// A shared file opened to be served.
struct ServedFile: Sendable {
    let file: OpenFile
    let identity: FileIdentity
    /// If it is being fetched, or was when it was opened.
    var partial: PartialFile?
}

/// What looking at a name in the share has come to.
enum Inspection: Sendable {
    case settled(LocalFile)
    /// It is being hashed.
    case hashing(IndexStep)
    /// Its content is known now.
    case hashed(IndexedFile)
}
