import Content
import Posix

/// A file of the share that is not offered, or not known to be still what it is offered as.
struct Unsettled {
    enum Phase {
        /// Something happened to it a moment ago: it is looked at when it has been quiet for a while.
        case settling
        /// A worker looks at it.
        case looking
        /// It waits for its turn to be hashed.
        case queued(FileIdentity)
        case hashing(FileIdentity)
        /// How it stood then, if that could be seen: as long as it stands so there is nothing new to try.
        case failed(IndexFailure, FileIdentity?)
    }

    var phase = Phase.settling
    /// When it has been quiet for long enough.
    var due: UInt64
    /// Something has happened to it since a worker began to look at it or to hash it.
    var isStirred = false
    /// When it was to be hashed, somebody had it open for writing.
    var isOpenForWriting = false
    /// How often it was written to while it was hashed.
    var interruptions = 0
    /// Of the rename that brought it, if nothing has happened to it since.
    var cookie: UInt32?
    /// It was there when the daemon started.
    let isFirst: Bool
    /// The database has a row for its name.
    var hasRow: Bool
    /// Why it was not offered the last time, so that the same is not logged at each attempt.
    var lastFailure: IndexFailure?

    /// Bytes that are waiting to be hashed.
    var bytes: UInt64 {
        switch phase {
        case .queued(let identity), .hashing(let identity): identity.size
        case .settling, .looking, .failed: 0
        }
    }

    var failure: IndexFailure? {
        if case .failed(let failure, _) = phase { failure } else { nil }
    }

    var identity: FileIdentity? {
        switch phase {
        case .queued(let identity), .hashing(let identity): identity
        case .failed(_, let identity): identity
        case .settling, .looking: nil
        }
    }

    var keepsChanging: Bool { interruptions >= IndexLimits.interruptionsMax }
}

/// Why a file is not offered.
enum IndexFailure: Hashable {
    /// With the system's words.
    case unreadable(String)
    case tooLong(bytes: UInt64)
    /// Its bytes are not those that were indexed, though nobody has written to it.
    case rotten

    var text: String {
        switch self {
        case .unreadable(let reason): reason
        case .tooLong(let bytes): "it has \(bytes) bytes; at most \(PieceLayout.maxLength) can be shared"
        case .rotten:
            "its bytes on the disk are not what was indexed, though nobody has written to it; see `p2pctl verify --help`, "
                + "or touch it to share it as it is"
        }
    }
}
