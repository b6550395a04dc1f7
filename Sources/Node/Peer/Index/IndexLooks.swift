import Content
import PeerCore
import Posix
import Storage

/// Signs of change, and what is seen when they are looked into.
extension ShareIndexer {
    /// Something has happened to a file.
    /// - Parameters:
    ///   - isWritten: its bytes are others, or it is not there any more.
    ///   - cookie: of the rename that brought it.
    mutating func touched(_ name: ShareName, isWritten: Bool, cookie: UInt32?, _ catalog: Catalog) {
        let known = catalog[name]
        if isWritten, let known {
            former[name] = known
            act(.suspend(name))
        }
        // What is written to is somebody's work, however rotten it was before.
        if isWritten, unsettled[name]?.lastFailure == .rotten { former[name] = nil }
        var entry = unsettled[name] ?? newEntry(name, known)
        // Perhaps it was closed: then it can be had in a moment.
        if entry.isOpenForWriting, known == nil { act(.suspend(name)) }
        let isWaiting = if case .settling = entry.phase, unsettled[name] != nil { true } else { false }
        entry.due = now + quiet(after: entry.interruptions)
        entry.cookie = cookie
        switch entry.phase {
        case .looking, .hashing: entry.isStirred = true
        case .settling, .queued, .failed:
            entry.phase = .settling
            if !isWaiting { settling.append((name, now + IndexLimits.quiet.nanoseconds)) }
        }
        unsettled.put(name, entry)
    }

    private mutating func newEntry(_ name: ShareName, _ known: SharedFile?, hasRow: Bool = false) -> Unsettled {
        // Before it is ready everybody is told that the share is being indexed.
        if known == nil, stage == .ready { act(.suspend(name)) }
        return Unsettled(due: now, isFirst: stage == .firstPass, hasRow: hasRow || known != nil)
    }

    private func quiet(after interruptions: Int) -> UInt64 {
        min(IndexLimits.quietMax.nanoseconds, IndexLimits.quiet.nanoseconds << UInt64(min(interruptions, 16)))
    }

    /// It was written to while it was looked at or hashed, or is still open for that: it has to be quiet again first.
    mutating func settleAgain(_ name: ShareName) {
        let due = now + quiet(after: unsettled[name]?.interruptions ?? 0)
        unsettled.change(name) { entry in
            (entry.phase, entry.isStirred) = (.settling, false)
            entry.due = max(entry.due, due)
        }
        settling.append((name, now + IndexLimits.quiet.nanoseconds))
    }

    // MARK: Looking

    mutating func beginLooks() {
        while looks < IndexLimits.looksAtOnce, let first = settling.first, first.at <= now {
            let names = dueNames()
            guard !names.isEmpty else { continue }
            looks += 1
            act(.submit(.look(names)))
        }
    }

    private mutating func dueNames() -> [ShareName] {
        var names: [ShareName] = []
        while names.count < StorageLimits.looksPerJob, let next = settling.first, next.at <= now {
            settling.removeFirst()
            guard let entry = unsettled[next.name], case .settling = entry.phase else { continue }
            if entry.due > now {
                // In its order, if a little late: the others have waited longer.
                settling.append((next.name, now + IndexLimits.quiet.nanoseconds))
            } else {
                unsettled.change(next.name) { ($0.phase, $0.isStirred) = (.looking, false) }
                names.append(next.name)
            }
        }
        return names
    }

    mutating func looked(_ seen: [Share.Looked], _ catalog: Catalog, at now: UInt64) {
        self.now = now
        looks -= 1
        for look in seen {
            switch look {
            case .nothing(let name): if isUndisturbed(name) { forget(name, catalog) }
            case .failed(let name, let error):
                if isUndisturbed(name) { fail(name, .unreadable("\(error)"), nil) }
            case .file(let file): if isUndisturbed(file.name) { judge(file, catalog) }
            }
        }
    }

