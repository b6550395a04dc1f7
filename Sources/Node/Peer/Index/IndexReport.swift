import Content
import Control
import PeerCore

/// What the index says of itself and of each file.
extension ShareIndexer {
    var errorCount: Int { unsettled.failureCount + errors.count + errors.unlisted }
    var errorRoom: Int { max(0, IndexLimits.errorsListedMax - unsettled.failureCount - errors.count) }

    /// Nothing waits to be hashed, and what was there at the start has been.
    var isReady: Bool { !isLookingThrough && queue.isEmpty && batches == 0 }

    /// There may be files that are not known of.
    var isLookingThrough: Bool { stage != .ready || isLost || isRecovering }

    func progress(_ catalog: Catalog) -> IndexingProgress {
        let isScanning = isLost || isLookingThrough && !scans.isIdle
        let done = catalog.bytes + progress.values.reduce(0, +)
        return IndexingProgress(
            state: isReady ? .ready : isScanning || stage == .loading ? .scanning : .hashing, filesDone: catalog.count,
            filesTotal: catalog.count + unsettled.count - unsettled.failureCount, bytesDone: done,
            bytesTotal: catalog.bytes + unsettled.bytes, bytesHashed: bytesHashed, errors: errorCount)
    }

    /// Why a file cannot be had from here, in words.
    func notOffered(_ name: ShareName) -> FileVerdict {
        guard let entry = unsettled[name] else { return .notIndexed("no such file is shared") }
        if let failure = entry.failure { return .unreadable(failure.text) }
        return .indexing(FilesReply.File(name, entry).cause ?? "it is being indexed")
    }

    /// A page of all files that are known of, in the order of their names; what has no proper name comes last, and before
    /// it directories that cannot be offered as a whole.
    func page(
        after: ShareName?, limit: Int, _ catalog: Catalog, unfit: [(name: ShareName, reason: String)]
    ) -> FilesReply {
        let offered = catalog.page(after: after, limit: limit)
        let others = unsettled.page(after: after, limit: limit) { catalog[$0] == nil }
        var files = offered.files.map { ($0.name, FilesReply.File($0)) }
        files += others.entries.map { ($0.name, FilesReply.File($0.name, $0.entry)) }
        files.sort { $0.0 < $1.0 }
        let more = offered.more || others.more || files.count > limit
        var page = files.prefix(limit).map(\.1)
        if !more {
            page += unfit.map {
                .init(shown: "\($0.name)/", reason: "it cannot be offered as a whole, only its files: \($0.reason)")
            }
            page += errors.all.map { FilesReply.File(shown: $0.shown, reason: $0.reason) }
        }
        return FilesReply(files: page, more: more)
    }
}

extension FilesReply.File {
    init(_ file: SharedFile) {
        self.init(
            name: file.name.path, length: file.root.length, root: file.root.digest.hex, modified: file.modified,
            state: .ready)
    }

    fileprivate init(_ name: ShareName, _ entry: Unsettled) {
        let (state, cause) = FilesReply.File.state(of: entry)
        self.init(
            name: name.path, length: entry.identity?.size ?? 0, root: nil,
            modified: entry.identity?.modifiedSeconds ?? 0, state: state, cause: cause)
    }

    fileprivate init(shown: String, reason: String) {
        self.init(name: shown, length: 0, root: nil, modified: 0, state: .error, cause: reason)
    }

    private static func state(of entry: Unsettled) -> (FileState, String?) {
        if let failure = entry.failure { return (.error, failure.text) }
        if entry.keepsChanging { return (.error, "it keeps changing while it is hashed; it is tried again and again") }
        let state: FileState = entry.hasRow ? .changed : .indexing
        if entry.isOpenForWriting { return (state, "it is open for writing: it is shared when it has been closed") }
        switch entry.phase {
        case .settling, .looking: return (state, "it was written to a moment ago")
        case .queued, .hashing, .failed: return (state, nil)
        }
    }
}
