import Content
import Wire

/// The life of a tree, from its manifest to the last file:
///
///     queued -> reading --it is not here--> gathering ... fetching, as any file --> reading
///               reading --it is here--> growing: surveyed, then fetched file by file
///
/// Nothing of a tree but its download's record is kept over a pause or a restart: the survey finds again what is missing.
extension PeerMachine {
    mutating func readManifest(_ id: DownloadID) {
        guard let entry = downloads[id]?.record else { return }
        downloads[id]?.phase = .reading
        emit(.readManifest(entry))
    }

    mutating func manifestRead(_ id: DownloadID, _ reading: ManifestReading) {
        guard let download = downloads[id], case .reading = download.phase else { return }
        switch reading {
        case .read(let manifest):
            giveUpPartial(id)
            downloads[id]?.phase = .growing
            downloads[id]?.tree = Tree(manifest, id: self.id, now: now)
            emit(.surveyTree(download.record, manifest))
        case .missing: gather(id)
        case .refused(let reason):
            failDownload(id, .badManifest(reason))
            // Directories are asked for by name, so each of them said of these bytes that they are one.
            for connection in download.lanes.sorted(by: { $0.rawValue < $1.rawValue }) {
                refuse(connection, "the list of \(download.name) is refused: \(reason)")
            }
        case .failed(let failure): diskFailed(id, failure)
        }
    }

    /// The manifest is kept where manifests are.
    private mutating func giveUpPartial(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        downloads[id]?.layer = nil
        downloads[id]?.inherited = nil
        downloads[id]?.plan.spoiled(download.plan.stored)
        downloads[id]?.commits.spoiled(download.plan.stored)
        switch download.partial {
        case .opening, .unwanted: downloads[id]?.partial = .unwanted
        case .none, .open, .touched, .displaced:
            downloads[id]?.partial = .none
            emit(.discardPartial(id, download.root))
        }
    }

    mutating func treeSurveyed(_ id: DownloadID, _ found: TreeFound) {
        guard let download = downloads[id], download.tree?.isSurveyed == false else { return }
        downloads[id]?.tree?.surveyed(found, fetchedBefore: download.fetchedBefore, now: now)
        downloads[id]?.fetchedBefore = 0
        shelf.fetched(to: download.name)
        for connection in download.lanes { addTreeLane(connection, to: id) }
        progress(id)
        takeUpHolders(id)
    }

    /// There is no room for the tree, or its directory cannot be made.
    mutating func treeFailed(_ id: DownloadID, _ failure: DiskFailure) {
        guard downloads[id]?.tree != nil else { return }
        diskFailed(id, failure)
    }

    /// Does whatever can be done now.
    mutating func grow(_ id: DownloadID) {
        guard downloads[id]?.tree?.isSurveyed == true else { return }
        for connection in (downloads[id]?.lanes ?? []).sorted(by: { $0.rawValue < $1.rawValue }) {
            askForFiles(id, on: connection)
        }
        growFurther(id)
    }

    /// What may follow the end of a file.
    mutating func growFurther(_ id: DownloadID) {
        beginChildren(id)
        publishIfDue(id)
        if downloads[id]?.tree?.isDone == true { finishTree(id) }
    }

    private mutating func publishIfDue(_ id: DownloadID) {
        guard let sync = downloads[id]?.sync, let isLast = downloads[id]?.tree?.isLast,
            let isAlone = downloads[id]?.tree?.plan.fellows.isEmpty,
            let files = downloads[id]?.tree?.stage.begin(sync: sync, isEager: !isAlone, isLast: isLast, now: now)
        else { return }
        emit(.publishFiles(id, files))
    }

    mutating func filesPublished(_ id: DownloadID, _ files: [PublishedFile]) {
        guard downloads[id]?.tree != nil else {
            for case .done(let file, _) in files.map(\.delivery) { arrived(file) }
            return
        }
        downloads[id]?.tree?.stage.end()
        for file in files { published(file, of: id) }
        if let name = downloads[id]?.name { shelf.fetched(to: name) }
        progress(id)
        growFurther(id)
    }

