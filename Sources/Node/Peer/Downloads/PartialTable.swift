import PeerCore
import Storage

/// The partial files of the running downloads, and those that are still being made by a worker.
struct PartialTable {
    private enum Entry {
        case opening
        /// The download ended before its file was made.
        case unwanted
        case open(PartialFile)
    }

    private var entries: [DownloadID: Entry] = [:]

    subscript(id: DownloadID) -> PartialFile? {
        if case .open(let partial) = entries[id] { partial } else { nil }
    }

    mutating func opening(_ id: DownloadID) { entries[id] = .opening }

    /// - Returns: whether the file is still wanted.
    mutating func opened(_ id: DownloadID, _ partial: PartialFile) -> Bool {
        guard failed(id) else { return false }
        entries[id] = .open(partial)
        return true
    }

    /// - Returns: whether anybody wants to hear of it.
    mutating func failed(_ id: DownloadID) -> Bool {
        if case .opening = entries.removeValue(forKey: id) { true } else { false }
    }

    mutating func delivered(_ id: DownloadID) { entries[id] = nil }

    /// - Returns: the file to remove; one that is still being made will not be wanted.
    mutating func discard(_ id: DownloadID) -> PartialFile? {
        switch entries.removeValue(forKey: id) {
        case .open(let partial): return partial
        case .opening, .unwanted:
            entries[id] = .unwanted
            return nil
        case nil: return nil
        }
    }
}
