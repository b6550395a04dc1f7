import Content
import Control
import PeerCore
import Posix
import Storage

/// What the database's thread is asked to do, in order.
enum LedgerJob: Sendable {
    /// Comes first.
    case open
    case loadIndex
    case writeIndex([FileChange])
    /// - Parameter now: seconds since 1970; bans that have ended by then are left out.
    case loadDownloads(now: Int64)
    case putDownload(DownloadRecord)
    /// All but its partial file.
    case updateDownload(DownloadRecord)
    case setPartial(DownloadID, PartialRecord)
    case setPieces(DownloadID, PieceSet)
    /// Notes that these pieces of a file are about to be written.
    case mend(DownloadID, IndexedFile, bad: PieceSet, Mending)
    case removeDownload(DownloadID)
    case putRemains(DownloadID, [TreeRemain])
    case loadRemains(DownloadID)
    case putBan(BanRecord)
    case removeBan(PeerID)
    /// Nothing, after all that came before.
    case passOn(DueAnswer)
    /// Brings what was written into the database itself.
    case checkpoint
}

extension LedgerJob {
    /// It leaves something in the database's log.
    var isWrite: Bool {
        switch self {
        case .open, .loadIndex, .loadDownloads, .loadRemains, .passOn, .checkpoint: false
        case .writeIndex, .putDownload, .updateDownload, .setPartial, .setPieces, .mend, .removeDownload, .putRemains,
            .putBan, .removeBan:
            true
        }
    }
}

/// A line for a client that is sent when what it tells of is on the disk: no power failure takes what was answered.
struct DueAnswer: Sendable {
    /// A download that was begun in the background: whether it could be recorded shows only when it is answered.
    struct Begun: Sendable {
        let download: DownloadID
        let id: ControlID
        let done: ReqDone
    }

    let client: ControlClientID
    let line: [UInt8]
    var begun: Begun?
}

/// What it hands back.
enum LedgerCompletion: Sendable {
    /// With what was set aside, if the database that was there could not be used.
    case opened(Result<SetAside?, StateDatabaseError>)
    case indexLoaded(Result<StoredIndex, StateDatabaseError>)
    case indexWritten(Result<Int, StateDatabaseError>)
    case downloadsLoaded(Result<KeptState, StateDatabaseError>)
    /// A download's row is as it should be, or it is not.
    case downloadRecorded(DownloadID, Result<Void, StateDatabaseError>)
    /// A change is durable.
    case recorded(Result<Void, StateDatabaseError>)
    /// The pieces of a download are, or are not.
    case piecesRecorded(DownloadID, Result<Void, StateDatabaseError>)
    case mendingNoted(DownloadID, IndexedFile, bad: PieceSet, Mending, Result<Void, StateDatabaseError>)
    case remainsLoaded(DownloadID, Result<[TreeRemain], StateDatabaseError>)
    case passedOn(DueAnswer)
    case checkpointed
}

/// What an earlier run of the daemon knew of the share.
struct StoredIndex: Sendable {
    let files: [IndexedFile]
    /// Directories that are here only for the sake of what was fetched below them.
    let fragments: Set<ShareName>
}

/// What an earlier run of the daemon left beside the index.
struct KeptState: Sendable {
    let downloads: [DownloadRecord]
    let bans: [BanRecord]
    /// Rows that make no sense, in words.
    let unreadable: [String]
    /// Partial files of no download that could not be removed.
    let unremoved: [SystemError]
}