    private mutating func published(_ file: PublishedFile, of id: DownloadID) {
        let length = downloads[id]?.tree?.manifest.length(at: file.index) ?? 0
        if length == 0 {
            downloads[id]?.tree?.emptyCount -= 1
        } else {
            downloads[id]?.tree?.plan.finish(file.index)
        }
        switch file.delivery {
        case .done(let shared, let backup):
            arrived(shared, by: id)
            if backup != nil { downloads[id]?.tree?.backups += 1 }
            downloads[id]?.tree?.fetched += 1
            downloads[id]?.tree?.have += length
        case .occupied(let what): downloads[id]?.tree?.fail(file.index, .occupied(what))
        // Fetched again when there is room.
        case .unplaced(let failure) where failure.isOutOfSpace, .failed(let failure) where failure.isOutOfSpace:
            if downloads[id]?.tree != nil { diskFailed(id, failure) }
        case .unplaced(let failure), .failed(let failure): downloads[id]?.tree?.fail(file.index, .disk(failure))
        }
    }

    /// What was written since the last time is not on the disk, whatever it says later.
    mutating func publishingFailed(_ id: DownloadID, _ failure: DiskFailure) {
        guard let lost = downloads[id]?.tree?.stage.takeLeftOver() else { return }
        if !lost.isEmpty { emit(.discardFiles(id, lost)) }
        diskFailed(id, failure)
    }

    private mutating func finishTree(_ id: DownloadID) {
        guard let tree = downloads[id]?.tree else { return }
        let result = tree.result
        if hasComeSince(id) || result.isWhole && tree.isUnsureOfModes {
            downloads[id]?.fetchedBefore = tree.fetched
            stop(id, .queued)
            return beginNext()
        }
        if result.isWhole { tellOfTree(id) }
        guard let download = downloads[id] else { return }
        if result.isWhole {
            downloads[id] = nil
            releaseLanes(download)
            removeMembers(of: download, .cancelled)
            emit(.closeTree(id, []))
            emit(.forget(id))
            // Nothing was fetched, so nothing is to be done with it either.
            if !result.isNothingNew {
                note(.downloadFinished(EndedDownload(download, isMember: false), took: now - download.since))
            }
        } else {
            // It stays to be taken up again: as long as it is listed, the part that is here is no version for others.
            let failure = FetchFailure.incomplete(result)
            downloads[id]?.requests = []
            stop(id, .failed(failure))
            downloads[id]?.lacking = tree.lacking
            note(.downloadFailed(EndedDownload(download, isMember: false), failure))
        }
        for request in download.requests.sorted(by: { $0.rawValue < $1.rawValue }) {
            finishRequest(request, download, backup: nil, files: result)
        }
        beginNext()
    }

    /// Whether all that a tree failed for has come by other ways while the rest was fetched.
    private func hasComeSince(_ id: DownloadID) -> Bool {
        guard let tree = downloads[id]?.tree, !tree.lacking.isEmpty else { return false }
        return tree.lacking.allSatisfy { tree.hasCome($0.key) && catalog[$0.key]?.root == $0.value }
    }

    /// A file that a tree failed for has come after all. With the last of them it goes on by itself.
    mutating func completed(_ id: DownloadID, by name: ShareName) {
        downloads[id]?.lacking[name] = nil
        if case .failed(.incomplete(var result)) = downloads[id]?.phase {
            result.found(name)
            downloads[id]?.phase = .failed(.incomplete(result))
            keepRecord(of: id)
        }
        guard downloads[id]?.lacking.isEmpty == true, downloads[id]?.failure != nil else { return }
        requeue(id)
        beginNext()
    }

    /// What a tree of an earlier run of the daemon failed for is not known any more: a file that comes by itself may be it.
    mutating func lookAgain(at file: ShareName) {
        for (id, tree) in downloads where tree.kind == .tree && file.isBelow(tree.name) {
            if case .recorded = tree.failure { requeue(id) }
        }
    }

    /// Stops a tree: it will be surveyed anew. What came whole is put into the share.
    mutating func closeTree(_ id: DownloadID) {
        guard let tree = downloads[id]?.tree else { return }
        // Before a survey it has looked at nothing, and what an earlier one found is there still.
        let have = tree.isSurveyed ? tree.haveSoon : downloads[id]?.lastKnown.have ?? 0
        downloads[id]?.lastKnown = Download.Figures(have: have, length: tree.manifest.length)
        downloads[id]?.tree = nil
        if !tree.stage.leftOver.isEmpty { emit(.publishFiles(id, tree.stage.leftOver)) }
        emit(.closeTree(id, []))
    }
}
