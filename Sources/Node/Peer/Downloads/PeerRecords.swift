import Content
import Control
import Logging
import PeerCore
import Posix
import Storage

/// What outlives the daemon: downloads and bans, read at the start and written as they change.
extension PeerNode {
    /// Between two attempts to record what the database did not take.
    private static let recordsRetry = Span.seconds(2)

    /// How long the database's thread has nothing to do before its log is emptied.
    private static let quiet = Span.milliseconds(500)

    /// Little should be in the log alone: SQLite passes over one that is damaged without a word.
    func checkpointLater() {
        guard ledger.isIdle, ledger.hasLog else { return }
        if let checkpointTimer { reactor.cancelTimer(checkpointTimer) }
        checkpointTimer = reactor.setTimer(at: reactor.now + Self.quiet.nanoseconds)
    }

    func checkpoint() {
        checkpointTimer = nil
        if ledger.isIdle, ledger.hasLog { ledger.submit(.checkpoint) }
    }

    func beginRestoring() {
        ledger.submit(.loadDownloads(now: WallClock.seconds()))
    }

    func downloadsLoaded(_ result: Result<KeptState, StateDatabaseError>) {
        switch result {
        case .success(let state): restore(state)
        case .failure(let error):
            logger.warning("downloads of an earlier run cannot be read", metadata: ["reason": "\(error)"])
        }
        isRestored = true
        for (request, client) in postponed { requested(request, by: client) }
        postponed = []
    }

    private func restore(_ state: KeptState) {
        watch.begin(after: state.downloads.map { UInt64(clamping: $0.order) }.max() ?? 0)
        for problem in state.unreadable { logger.warning("\(problem)") }
        for error in state.unremoved {
            logger.warning("a partial file is left over", metadata: ["reason": "\(error)"])
        }
        for ban in state.bans {
            guard let address = PeerAddress(ban.address) else { continue }
            let left = Span.seconds(UInt64(clamping: ban.until - WallClock.seconds()))
            feed(
                .restoredBan(
                    Ban(
                        peer: ban.peer, address: address, reason: ban.reason,
                        until: Moment(nanoseconds: reactor.now) + left)))
        }
        for record in state.downloads {
            let id = DownloadID(rawValue: record.id)
            leftovers[id] = record.partial
            recordedDownloads.insert(id)
            if let mended = MendedFile(record) { indexer.mended[record.name] = mended }
            let pieceCount = PieceLayout(length: record.root.length)?.pieceCount ?? 0
            feed(
                .restored(
                    StoredDownload(
                        entry: DownloadEntry(record), layer: record.partial?.layer,
                        pieces: record.partial?.pieces ?? PieceSet(pieceCount: pieceCount))))
        }
    }

    func keep(_ entry: DownloadEntry) {
        if recordedDownloads.insert(entry.id).inserted || unrecorded.contains(entry.id) {
            var record = DownloadRecord(entry, added: WallClock.seconds())
            // It may have been begun before it was decided that it would be recorded.
            if let partial = partials[entry.id], !partial.isTouched {
                record.partial = machine.recordedPieces(of: entry.id).map { partial.record($0) }
            }
            ledger.submit(.putDownload(record))
        } else {
            ledger.submit(.updateDownload(DownloadRecord(entry, added: 0)))
        }
    }

    func forget(_ id: DownloadID) {
        if recordedDownloads.remove(id) != nil { ledger.submit(.removeDownload(id)) }
    }

    func keep(_ ban: Ban) {
        let left = Int64(clamping: (ban.until - Moment(nanoseconds: reactor.now)).nanoseconds / 1_000_000_000)
        ledger.submit(
            .putBan(
                BanRecord(
                    peer: ban.peer, address: "\(ban.address)", reason: ban.reason, until: WallClock.seconds() + left)))
    }

