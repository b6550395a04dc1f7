import Content

/// The end of a download: its file in the share, or a failure, and who is told of it.
extension PeerMachine {
    /// Not beside a commit: of two syncs at a time only one is told that something was lost.
    mutating func finish(_ id: DownloadID) {
        guard let download = downloads[id], download.commits.isIdle, !download.isProvisional else { return }
        if download.kind == .tree {
            releaseLanes(download)
            return readManifest(id)
        }
        downloads[id]?.phase = .finishing
        releaseLanes(download)
        // A connection that went with that may have owed the last answer to a client, who has joined and wants more of it.
        guard let final = downloads[id] else { return }
        emit(
            .deliver(
                id,
                DeliveryTerms(
                    replacing: final.replacing, keepsBackup: final.keepsBackup, sync: final.isDeliveredSynced,
                    modified: final.modified, mode: final.mode, repairing: final.kind.badPieces)))
    }

    mutating func delivered(_ id: DownloadID, _ delivery: Delivery) {
        guard let download = downloads[id] else { return }
        switch delivery {
        case .done(let file, let backup):
            shelf.changed(file.name)
            arrived(file)
            tellFollowers(id, PieceSet(pieceCount: download.plan.layout.pieceCount).complement)
            // Not removed with the tree is what took another file's place, or what somebody else wants as well.
            if let tree = owner(of: download), download.parents.count <= 1, backup == nil {
                emit(.keepLarge(tree, file))
            }
            if backup != nil { for tree in download.parents { downloads[tree]?.tree?.backups += 1 } }
            for tree in downloads.values where tree.tree == nil && download.isMember(of: tree) {
                downloads[tree.id]?.lastKnown.have += download.root.length
            }
            downloads[id] = nil
            emit(.forget(id))
            note(.downloadFinished(ended(download), took: now - download.since))
            for request in download.requests.sorted(by: { $0.rawValue < $1.rawValue }) {
                finishRequest(request, download, backup: backup)
            }
            childEnded(download, nil)
            lookAgain(at: file.name)
            beginNext()
        case .occupied(let what): failDownload(id, .occupied(what))
        case .unplaced(let failure): diskFailed(id, failure)
        case .failed(let failure):
            // What was not durable before may not have reached the disk: without syncs, that is all of it.
            var lost = download.kind.badPieces ?? download.plan.stored
            if download.sync { lost.subtract(download.commits.durable) }
            downloads[id]?.plan.spoiled(lost)
            downloads[id]?.commits.spoiled(lost)
            if !download.sync { emit(.commit(id, PieceSet(pieceCount: lost.pieceCount), sync: false)) }
            diskFailed(id, failure)
        }
    }

    mutating func finishRequest(
        _ id: RequestID, _ download: Download, backup: ShareName?, files: TreeResult? = nil
    ) {
        guard let request = requests.removeValue(forKey: id) else { return }
        emit(
            .finished(
                id,
                FetchResult(
                    name: download.name, root: download.root, length: files?.length ?? download.length,
                    holders: download.holderBytes,
                    already: files?.isNothingNew ?? false, took: now - request.since,
                    received: download.received - min(download.received, request.receivedBefore), backup: backup,
                    files: files)))
    }

    /// Ends a download that cannot go on. One that has something, or that nobody waits for, stays to be looked at and
    /// taken up again.
    mutating func failDownload(_ id: DownloadID, _ failure: FetchFailure) {
        guard let download = downloads[id] else { return }
        if download.isProvisional { return abandon(id) }
        // Of a directory that is not listed any more what is there would pass for a version, be it but empty directories.
        let isBegun = download.have > 0 || download.tree?.isSurveyed == true
        let isKept = isBegun || download.parents.isEmpty && (download.requests.isEmpty || download.isListed)
        guard isKept, download.kind.badPieces == nil else { return removeDownload(id, failure) }
        downloads[id]?.parents = []
        stop(id, .failed(failure))
        note(.downloadFailed(ended(download), failure))
        failRequests(of: download, failure)
        childEnded(download, failure)
        beginNext()
    }

    /// Gives a download up with all that came of it.
    /// - Parameter isMember: it goes with its directory, which is not listed any more.
    mutating func removeDownload(_ id: DownloadID, _ failure: FetchFailure, isMember: Bool = false) {
        guard let download = downloads.removeValue(forKey: id) else { return }
        releaseLanes(download)
        if let tree = download.tree { emit(.closeTree(id, tree.stage.leftOver)) }
        emit(.discardPartial(id, download.root))
        emit(.forget(id))
        // That it has failed was told when it did.
        if download.failure == nil || failure == .cancelled {
            note(.downloadFailed(EndedDownload(download, isMember: isMember || owner(of: download) != nil), failure))
        }
        failRequests(of: download, failure)
        removeMembers(of: download, failure)
        childEnded(download, failure)
        beginNext()
    }

    func ended(_ download: Download) -> EndedDownload {
        EndedDownload(download, isMember: owner(of: download) != nil)
    }

    mutating func failRequests(of download: Download, _ failure: FetchFailure) {
        for request in download.requests.sorted(by: { $0.rawValue < $1.rawValue }) { fail(request, failure) }
        downloads[download.id]?.requests = []
    }
}
