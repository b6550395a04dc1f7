import Content
import DequeModule
import PeerCore
import Posix
import Storage

/// Keeps what is offered true to what lies in the share. It decides what comes next; workers do it, and it does no I/O.
///
/// What is known and offered is in the machine's catalog. Here is only what is on its way there:
///
///     settling --quiet for 300 ms--> looking --new or other--> queued --> hashing --> offered
///         ^                             |                        |           |
///         +------- a sign of change ----+------------------------+-----------+
///
/// from hashing back to settling also if somebody has it open for writing, to be looked at again when it is closed; and
/// from looking also: to nothing, if no file is there any more or if it is what it is known as; from looking and
/// hashing to failed. Scans (`ScanStep`) come upon files in between: at the start, in new directories, and of the whole
/// share when events were lost or cannot be had. What they find goes the way of what was looked at.
///
/// Invariant: a file is offered only as it stood when it was hashed, 300 ms or longer after it was last changed and open
/// for writing to nobody, as far as that can be told; the first sign that it was written to withdraws it.
struct ShareIndexer {
    enum Stage {
        /// The database has not told what it knows.
        case loading
        /// What was there at the start is being dealt with.
        case firstPass
        case ready
    }

    /// The time of what is being handled.
    var now: UInt64 = 0
    var stage = Stage.loading
    /// nil: watches cannot be had, for this reason.
    let inotify: Inotify?
    private let noInotify: String
    var watcher = ShareWatcher()
    var scans = ScanQueue()
    /// Events were lost: what is in the share is not known until it has been looked through again; and while that is done.
    var isLost = false
    var isRecovering = false
    /// Some directories are not watched, so the whole share is looked through now and then.
    var isPolling = false
    /// Of the last scan of the whole share: why not every directory is watched.
    var blindness: String?

    var unsettled = UnsettledTable()
    /// Names to look at, each with when; in that order.
    var settling: Deque<(name: ShareName, at: UInt64)> = []
    var queue: Deque<ShareName> = []
    /// Files that could not be read, each with when it is tried again; in that order.
    var retries: Deque<(name: ShareName, at: UInt64)> = []
    var looks = 0
    var batches = 0
    /// Bytes hashed of the files that are being hashed.
    var progress: [ShareName: UInt64] = [:]
    /// Since the start.
    var bytesHashed: UInt64 = 0
    /// What unsettled files were known as, as long as nothing but the time of their last change is another.
    var former: [ShareName: SharedFile] = [:]
    /// Files into which repairs were writing, or still are.
    var mended: [ShareName: MendedFile] = [:]
    var departed = Departed()
    private var departedUntil: UInt64 = 0
    /// Directories that went, and whose files are still offered.
    private var goneDirectories: Deque<ShareName> = []
    private var firstPassEnd: UInt64 = 0

    var errors = IndexErrors()
    var fragments: Set<ShareName> = []
    /// What the database is to be told.
    var rows: [FileChange] = []
    /// It is to be told at once.
    var rowsAreUrgent = false
    private var actions: [IndexAction] = []

    init(_ inotify: Result<Inotify, SystemError>) {
        switch inotify {
        case .success(let inotify): (self.inotify, noInotify) = (inotify, "")
        case .failure(let error): (self.inotify, noInotify) = (nil, "\(error)")
        }
    }

    mutating func act(_ action: IndexAction) { actions.append(action) }

    mutating func takeActions() -> [IndexAction] {
        defer { actions = [] }
        return actions
    }

    // MARK: What happens

    /// The database has told what it knows; nothing, if it could not be read.
    mutating func loaded(_ files: [IndexedFile], fragments: Set<ShareName> = [], at now: UInt64) {
        self.now = now
        self.fragments = fragments
        stage = .firstPass
        var baseline = ShareBaseline()
        for file in files { baseline.append(file.name, file.identity) }
        begin(.first(files), nil, baseline)
    }

    mutating func handle(_ changes: [ShareWatcher.Change], _ catalog: Catalog, at now: UInt64) {
        self.now = now
        for change in changes { handle(change, catalog) }
    }