    /// A download has its row, or could not be given one.
    func recorded(_ id: DownloadID, _ result: Result<Void, StateDatabaseError>) {
        switch result {
        case .success:
            unrecorded.remove(id)
        case .failure:
            unrecorded.insert(id)
            if recordsTimer == nil { recordsTimer = reactor.setTimer(at: reactor.now + Self.recordsRetry.nanoseconds) }
        }
        recorded(result)
    }

    /// What the database did not take is given to it again, as it is now.
    func recordAgain() {
        recordsTimer = nil
        for id in unrecorded {
            if !recordedDownloads.contains(id) {
                ledger.submit(.removeDownload(id))
            } else if let entry = machine.entry(of: id) {
                // A machine that has left knows of none: their rows stay.
                keep(entry)
            }
        }
    }

    /// A change of the records is on the disk, or could not be made.
    func recorded(_ result: Result<Void, StateDatabaseError>) {
        switch result {
        // To change a row that is not there does nothing, and fails not.
        case .success: if unrecorded.isEmpty { recordsError = nil }
        case .failure(let error):
            // The download goes on; only a restart would fetch again what is not recorded.
            if recordsError == nil { logger.warning("downloads are not recorded", metadata: ["reason": "\(error)"]) }
            recordsError = error
        }
    }

    /// What the database does not take, with why, in words; nil when all is well.
    var stateError: String? {
        if let recordsError { return "downloads are not recorded: \(recordsError)" }
        return rowsError.map { "the index of the share is not kept: \($0)" }
    }
}

extension DownloadEntry {
    init(_ record: DownloadRecord) {
        let state: State =
            switch record.state {
            case .running: .running
            case .paused: .paused
            case .failed(let words, let kind): .failed(.recorded(words, kind: kind))
            case .kept: .failed(.cancelled)
            }
        self.init(
            id: DownloadID(rawValue: record.id), kind: Kind(record.kind), name: record.name,
            root: record.root, modified: record.modified,
            replacing: record.replacing, keepsBackup: record.keepBackup, sync: record.sync,
            priority: min(max(record.priority, ReqParams.priorities.lowerBound), ReqParams.priorities.upperBound),
            state: state, treeHave: record.treeHave, treeLength: record.treeLength,
            turn: UInt64(clamping: record.order))
    }
}

extension DownloadRecord {
    init(_ entry: DownloadEntry, added: Int64) {
        let state: State =
            switch entry.state {
            case .running: .running
            case .paused: .paused
            case .failed(.cancelled): .kept
            case .failed(.recorded(let words, let kind)): .failed(words, kind: kind)
            case .failed(let failure): State(failure.text(for: entry.kind.shown(entry.name)))
            }
        self.init(
            id: entry.id.rawValue, kind: Kind(entry.kind), name: entry.name, root: entry.root,
            modified: entry.modified,
            replacing: entry.replacing, keepBackup: entry.keepsBackup, sync: entry.sync, priority: entry.priority,
            order: Int(clamping: entry.turn), state: state, partial: nil, added: added, treeHave: entry.treeHave,
            treeLength: entry.treeLength)
    }
}

extension DownloadEntry.Kind {
    fileprivate init(_ kind: DownloadRecord.Kind) {
        switch kind {
        case .file: self = .file
        case .tree: self = .tree
        case .repair(let bad, _): self = .repair(bad: bad)
        }
    }
}

extension DownloadRecord.Kind {
    fileprivate init(_ kind: DownloadEntry.Kind) {
        switch kind {
        case .file: self = .file
        case .tree: self = .tree
        case .repair(let bad): self = .repair(bad: bad)
        }
    }
}

extension MendedFile {
    /// - Returns: nil if the daemon did not end while it wrote the file.
    fileprivate init?(_ record: DownloadRecord) {
        guard case .repair(let bad, let mending?) = record.kind, let partial = record.partial else { return nil }
        self.init(root: record.root, layer: partial.layer, bad: bad, mending: mending)
    }
}

extension DownloadRecord.State {
    fileprivate init(_ failure: ControlFailure) {
        self = .failed(failure.message, kind: failure.cause.rawValue)
    }
}
