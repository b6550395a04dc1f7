import Content
import PeerCore
import Posix
import Storage

/// Hashing: a few batches at a time, each of one large file or many small ones.
extension ShareIndexer {
    mutating func beginHashing() {
        while batches < IndexLimits.batchesAtOnce {
            let batch = nextBatch()
            guard !batch.isEmpty else { return }
            batches += 1
            act(.submit(.index(batch)))
        }
    }

    private mutating func nextBatch() -> IndexBatch {
        var steps: [IndexStep] = []
        var bytes: UInt64 = 0
        while steps.count < StorageLimits.indexStepFiles, bytes < UInt64(StorageLimits.indexStep),
            let name = queue.popFirst()
        {
            // It may have been disturbed while it waited.
            guard case .queued(let identity)? = unsettled[name]?.phase, let step = IndexStep(name, identity) else {
                continue
            }
            unsettled.change(name) { ($0.phase, $0.isStirred) = (.hashing(identity), false) }
            steps.append(step)
            bytes += identity.size
        }
        return IndexBatch(steps)
    }

    mutating func indexed(_ outcome: IndexBatch.Outcome, _ catalog: Catalog, at now: UInt64) {
        self.now = now
        bytesHashed += outcome.hashed
        for finding in outcome.findings { take(finding, catalog) }
        guard let rest = outcome.rest else {
            batches -= 1
            return
        }
        if let (name, hashed) = rest.current, hashed > 0 { progress[name] = hashed }
        act(.submit(.index(rest)))
    }

    private mutating func take(_ finding: IndexBatch.Finding, _ catalog: Catalog) {
        switch finding {
        case .done(let file): if let entry = finish(file.name) { hashed(file, entry) }
        case .changed(let name): if finish(name) != nil { interrupted(name) }
        case .openForWriting(let name): if let entry = finish(name) { awaitWriter(name, entry, catalog) }
        case .failed(let name, let error): if let entry = finish(name) { failed(name, error, entry, catalog) }
        }
    }

    /// - Returns: the entry of a file that was being hashed.
    private mutating func finish(_ name: ShareName) -> Unsettled? {
        progress[name] = nil
        guard let entry = unsettled[name], case .hashing = entry.phase else { return nil }
        return entry
    }

    private mutating func hashed(_ file: IndexedFile, _ entry: Unsettled) {
        guard !entry.isStirred else { return interrupted(file.name) }
        if let old = whatRotted(file) {
            return rotted(old.renamed(file.name, stamp: FileStamp(file.identity)), at: now)
        }
        mended[file.name] = nil
        // Another mode or another link makes nobody its owner.
        if former[file.name]?.root != file.root { claimed(by: file.name) }
        rows.append(.put(file))
        offer(SharedFile(file))
    }

    private mutating func interrupted(_ name: ShareName) {
        unsettled.change(name) { ($0.interruptions, $0.isOpenForWriting) = ($0.interruptions + 1, false) }
        if unsettled[name]?.interruptions == IndexLimits.interruptionsMax { act(.note(.keepsChanging(name))) }
        settleAgain(name)
    }

    /// Looks again when it is closed, which a watch tells of; and now and then, should nothing tell.
    private mutating func awaitWriter(_ name: ShareName, _ entry: Unsettled, _ catalog: Catalog) {
        unsettled.change(name) { $0.isOpenForWriting = true }
        // It may be written to for days: whoever asks for it is not to wait.
        if catalog[name] == nil { act(.withdraw(name)) }
        // Stirred, it may have been closed since.
        if !entry.isStirred { unsettled.change(name) { $0.due = now + IndexLimits.writerPause.nanoseconds } }
        settleAgain(name)
    }

    private mutating func failed(_ name: ShareName, _ error: SystemError, _ entry: Unsettled, _ catalog: Catalog) {
        if error.isMissing || error.isOtherKind || error.isNotADirectory { return forget(name, catalog) }
        // A sector that cannot be read is how most files rot, and what is known to be rotten stays so.
        if error.isDeviceFailure, let identity = entry.identity, let old = former[name],
            old.stamp == FileStamp(identity).ofRot
        {
            return rotted(old.renamed(name, stamp: FileStamp(identity)), at: now)
        }
        // That this daemon is short of descriptors says nothing of the file.
        if error.isOutOfDescriptors { return interrupted(name) }
        fail(name, .unreadable("\(error)"), entry.identity)
    }

    // MARK: Rot

    /// What a file was indexed as whose bytes were found to be others.
    func rotten(_ name: ShareName) -> SharedFile? {
        unsettled[name]?.failure == .rotten ? former[name] : nil
    }

    /// - Returns: what a file was indexed as whose bytes are others by now, though nothing tells of a write. Whoever writes
    ///   to a file may set the time of that back; only the kernel sets the time of the last change. That another mode or
    ///   name has one too makes no new version of a file that is known to be rotten, where watches would tell of a write.
    ///   What a repair has written to and not mended is no new version either.
    private func whatRotted(_ file: IndexedFile) -> SharedFile? {
        if let mended = mended[file.name], mended.left(file) {
            return SharedFile(
                name: file.name, root: mended.root, stamp: FileStamp(file.identity), layer: mended.layer)
        }
        guard let old = former[file.name], old.root != file.root, old.identity.hasSameBytes(as: file.identity) else {
            return nil
        }
        let isUnchanged = old.stamp.changed == file.identity.changed || old.stamp == FileStamp(file.identity).ofRot
        return isUnchanged || unsettled[file.name]?.lastFailure == .rotten && !isPolling ? old : nil
    }

    func isRotten(_ file: IndexedFile) -> Bool { whatRotted(file) != nil }

    /// What stands at a name has not been looked at to the end.
    func isUndecided(_ name: ShareName) -> Bool {
        guard let entry = unsettled[name] else { return stage != .ready }
        return entry.failure == nil
    }

    /// - Parameter directory: nil for the share itself.
    func rottenNames(below directory: ShareName?) -> [ShareName] {
        former.keys.filter { name in
            unsettled[name]?.failure == .rotten && directory.map { name.isBelow($0) } ?? true
        }.sorted()
    }

    /// What the rotten files below a directory were indexed as.
    func rottenFiles(below directory: ShareName) -> [ShareName: SharedFile] {
        guard unsettled.failureCount > 0 else { return [:] }
        let names = rottenNames(below: directory)
        return Dictionary(uniqueKeysWithValues: names.compactMap { name in rotten(name).map { (name, $0) } })
    }

    /// Its pieces were compared with what was indexed, and are others.
    /// - Parameter file: what it was indexed as, with how it stands now.
    mutating func rotted(_ file: SharedFile, at now: UInt64) {
        self.now = now
        if unsettled[file.name] == nil {
            unsettled.put(file.name, Unsettled(due: now, isFirst: false, hasRow: true))
        }
        fail(file.name, .rotten, file.identity)
        former[file.name] = file
        // Nothing about the file tells of it: with a time of change that no file has it is hashed at the next start, and
        // found rotten again instead of being taken for what it was.
        rows.append(.put(IndexedFile(file.renamed(file.name, stamp: file.stamp.ofRot))))
    }

    /// Its pieces are what was indexed: if that was not so before, a disk or a cable has thought better of it.
    mutating func restored(_ file: IndexedFile, _ identity: FileIdentity, at now: UInt64) {
        self.now = now
        guard rotten(file.name)?.root == file.root else { return }
        mended[file.name] = nil
        let restored = SharedFile(file).renamed(file.name, stamp: FileStamp(identity))
        rows.append(.put(IndexedFile(restored)))
        offer(restored)
    }
}
