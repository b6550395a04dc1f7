import Content
import Logging
import PeerCore
import Posix
import Reactor
import Storage

/// The share's index at work: events and completions go to the indexer, what it wants done is done.
extension PeerNode {
    /// Reads of events in a row before something is concluded from what workers saw.
    private static let drainRoundsMax = 16

    func beginIndexing() throws(SystemError) {
        if let inotify = indexer.inotify { inotifyToken = try reactor.register(inotify.rawValue, .readable) }
        ledger.submit(.open)
        // First, since clients wait for it.
        beginRestoring()
        ledger.submit(.loadIndex)
    }

    /// To be called after whatever happened to the indexer.
    func continueIndexing() {
        guard !isLeaving else { return }
        performIndexActions()
        indexer.proceed(machine.offered, at: reactor.now)
        performIndexActions()
        let isIndexing = indexer.isLookingThrough
        if isIndexing != wasIndexing {
            if !isIndexing { judgeRepairs() }
            feed(.indexing(isIndexing))
        }
        wasIndexing = isIndexing
        setIndexTimer()
    }

    private func performIndexActions() {
        for action in indexer.takeActions() { perform(action) }
    }

    private func perform(_ action: IndexAction) {
        switch action {
        case .submit(let job): workers.submit(job, isUrgent: false)
        case .offer(let file): feed(.indexed(file))
        case .withdraw(let name):
            feed(.withdrawn(name))
            judge(name)
        case .suspend(let name): feed(.settling(name))
        case .unwatch(let watches): for watch in watches { indexer.inotify?.remove(watch) }
        case .note(let note): log(note)
        }
    }

    /// Of a file that went while no daemon ran nothing else tells.
    private func judgeRepairs() {
        for status in machine.downloadStatuses where status.kind.badPieces != nil { judge(status.name) }
    }

    private func judge(_ name: ShareName) {
        if !indexer.isUndecided(name) { feed(.judged(name, isRotten: indexer.rotten(name) != nil)) }
    }

    private func setIndexTimer() {
        let deadline = indexer.deadline
        guard deadline != indexDeadline else { return }
        if let indexTimer { reactor.cancelTimer(indexTimer) }
        indexDeadline = deadline
        indexTimer = deadline.map { reactor.setTimer(at: $0) }
    }

    func indexTimerFired() {
        (indexTimer, indexDeadline) = (nil, nil)
        continueIndexing()
    }

    // MARK: Events

    /// - Returns: whether there were any.
    @discardableResult
    func readShareEvents() -> Bool {
        guard let inotify = indexer.inotify else { return false }
        do throws(SystemError) {
            let events = try inotify.read()
            let changes = indexer.watcher.handle(events, isScanning: indexer.scans.running != nil)
            for case .directoryAppeared(let name?) in changes { feed(.directoryChanged(name)) }
            for case .directoryGone(let name) in changes { feed(.directoryChanged(name)) }
            indexer.handle(changes, machine.offered, at: reactor.now)
            return !events.isEmpty
        } catch {
            logger.warning("cannot hear of changes in the share", metadata: ["reason": "\(error)"])
            indexer.handle([.blind], machine.offered, at: reactor.now)
            return false
        }
    }

    /// Before it is concluded from what a worker saw: what happened to the files until then has to be known.
    private func catchUp() {
        for _ in 0..<Self.drainRoundsMax where !readShareEvents() { return }
    }

    // MARK: Completions

    func scanned(_ outcome: ScanStep.Outcome) {
        indexer.scanned(outcome, machine.offered, at: reactor.now)
        continueIndexing()
    }

    func looked(_ seen: [Share.Looked]) {
        catchUp()
        indexer.looked(seen, machine.offered, at: reactor.now)
        continueIndexing()
    }

    func indexed(_ outcome: IndexBatch.Outcome) {
        catchUp()
        indexer.indexed(outcome, machine.offered, at: reactor.now)
        continueIndexing()
    }

