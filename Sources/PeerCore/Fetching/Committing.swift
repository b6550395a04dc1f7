import Content
import Wire

/// From a piece that is written to one that is durable, recorded, and offered to others.
extension PeerMachine {
    mutating func commitIfDue(_ id: DownloadID) {
        guard let download = downloads[id], download.isOpen, !download.isFinishing, !download.isReadyToFinish else {
            return
        }
        // Of what is stopped nothing more comes that could be made durable with it.
        // Nor is anything awaited that is offered without it.
        let isAwaited = download.sync && (!download.followers.isEmpty || download.plan.isSwarming)
        let isEager = isAwaited || !download.isRunning
        guard let pieces = downloads[id]?.commits.begin(download.plan.layout, isEager: isEager, now: now) else {
            if isEager, let due = download.commits.due(isEager: true) { commitsAt = min(commitsAt, due) }
            return
        }
        emit(.commit(id, pieces, sync: download.sync))
    }

    /// The daemon ends: what is written is kept, even while a commit is under way.
    mutating func commitLast(_ id: DownloadID) {
        guard let download = downloads[id], download.isOpen, !download.isFinishing, !download.isProvisional,
            let pieces = download.commits.last
        else { return }
        emit(.commit(id, pieces, sync: download.sync))
    }

    mutating func committed(_ id: DownloadID, _ failure: DiskFailure?) {
        guard downloads[id] != nil else { return }
        if let failure {
            // Nothing says which of the bytes are on the disk: they are fetched again, if it goes on at all.
            guard let lost = downloads[id]?.commits.fail() else { return }
            downloads[id]?.plan.spoiled(lost)
            downloads[id]?.plan.doubtUntold()
            return diskFailed(id, failure)
        }
        guard let gained = downloads[id]?.commits.end() else { return }
        if downloads[id]?.sync == true { offer(gained, of: id) }
        commitIfDue(id)
        if downloads[id]?.isReadyToFinish == true { finish(id) }
        proveIfQuiet(id)
    }

    mutating func sweepCommits() {
        commitsAt = .distantFuture
        for id in downloads.keys {
            commitIfDue(id)
            tellRest(id)
        }
    }
}
