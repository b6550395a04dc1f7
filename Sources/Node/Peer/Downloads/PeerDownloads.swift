import Content
import Logging
import PeerCore
import Posix
import Storage

/// Partial files: made, taken up again, synced and recorded, verified, and given their names in the share.
extension PeerNode {
    func open(_ entry: DownloadEntry, _ layer: [Digest]) {
        partials.opening(entry.id)
        // The layer of an earlier run was spoiled: what came then is proved by the one that has come now.
        if let record = leftovers.removeValue(forKey: entry.id) {
            return workers.submit(.reopenPartial(entry, record.doubted(layer: layer)))
        }
        let runs = machine.trees(of: entry.id).compactMap { trees[$0]?.number }
        workers.submit(.openPartial(entry, layer, minFree: settings.minFree, runs: runs))
    }

    /// - Parameter pieces: recorded by an earlier run.
    func reopen(_ entry: DownloadEntry, _ layer: [Digest], _ pieces: PieceSet) {
        guard let record = leftovers.removeValue(forKey: entry.id) else { return open(entry, layer) }
        partials.opening(entry.id)
        workers.submit(.reopenPartial(entry, record))
    }

    func partialReopened(_ entry: DownloadEntry, _ result: Result<PartialStore.Reopened, SystemError>, isThere: Bool) {
        switch result {
        case .success(.missing):
            guard partials.failed(entry.id) else { return }
            if !isThere, let pieces = recorded(entry.id), !pieces.isEmpty {
                logger.warning(
                    "a partial file is gone, or something else stands in its place: what had come is fetched again",
                    metadata: ["download": "\(entry.id.rawValue)", "name": "\(entry.name)"])
            }
            feed(.partialMissing(entry.id, mayBeDelivered: isThere))
        case .success(.ready(let partial)): partialOpened(entry.id, .success(partial), recorded(entry.id))
        case .success(.doubtful(let verification)):
            logger.warning(
                "a partial file may have been written to; looking through it",
                metadata: ["download": "\(entry.id.rawValue)", "name": "\(entry.name)"])
            workers.submit(.verifyPartial(entry.id, verification, isOpen: false), isUrgent: false)
        case .failure(let error): if partials.failed(entry.id) { feed(.partialFailed(entry.id, DiskFailure(error))) }
        }
    }

    private func recorded(_ id: DownloadID) -> PieceSet? { machine.recordedPieces(of: id) }

    /// - Parameter pieces: what is right of an earlier run's file; nil for a new one.
    func partialOpened(_ id: DownloadID, _ result: Result<PartialFile, DiskFailure>, _ pieces: PieceSet? = nil) {
        switch result {
        case .success(let partial):
            guard partials.opened(id, partial) else { return workers.submit(.discard(partial)) }
            let pieces = pieces ?? PieceSet(pieceCount: partial.layout.pieceCount)
            // What is taken for right has to be recorded before anything is written under the seal again.
            if recordedDownloads.contains(id) { ledger.submit(.setPartial(id, partial.record(pieces))) }
            feed(.partialOpened(id, pieces))
        case .failure(let failure): if partials.failed(id) { feed(.partialFailed(id, failure)) }
        }
    }

    func verify(_ id: DownloadID, _ pieces: PieceSet) {
        guard let partial = partials[id] else { return }
        workers.submit(.verifyPartial(id, PartialVerification(of: partial, pieces), isOpen: true), isUrgent: false)
    }

    /// - Parameter isOpen: whether the download has the file already, or waits for it.
    func partialVerified(_ id: DownloadID, _ result: Result<PartialVerification.Outcome, SystemError>, isOpen: Bool) {
        switch result {
        case .success(.more(let rest, _)): workers.submit(.verifyPartial(id, rest, isOpen: isOpen), isUrgent: false)
        case .success(.done(let partial, let good, let isResealed)) where isOpen:
            if isResealed { record(id, partial, good) }
            feed(.partialVerified(id, good))
        case .success(.done(let partial, let good, _)): partialOpened(id, .success(partial), good)
        case .success(.touched) where isOpen: feed(.partialTouched(id, isThere: true))
        case .success(.touched(let again)): workers.submit(.verifyPartial(id, again, isOpen: false), isUrgent: false)
        case .success(.displaced) where isOpen: feed(.partialTouched(id, isThere: false))
        case .success(.displaced):
            if partials.failed(id) { feed(.partialMissing(id, mayBeDelivered: false)) }
        case .failure(let error) where isOpen: feed(.partialFailed(id, DiskFailure(error)))
        case .failure(let error): partialOpened(id, .failure(DiskFailure(error)))
        }
    }