    func completed(_ completion: LedgerCompletion) {
        ledger.completed()
        checkpointLater()
        switch completion {
        case .opened(.success(let setAside)):
            if let setAside { logger.warning("\(setAside)") }
        case .opened(.failure(let error)):
            (keepsRows, rowsError) = (false, error)
            logger.warning(
                "the index of the share is not kept: every file is hashed again at the next start",
                metadata: ["reason": "\(error)"])
        case .indexLoaded(let result): indexLoaded(result)
        case .indexWritten(let result): indexWritten(result)
        case .downloadsLoaded(let result): downloadsLoaded(result)
        case .recorded(let result): recorded(result)
        case .downloadRecorded(let id, let result): recorded(id, result)
        case .mendingNoted(let id, let known, let bad, let mending, let result):
            mendingNoted(id, known, bad: bad, mending, result)
        case .remainsLoaded(let tree, let result): remainsLoaded(tree, result)
        case .checkpointed: break
        case .passedOn(let answer): passedOn(answer)
        case .piecesRecorded(let id, let result):
            recorded(result)
            // Durable they are; without a record only a restart fetches them again.
            feed(.committed(id, nil))
        }
    }

    private func indexLoaded(_ result: Result<StoredIndex, StateDatabaseError>) {
        switch result {
        case .success(let index): indexer.loaded(index.files, fragments: index.fragments, at: reactor.now)
        case .failure(let error):
            if keepsRows { logger.warning("the index of the share cannot be read", metadata: ["reason": "\(error)"]) }
            indexer.loaded([], at: reactor.now)
        }
        continueIndexing()
    }

    // MARK: The database

    /// Has the database told of changes, when there are many or they have waited; called in every tick.
    func keepRows() {
        guard !indexer.rows.isEmpty else { return }
        guard keepsRows else { return indexer.rows.removeAll() }
        let isMany = indexer.rowsAreUrgent || indexer.rows.count >= IndexLimits.rowsPerTransaction
        if isLeaving || isMany && rowsError == nil {
            writeRows()
        } else if rowsTimer == nil {
            let delay = rowsError == nil ? IndexLimits.rowsDelay : IndexLimits.rowsRetry
            rowsTimer = reactor.setTimer(at: reactor.now + delay.nanoseconds)
        }
    }

    /// One transaction at a time: what comes meanwhile goes with the next.
    func writeRows() {
        rowsTimer = nil
        guard !isWritingRows, !indexer.rows.isEmpty else { return }
        isWritingRows = true
        indexer.rowsAreUrgent = false
        ledger.submit(.writeIndex(indexer.rows))
        (rowsUnderWay, indexer.rows) = (indexer.rows, [])
    }

    private func indexWritten(_ result: Result<Int, StateDatabaseError>) {
        isWritingRows = false
        switch result {
        case .success: rowsError = nil
        case .failure(let error):
            if rowsError == nil {
                logger.warning("the index of the share is not kept", metadata: ["reason": "\(error)"])
            }
            rowsError = error
            // They are tried again; what a daemon that ends could not write is hashed again at the next start.
            indexer.rows = isLeaving ? [] : FileChange.latest(rowsUnderWay + indexer.rows)
        }
        rowsUnderWay = []
    }

    // MARK: Log

    private func log(_ note: IndexNote) {
        switch note {
        case .ready(let files, let errors):
            logger.info("share indexed", metadata: ["files": "\(files)", "errors": "\(errors)"])
            // What the database told and the scans compared with, which may be as much as all that is kept.
            workers.submit(.giveBackMemory, isUrgent: false)
        case .refused(let shown, let reason):
            logger.warning("not shared", metadata: ["name": "\(shown)", "reason": "\(reason)"])
        case .failed(let name, let reason):
            logger.warning("not shared", metadata: ["name": "\(name)", "reason": "\(reason)"])
        case .keepsChanging(let name):
            logger.warning("not shared as long as it keeps changing", metadata: ["name": "\(name)"])
        case .polling(let reason):
            logger.warning(
                "not every directory can be watched: changes are noticed every 30 s only",
                metadata: [
                    "reason": "\(reason)", "advice": "raise fs.inotify.max_user_watches or max_user_instances",
                ])
        case .watching: logger.info("every directory is watched again")
        case .rescan: logger.info("more changed at once than can be told of: looking through the share")
        }
    }
}
