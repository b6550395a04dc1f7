import Content
import Logging
import PeerCore
import Posix
import Storage

/// Directories: their manifests made and read, their small files received and published.
extension PeerNode {
    func completed(_ completion: TreeCompletion) {
        switch completion {
        case .inspected(let request, let name, let local): inspected(request, name, local)
        case .listed(let name, let result): listed(name, result)
        case .made(let name, let result): made(name, result)
        case .read(let id, let reading):
            tellIfTouched(id)
            feed(.manifestRead(id, reading))
        case .surveying(let run, let survey):
            if isCurrent(run) {
                submit(survey, of: run)
            } else {
                workers.submit(.tree(.abandon(run, survey)))
            }
        case .abandoned(let run, let made): placed(made, of: run)
        case .surveyed(let run, let result, let made):
            placed(made, of: run)
            let name = run.files.manifest.name
            indexer.made(made.filter { $0.kind == .directory && name.isBelow($0.name) }.map(\.name))
            surveyed(run, result)
        case .staged(let run, let batch, let files): staged(run, batch, files)
        case .published(let run, let files, let result): published(run, files, result)
        case .manifestOpened(let digest, let result): uploads.opened(.manifest(digest), result, transport, self)
        case .smallRead(let connection, let files, let answer):
            uploads.read(connection, files, answer, transport, self)
        case .removed(let tree): removalEnded(tree)
        case .discarded: break
        }
    }

    // MARK: Making manifests

    func inspectTree(_ request: RequestID, _ name: ShareName) {
        workers.submit(.tree(.inspect(request, name)))
    }

    /// - Parameter local: nil if a directory stands there: then its manifest tells which version it is.
    private func inspected(_ request: RequestID, _ name: ShareName, _ local: LocalFile?) {
        if let local { return feed(.inspected(request, local)) }
        manifestWaiters[name, default: []].append(request)
        if manifestWaiters[name]?.count == 1, !manifestsInMaking.contains(name) { makeManifest(name) }
    }

    func makeManifest(_ name: ShareName) {
        guard manifestsInMaking.insert(name).inserted else { return }
        if indexer.fragments.contains(name) { return manifestMade(name, .none) }
        workers.submit(.tree(.list(TreeListing(name))))
    }

    private func listed(_ name: ShareName, _ result: Result<TreeListing.Outcome, SystemError>) {
        switch result {
        case .success(.more(let listing)): workers.submit(.tree(.list(listing)))
        case .success(.done(let contents)):
            workers.submit(
                .tree(
                    .make(
                        name, contents, machine.offered, unreadable: indexer.unsettled.failures(below: name),
                        needed: machine.neededManifests)))
        case .success(.missing): manifestMade(name, .none)
        case .success(.tooMany):
            refuse(name, "it has more than \(ManifestLimits.entriesMax) entries")
        case .failure(let error): refuse(name, "\(error)")
        }
    }

    private func made(_ name: ShareName, _ result: Result<ManifestOutcome, SystemError>) {
        switch result {
        case .success(.made(let made, let kept)):
            tellLeftOut(made)
            let file = SharedFile(name: name, root: kept.root, modified: made.modified, layer: kept.layer)
            manifestMade(name, .made(OfferedTree(manifest: file, length: made.manifest.length)))
        case .success(.pending): manifestMade(name, .pending)
        case .success(.refused(let reason)): refuse(name, reason)
        case .failure(let error): refuse(name, "\(error)")
        }
    }

    private func refuse(_ name: ShareName, _ reason: String) {
        logger.warning("cannot offer a directory as a whole", metadata: ["name": "\(name)", "reason": "\(reason)"])
        manifestMade(name, .unfit(reason))
    }

    private func tellLeftOut(_ made: MadeManifest) {
        guard made.refusedCount > 0 else { return }
        let shown = made.refused.map { "\($0.shown): \($0.reason)" }.joined(separator: "; ")
        logger.warning(
            "not everything in a directory can be offered with it",
            metadata: ["name": "\(made.manifest.name)", "count": "\(made.refusedCount)", "left_out": "\(shown)"])
    }