    /// Before anything is written under the new seal.
    private func record(_ id: DownloadID, _ partial: PartialFile, _ good: PieceSet) {
        guard partials[id] === partial, recordedDownloads.contains(id), var pieces = recorded(id) else { return }
        pieces.subtract(good.complement)
        ledger.submit(.setPartial(id, partial.record(pieces)))
    }

    // MARK: Others that write

    func check(_ id: DownloadID) {
        if let partial = partials[id] { workers.submit(.checkPartial(id, partial)) }
    }

    func partialChecked(_ id: DownloadID, _ result: Result<PartialFile.Standing, SystemError>) {
        switch result {
        case .success(.untouched): feed(.partialChecked(id))
        case .success(.touched): touched(id)
        case .success(.displaced): feed(.partialTouched(id, isThere: false))
        case .failure(let error): feed(.partialFailed(id, DiskFailure(error)))
        }
    }

    /// To be called whenever a worker has looked at the file.
    func tellIfTouched(_ id: DownloadID) {
        if partials[id]?.isTouched == true { touched(id) }
    }

    private func touched(_ id: DownloadID) {
        logger.debug("a partial file was written to", metadata: ["download": "\(id.rawValue)"])
        feed(.partialTouched(id, isThere: true))
    }

    // MARK: Commits

    func commit(_ id: DownloadID, _ pieces: PieceSet, sync: Bool) {
        guard let partial = partials[id] else { return }
        guard sync else { return record(id, pieces) }
        syncsUnderWay += 1
        workers.submit(.sync(id, partial, pieces))
    }

    func synced(_ id: DownloadID, _ pieces: PieceSet, _ failure: DiskFailure?) {
        syncsUnderWay -= 1
        tellIfTouched(id)
        if let failure { feed(.committed(id, failure)) } else { record(id, pieces) }
    }

    /// Pieces of a download that has no row yet are put into it when it gets one.
    private func record(_ id: DownloadID, _ pieces: PieceSet) {
        guard recordedDownloads.contains(id) else { return feed(.committed(id, nil)) }
        ledger.submit(.setPieces(id, pieces))
    }

    // MARK: Delivery

    /// Puts a whole file into the share, or what is bad of one that stands there.
    func deliver(_ id: DownloadID, _ terms: DeliveryTerms) {
        guard let partial = partials[id] else { return }
        guard let bad = terms.repairing else { return workers.submit(.deliver(id, partial, terms)) }
        let name = partial.name
        guard let known = indexer.rotten(name), known.root == partial.root else {
            return feed(
                indexer.isUndecided(name) ? .repairPostponed(id) : .delivered(id, .occupied(Self.writtenTo)))
        }
        let mending = Mending(
            inode: known.stamp.inode, modified: indexer.mended[name]?.mending.modified ?? known.stamp.modified,
            begun: WallClock.nanoseconds())
        indexer.mended[name] = MendedFile(root: known.root, layer: known.layer, bad: bad, mending: mending)
        ledger.submit(.mend(id, IndexedFile(known), bad: bad, mending))
    }

    /// A repair is noted. Without a database there is nothing that would go on with it, and it goes on now.
    func mendingNoted(
        _ id: DownloadID, _ known: IndexedFile, bad: PieceSet, _ mending: Mending,
        _ result: Result<Void, StateDatabaseError>
    ) {
        recorded(result)
        guard let partial = partials[id] else { return }
        workers.submit(.repair(id, partial, known, bad: bad, modified: mending.modified))
    }

    private static let writtenTo = "a file that was written to while its pieces were fetched"

    func delivered(_ id: DownloadID, _ delivery: DeliveredFile) {
        partials.delivered(id)
        indexer.record(delivery.file)
        indexer.made(delivery.made)
        feed(.delivered(id, .done(SharedFile(delivery.file), backup: delivery.backup)))
    }

    func undelivered(_ id: DownloadID, _ error: DeliveryError, _ failure: DiskFailure) {
        switch error {
        case .changed:
            if let name = partials[id]?.name { indexer.mended[name] = nil }
            feed(.delivered(id, .occupied(Self.writtenTo)))
        case .touched: feed(.partialTouched(id, isThere: true))
        case .displaced: feed(.partialTouched(id, isThere: false))
        case .occupied: feed(.delivered(id, .overtaken))
        case .failed, .withoutInode: feed(.delivered(id, .unplaced(failure)))
        case .damaged, .unsynced: feed(.delivered(id, .failed(failure)))
        }
    }

    func discard(_ id: DownloadID, _ root: FileRoot) {
        if let partial = partials.discard(id) { return workers.submit(.discard(partial)) }
        if let record = leftovers.removeValue(forKey: id) { workers.submit(.discardLeftover(record.fileName)) }
    }
}