    private mutating func handle(_ change: ShareWatcher.Change, _ catalog: Catalog) {
        switch change {
        case .touched(let name, let isWritten, let cookie):
            touched(name, isWritten: isWritten, cookie: cookie, catalog)
        case .gone(let name, let cookie):
            if let file = catalog[name] { depart(file, cookie: cookie) }
            touched(name, isWritten: true, cookie: nil, catalog)
        case .directoryAppeared(let name?): scans.add(name, at: now)
        case .directoryAppeared(nil), .lost:
            if change == .lost, scans.wholeDue == nil { act(.note(.rescan)) }
            if change == .lost { isLost = true }
            scans.addWhole(at: now)
        case .directoryGone(let name):
            act(.unwatch(watcher.forget(name)))
            goneDirectories.append(name)
            endFragments(from: name)
            errors.forget(below: name)
        case .refused(let shown, let reason): refuse(shown, reason)
        case .refusedGone(let shown): errors.forget(shown)
        case .blind: poll(because: "the share's own directory is gone, or its file system is")
        }
    }

    /// A file's content is known by other means: it was fetched, or hashed for a request.
    mutating func record(_ file: IndexedFile) {
        rows.append(.put(file))
        fetched(file.name)
        (former[file.name], mended[file.name]) = (nil, nil)
        unsettled.change(file.name) { $0.hasRow = true }
        if unsettled[file.name]?.failure != nil { unsettled.remove(file.name) }
    }

    /// A file was found not to be what is known of it.
    mutating func again(_ name: ShareName, _ catalog: Catalog, at now: UInt64) {
        self.now = now
        touched(name, isWritten: true, cookie: nil, catalog)
    }

    // MARK: What comes next

    /// Begins what can be begun; called after everything that happens, and at `deadline`.
    mutating func proceed(_ catalog: Catalog, at now: UInt64) {
        self.now = now
        withdrawGone(catalog)
        beginScan(catalog)
        beginRetries()
        beginLooks()
        beginHashing()
        if !departed.isEmpty, departedUntil <= now, scans.isIdle { departed.removeAll() }
        finishFirstPass(catalog)
    }

    /// When to call `proceed` next if nothing happens; nil for not at all.
    var deadline: UInt64? {
        if !goneDirectories.isEmpty { return now }
        var times: [UInt64] = []
        if looks < IndexLimits.looksAtOnce, let first = settling.first { times.append(first.at) }
        if let first = retries.first { times.append(first.at) }
        if scans.running == nil, let due = scans.wholeDue { times.append(due) }
        if !departed.isEmpty, scans.isIdle { times.append(departedUntil) }
        if stage == .firstPass, scans.isIdle, firstPassEnd > now { times.append(firstPassEnd) }
        return times.min()
    }

    private mutating func withdrawGone(_ catalog: Catalog) {
        guard let directory = goneDirectories.first else { return }
        let files = catalog.files(below: directory, limit: IndexLimits.withdrawnAtOnce)
        for file in files {
            depart(file, cookie: nil)
            forget(file.name, catalog)
        }
        guard files.count < IndexLimits.withdrawnAtOnce else { return }
        goneDirectories.removeFirst()
        for name in unsettled.names(below: directory) { touched(name, isWritten: true, cookie: nil, catalog) }
    }

    private mutating func beginScan(_ catalog: Catalog) {
        guard stage != .loading, goneDirectories.isEmpty, let next = scans.next(at: now) else { return }
        switch next {
        case .part(let directory):
            // It comes upon whatever is refused still.
            errors.forget(below: directory)
            begin(.part, directory, ShareBaseline())
        case .whole:
            var baseline = ShareBaseline()
            catalog.forEach { baseline.append($0.name, $0.identity) }
            watcher.beginRenewal()
            errors.beginRenewal()
            (isLost, isRecovering) = (false, isLost)
            begin(.again(baseline), nil, baseline)
        }
    }

    private mutating func begin(_ scan: ScanQueue.Scan, _ directory: ShareName?, _ baseline: ShareBaseline) {
        scans.begin(scan, at: now)
        if case .part = scan {} else { blindness = inotify == nil ? noInotify : nil }
        act(.submit(.scan(ScanStep(directory, baseline: baseline, inotify: inotify))))
    }

    /// It ends when everything that was there has been dealt with, but does not wait for ever for what is being written.
    private mutating func finishFirstPass(_ catalog: Catalog) {
        guard stage == .firstPass, scans.isIdle, queue.isEmpty, batches == 0 else { return }
        guard unsettled.firstCount == 0 || (firstPassEnd <= now && looks == 0) else { return }
        stage = .ready
        act(.note(.ready(files: catalog.count, errors: errorCount)))
    }

    mutating func firstScanEnded() { firstPassEnd = now + IndexLimits.firstPassPatience.nanoseconds }

    private mutating func depart(_ file: SharedFile, cookie: UInt32?) {
        departed.add(file, cookie: cookie)
        departedUntil = now + IndexLimits.departedSpan.nanoseconds
    }
}