    /// - Returns: whether what was seen still holds.
    private mutating func isUndisturbed(_ name: ShareName) -> Bool {
        guard let entry = unsettled[name], case .looking = entry.phase else { return false }
        if entry.isStirred { settleAgain(name) }
        return !entry.isStirred
    }

    // MARK: Judging

    /// Takes a file that a scan came upon.
    mutating func take(_ file: FoundFile, _ catalog: Catalog) {
        switch unsettled[file.name]?.phase {
        case .settling?, .looking?, .queued?, .hashing?: return
        case .failed(_, file.identity)?: return
        case .failed?, nil: break
        }
        judge(file, catalog)
    }

    /// - Parameter hasRow: the database has a row for its name.
    mutating func judge(_ file: FoundFile, _ catalog: Catalog, hasRow: Bool = false) {
        let name = file.name
        let known = catalog[name]
        if let old = known ?? former[name] {
            if old.identity == file.identity { return known == nil ? offer(old) : settle(name) }
            // Another mode or another link: it stays offered while it is hashed again.
            former[name] = old.identity.hasSameBytes(as: file.identity) ? old : nil
            if known != nil, former[name] == nil { act(.suspend(name)) }
        }
        if let old = departed.match(file, cookie: unsettled[name]?.cookie), former[name] == nil {
            return offerRenamed(old, as: file)
        }
        if unsettled[name] == nil { unsettled.put(name, newEntry(name, known, hasRow: hasRow)) }
        guard file.identity.size <= PieceLayout.maxLength else {
            return fail(name, .tooLong(bytes: file.identity.size), file.identity)
        }
        if (0..<Int64(IndexLimits.quiet.nanoseconds)).contains(file.age) { return settleAgain(name) }
        unsettled.change(name) { $0.phase = .queued(file.identity) }
        queue.append(name)
    }

    // MARK: Ends

    mutating func offer(_ file: SharedFile) {
        act(.offer(file))
        settle(file.name)
    }

    mutating func offerRenamed(_ old: SharedFile, as file: FoundFile) {
        let renamed = old.renamed(file.name, stamp: FileStamp(file.identity))
        claimed(by: file.name)
        rows.append(.put(IndexedFile(renamed)))
        offer(renamed)
    }

    /// It is what it is known as.
    private mutating func settle(_ name: ShareName) {
        former[name] = nil
        unsettled.remove(name)
    }

    /// There is no such file any more.
    mutating func forget(_ name: ShareName, _ catalog: Catalog) {
        let entry = unsettled.remove(name)
        (former[name], mended[name]) = (nil, nil)
        if entry?.hasRow == true || catalog[name] != nil { rows.append(.remove(name)) }
        act(.withdraw(name))
    }

    mutating func fail(_ name: ShareName, _ failure: IndexFailure, _ identity: FileIdentity?) {
        if failure != .rotten { former[name] = nil }
        act(.withdraw(name))
        guard errorRoom > 0 || failure == .rotten else {
            unsettled.remove(name)
            return errors.addUnlisted()
        }
        let isNew = unsettled[name]?.lastFailure != failure
        let retryAt = now + IndexLimits.retryPause.nanoseconds
        unsettled.change(name) { entry in
            (entry.phase, entry.lastFailure, entry.due) = (.failed(failure, identity), failure, retryAt)
        }
        if isNew { act(.note(.failed(name, reason: failure.text))) }
        if case .unreadable = failure { retries.append((name, retryAt)) }
    }

    /// Looks again at files that could not be read. Those to which something happened meanwhile are on their way anyway.
    mutating func beginRetries() {
        while let first = retries.first, first.at <= now {
            retries.removeFirst()
            guard let entry = unsettled[first.name], case .unreadable = entry.failure, entry.due <= now else {
                continue
            }
            unsettled.change(first.name) { ($0.phase, $0.due) = (.settling, now) }
            settling.append((first.name, now))
        }
    }
}
