import Content
import Wire

/// From a piece that is written to one that is durable, recorded, and offered to others.
extension PeerMachine {
    mutating func commitIfDue(_ id: DownloadID) {
        guard let download = downloads[id], download.isOpen, !download.isFinishing, !download.isReadyToFinish else {
            return
        }
        // Of what is stopped nothing more comes that could be made durable with it.
        let isEager = !download.followers.isEmpty || download.plan.isSwarming || !download.isRunning
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
        if let download = downloads[id], download.isOpen { tellWhoLacks(download.offerable(gained), of: id) }
        commitIfDue(id)
        if downloads[id]?.isReadyToFinish == true { finish(id) }
        proveIfQuiet(id)
    }

    /// Tells those who know what we have that it has become more.
    mutating func tellFollowers(_ id: DownloadID, _ gained: PieceSet) {
        guard let download = downloads[id] else { return }
        for connection in download.followers.sorted(by: { $0.rawValue < $1.rawValue }) {
            tell(connection, download.root, gained)
        }
    }

    /// Of pieces that somebody has himself he does not hear at once: he will ask nobody for them. In a crowd that is every
    /// other message. He hears of all when we have all; should he lose some before, he asks who has them.
    private mutating func tellWhoLacks(_ gained: PieceSet, of id: DownloadID) {
        guard let download = downloads[id], !gained.isEmpty else { return }
        for connection in download.followers.sorted(by: { $0.rawValue < $1.rawValue }) {
            var news = gained
            if let known = download.pieces(ofHolderOn: connection) { news.subtract(known) }
            tell(connection, download.root, news)
        }
    }

    private mutating func tell(_ connection: ConnectionID, _ root: FileRoot, _ gained: PieceSet) {
        let runs = gained.runs
        for start in stride(from: 0, to: runs.count, by: WireLimits.runsPerFrameMax) {
            let part = Array(runs[start..<min(runs.count, start + WireLimits.runsPerFrameMax)])
            send(.nowHave(root, part), on: connection)
        }
    }

    mutating func sweepCommits() {
        commitsAt = .distantFuture
        for id in downloads.keys { commitIfDue(id) }
    }
}
