import Content

/// What lies in the share and cannot be shared whatever is in it: names that are none, and directories that cannot be
/// listed.
struct IndexErrors {
    private struct Refusal {
        let reason: String
        /// Which scan of the whole share came upon it last.
        var scan: Int
    }

    private var refusals: [String: Refusal] = [:]
    private var scan = 0
    /// Files and names beyond those that are listed.
    private(set) var unlisted = 0

    /// Listed here.
    var count: Int { refusals.count }

    /// In the order of their names.
    var all: [(shown: String, reason: String)] {
        refusals.map { ($0.key, $0.value.reason) }.sorted { $0.0 < $1.0 }
    }

    /// - Parameter room: how many more may be listed.
    /// - Returns: whether it is listed now and was not before.
    mutating func add(_ shown: String, _ reason: String, room: Int) -> Bool {
        let isNew = refusals[shown] == nil
        guard !isNew || room > 0 else {
            unlisted += 1
            return false
        }
        refusals[shown] = Refusal(reason: reason, scan: scan)
        return isNew
    }

    mutating func addUnlisted() { unlisted += 1 }

    mutating func forget(_ shown: String) { refusals[shown] = nil }

    /// What was refused in a directory, and the directory itself.
    mutating func forget(below directory: ShareName) {
        let prefix = directory.path + "/"
        refusals = refusals.filter { !$0.key.utf8.starts(with: prefix.utf8) }
    }

    /// A scan of the whole share begins.
    mutating func beginRenewal() {
        scan += 1
        unlisted = 0
    }

    /// It has ended: what it has not come upon is not there any more.
    mutating func endRenewal() {
        refusals = refusals.filter { $0.value.scan == scan }
    }
}
