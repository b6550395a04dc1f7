import PeerCore
import Storage

/// Directories that were given up, on their way out of the share.
///
/// What workers are putting into the share for a directory in the moment in which it is given up is waited for, and goes
/// with the rest. Until all of it is gone nobody is answered, and nothing is looked at in the share, which would count
/// files as here that are about to go.
struct Removals {
    private struct Removal {
        var remains: [TreeRemain] = []
        /// What the database has of it is not known yet.
        var isLoading = false
        var isLeaving = false
    }

    /// Jobs that may put something of a directory into the share.
    private var placing: [DownloadID: Int] = [:]
    private var underWay: [DownloadID: Removal] = [:]
    /// Directories of those that are removed together, and how many those are: one may have stood in a directory that
    /// another's removal has found not empty.
    private var directories: [TreeRemain] = []
    private var together = 0

    var isEmpty: Bool { underWay.isEmpty }

    mutating func placingBegan(_ tree: DownloadID) { placing[tree, default: 0] += 1 }

    mutating func placingEnded(_ tree: DownloadID) {
        guard let count = placing[tree] else { return }
        placing[tree] = count > 1 ? count - 1 : nil
    }

    /// What is known of it comes from the database.
    mutating func begin(_ tree: DownloadID) { underWay[tree, default: Removal()].isLoading = true }

    mutating func add(_ remains: [TreeRemain], of tree: DownloadID) {
        guard !remains.isEmpty else { return }
        underWay[tree, default: Removal()].remains += remains
    }

    mutating func loaded(_ remains: [TreeRemain], of tree: DownloadID) {
        underWay[tree]?.isLoading = false
        underWay[tree]?.remains += remains
    }

    /// - Returns: what is to be removed now; nil if more may come.
    mutating func take(_ tree: DownloadID) -> [TreeRemain]? {
        guard let removal = underWay[tree], !removal.isLoading, !removal.isLeaving, placing[tree] == nil else {
            return nil
        }
        underWay[tree]?.isLeaving = true
        directories += removal.remains.filter { $0.kind == .directory }
        together += 1
        return removal.remains
    }

    /// - Returns: directories that may be empty now that the last is gone: to be removed before that counts.
    mutating func ended(_ tree: DownloadID) -> [TreeRemain] {
        underWay[tree] = nil
        guard underWay.isEmpty else { return [] }
        defer { (directories, together) = ([], 0) }
        guard together > 1, !directories.isEmpty else { return [] }
        underWay[tree] = Removal(isLeaving: true)
        return directories
    }
}