    private func manifestMade(_ name: ShareName, _ making: ManifestMaking) {
        manifestsInMaking.remove(name)
        feed(.manifestMade(name, making))
        let local: LocalFile =
            switch making {
            case .made(let tree): .tree(LocalVersion(root: tree.manifest.root, length: tree.length))
            case .unfit where !indexer.rottenNames(below: name).isEmpty: .rottenTree
            case .unfit, .pending, .none: .absent
            }
        for request in manifestWaiters.removeValue(forKey: name) ?? [] { feed(.inspected(request, local)) }
    }

    // MARK: Reading manifests

    func readManifest(_ entry: DownloadEntry) {
        workers.submit(.tree(.read(entry, partials[entry.id], needed: machine.neededManifests)))
    }

    // MARK: Fetching

    func survey(_ entry: DownloadEntry, _ manifest: Manifest) {
        lastTreeRun += 1
        let terms = TreeFiles.Terms(
            replacing: entry.replacing, keepingBackup: entry.keepsBackup, sync: entry.sync, modified: entry.modified)
        let files = TreeFiles(manifest, partials: partialStore, terms: terms, serial: lastTreeRun)
        let run = TreeRun(id: entry.id, number: lastTreeRun, files: files)
        trees[entry.id] = run
        let catalog = machine.offered
        let rotten = indexer.rottenFiles(below: manifest.name)
        let survey = TreeSurvey(
            manifest, replacing: entry.replacing, sync: entry.sync, reserved: reservedFiles(below: manifest.name)
        ) { name, identity in
            if let file = catalog[name], file.identity.hasSameBytes(as: identity) { return .file(file.root) }
            if let file = rotten[name], file.identity.hasSameBytes(as: identity) { return .rotten(file.root) }
            return .unknown
        }
        removals.placingBegan(run.id)
        submit(survey, of: run)
    }

    private func submit(_ survey: TreeSurvey, of run: TreeRun) {
        workers.submit(.tree(.survey(run, survey, minFree: settings.minFree)))
    }

    /// Files that have partial files, whole or not: they need no room a second time.
    private func reservedFiles(below directory: ShareName) -> [ShareName: FileRoot] {
        var files: [ShareName: FileRoot] = [:]
        for status in machine.downloadStatuses where status.kind == .file && status.name.isBelow(directory) {
            if partials[status.id] != nil || leftovers[status.id] != nil { files[status.name] = status.root }
        }
        return files
    }

    private func isCurrent(_ run: TreeRun) -> Bool { trees[run.id]?.number == run.number }

    private func surveyed(_ run: TreeRun, _ result: Result<TreeFound, DiskFailure>) {
        guard isCurrent(run) else { return partialStore.promises.end(run.number) }
        switch result {
        case .success(let found): feed(.treeSurveyed(run.id, found))
        case .failure(let failure): feed(.treeFailed(run.id, failure))
        }
    }

    private func staged(_ run: TreeRun, _ batch: FileBatch, _ files: [StagedFile]) {
        giveBack(batch.buffer)
        guard isCurrent(run) else {
            return workers.submit(.tree(.discard(run.files, files.filter { $0.outcome == .stored }.map(\.index))))
        }
        feed(.filesStaged(run.id, files))
    }

    func publish(_ id: DownloadID, _ files: [Int]) {
        guard let run = trees[id] else { return }
        removals.placingBegan(id)
        workers.submit(.tree(.publish(run, files)))
    }

    func discardFiles(_ id: DownloadID, _ files: [Int]) {
        if let run = trees[id] { workers.submit(.tree(.discard(run.files, files))) }
    }

    private func published(
        _ run: TreeRun, _ files: [Int], _ result: Result<[Publishing], DiskFailure>
    ) {
        let isCurrent = isCurrent(run)
        switch result {
        case .success(let outcomes):
            let remains = outcomes.compactMap { (try? $0.result.get())?.remain }
            let isListed = recordedDownloads.contains(run.id)
            guard isCurrent || isListed else { return placed(remains, of: run) }
            let published = outcomes.map { PublishedFile(index: $0.index, delivery: delivery($0.result)) }
            if isCurrent {
                feed(.filesPublished(run.id, published))
            } else {
                for case .done(let file, _) in published.map(\.delivery) { feed(.indexed(file)) }
            }
            // With its last files a tree is whole: then nothing of it is noted any more.
            placed(recordedDownloads.contains(run.id) ? remains : [], of: run)
        case .failure(let failure):
            workers.submit(.tree(.discard(run.files, files)))
            placed([], of: run)
            if isCurrent { feed(.publishingFailed(run.id, failure)) }
        }
    }

