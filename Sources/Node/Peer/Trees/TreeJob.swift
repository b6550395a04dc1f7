import Content
import PeerCore
import Posix
import Reactor
import Storage

/// What a worker is asked to do for directories.
enum TreeJob: Sendable {
    /// What stands at a directory's name.
    case inspect(RequestID, ShareName)
    case list(TreeListing)
    case make(ShareName, TreeContents, Catalog, unreadable: [ShareName: String], needed: Set<Digest>)
    case read(DownloadEntry, PartialFile?, needed: Set<Digest>)
    case survey(TreeRun, TreeSurvey, minFree: Reserve)
    case stage(TreeRun, FileBatch, minFree: Reserve)
    case publish(TreeRun, [Int])
    case discard(TreeFiles, [Int])
    /// A survey that is not wanted any more: what it has made so far is looked up.
    case abandon(TreeRun, TreeSurvey)
    /// Out of the share, of a directory that was given up.
    case remove(DownloadID, [TreeRemain])
    case openManifest(Digest)
    case readSmall(ConnectionID, [SmallFile])
}

/// What a worker hands back of them.
enum TreeCompletion: Sendable {
    /// - Parameter local: nil if a directory stands there.
    case inspected(RequestID, ShareName, LocalFile?)
    case listed(ShareName, Result<TreeListing.Outcome, SystemError>)
    case made(ShareName, Result<ManifestOutcome, SystemError>)
    case read(DownloadID, ManifestReading)
    case surveying(TreeRun, TreeSurvey)
    case surveyed(TreeRun, Result<TreeFound, DiskFailure>, made: [TreeRemain])
    case abandoned(TreeRun, made: [TreeRemain])
    case staged(TreeRun, FileBatch, [StagedFile])
    case published(TreeRun, [Int], Result<[Publishing], DiskFailure>)
    case manifestOpened(Digest, Result<ServedFile, SystemError>)
    case smallRead(ConnectionID, [SmallFile], SmallAnswer)
    case removed(DownloadID)
    case discarded
}

extension TreeCompletion {
    /// A download, or a file of it, fails of it.
    var isDiskFailure: Bool {
        switch self {
        case .read(_, .failed), .surveyed(_, .failure, _), .published(_, _, .failure): true
        case .staged(_, _, let files): files.contains { if case .failed = $0.outcome { true } else { false } }
        case .published(_, _, .success(let files)):
            files.contains { if case .failure = $0.result { true } else { false } }
        case .inspected, .listed, .made, .read, .surveying, .surveyed, .abandoned, .manifestOpened, .smallRead,
            .removed, .discarded:
            false
        }
    }
}

/// What became of a file that was to get its name.
struct Publishing: Sendable {
    /// In the manifest.
    let index: Int
    let result: Result<TreeFiles.Published, DiskFailure>
}

/// What making a manifest has come to.
enum ManifestOutcome: Sendable {
    case made(MadeManifest, ManifestStore.Kept)
    case pending
    /// It can have none, for this reason.
    case refused(String)
}

/// The files of a tree that is being fetched, from one survey to the end or to a pause: what workers bring of an earlier
/// run of the same download is told apart by its number.
struct TreeRun: Sendable {
    let id: DownloadID
    let number: UInt64
    let files: TreeFiles
}
