import Posix
import Storage

/// What the database's thread is asked to do, in order.
enum LedgerJob: Sendable {
    /// Comes first.
    case open
    case loadIndex
    case writeIndex([FileChange])
}

/// What it hands back.
enum LedgerCompletion: Sendable {
    /// With what was set aside, if the database that was there could not be used.
    case opened(Result<SetAside?, StateDatabaseError>)
    case indexLoaded(Result<[IndexedFile], StateDatabaseError>)
    case indexWritten(Result<Int, StateDatabaseError>)
}
