import Content
import PeerCore
import Posix

/// What the indexer wants done, in this order.
enum IndexAction {
    /// When nothing more urgent is to be done.
    case submit(PeerJob)
    case offer(SharedFile)
    /// Not offered any more.
    case withdraw(ShareName)
    /// Not offered now, but perhaps soon.
    case suspend(ShareName)
    /// Remove these watches.
    case unwatch([Int32])
    case note(IndexNote)
}

/// What is worth a line in the log.
enum IndexNote: Hashable {
    /// All that was there at the start has been dealt with.
    case ready(files: Int, errors: Int)
    case refused(shown: String, reason: String)
    case failed(ShareName, reason: String)
    case keepsChanging(ShareName)
    /// Directories cannot be watched, so the share is looked through now and then.
    case polling(reason: String)
    case watching
    /// More happened than the kernel could tell of, so everything is looked at.
    case rescan
}