    /// A job has put these into the share: noted, to be removed if the tree is given up; with it if it has been.
    private func placed(_ remains: [TreeRemain], of run: TreeRun) {
        removals.placingEnded(run.id)
        if recordedDownloads.contains(run.id) {
            if !remains.isEmpty { ledger.submit(.putRemains(run.id, remains)) }
        } else {
            removals.add(remains, of: run.id)
        }
        continueRemoval(of: run.id)
    }

    /// A large file of a tree has come by its own download.
    func keepLarge(_ file: SharedFile, of tree: DownloadID) {
        ledger.submit(.putRemains(tree, [TreeRemain(.file, file.name, file.identity)]))
    }

    func removeRemains(_ tree: DownloadID) {
        removals.begin(tree)
        ledger.submit(.loadRemains(tree))
    }

    func remainsLoaded(_ tree: DownloadID, _ result: Result<[TreeRemain], StateDatabaseError>) {
        switch result {
        case .success(let remains): removals.loaded(remains, of: tree)
        case .failure(let error):
            logger.warning("what was fetched of a directory stays", metadata: ["reason": "\(error)"])
            removals.loaded([], of: tree)
        }
        continueRemoval(of: tree)
    }

    private func continueRemoval(of tree: DownloadID) {
        guard let remains = removals.take(tree) else { return }
        let (left, others) = leaveToOthers(remains)
        for (tree, remains) in left { ledger.submit(.putRemains(tree, remains)) }
        workers.submit(.tree(.remove(tree, others)))
    }

    /// What a tree has put into the share is left to another that has the same directory, and is removed with that one.
    private func leaveToOthers(_ remains: [TreeRemain]) -> (left: [DownloadID: [TreeRemain]], others: [TreeRemain]) {
        let trees = machine.downloadStatuses.filter { $0.kind == .tree }
        var (left, others): ([DownloadID: [TreeRemain]], [TreeRemain]) = ([:], [])
        for remain in remains {
            if let tree = trees.first(where: {
                remain.name == $0.name || remain.name.isBelow($0.name)
                    || remain.kind == .directory && $0.name.isBelow(remain.name)
            }) {
                left[tree.id, default: []].append(remain)
            } else {
                others.append(remain)
            }
        }
        return (left, others)
    }

    private func removalEnded(_ tree: DownloadID) {
        let again = removals.ended(tree)
        if !again.isEmpty { return workers.submit(.tree(.remove(tree, leaveToOthers(again).others))) }
        guard removals.isEmpty else { return }
        for answer in answersAfterRemoval { ledger.submit(.passOn(answer)) }
        answersAfterRemoval = []
        let looks = looksAfterRemoval
        looksAfterRemoval = []
        for look in looks { perform(look) }
    }

    /// - Returns: whether a look at the share waits until what is given up is gone.
    func isPutOff(_ look: PeerEffect) -> Bool {
        if !removals.isEmpty { looksAfterRemoval.append(look) }
        return !removals.isEmpty
    }

    private func delivery(_ result: Result<TreeFiles.Published, DiskFailure>) -> Delivery {
        switch result {
        case .success(let published):
            indexer.record(published.file)
            return .done(SharedFile(published.file), backup: published.backup)
        case .failure(let failure) where failure.code == SystemError.exists: return .overtaken
        case .failure(let failure): return .failed(failure)
        }
    }

    /// - Parameter files: written, and not wanted any more.
    func closeTree(_ id: DownloadID, _ files: [Int]) {
        looksAfterRemoval.removeAll { if case .surveyTree(let entry, _) = $0 { entry.id == id } else { false } }
        guard let run = trees.removeValue(forKey: id) else { return }
        partialStore.promises.end(run.number)
        if !files.isEmpty { workers.submit(.tree(.discard(run.files, files))) }
    }
}
