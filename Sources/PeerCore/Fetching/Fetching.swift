import Content
import Wire

/// A download begins, is taken up again, and goes on.
extension PeerMachine {
    mutating func startDownload(_ version: FileVersion, _ request: Request, _ ask: Ask) {
        if let early = provisional(at: request.wish.name) {
            if early.root == version.root, early.kind == kind(of: request.wish) {
                return confirm(early.id, version, request)
            }
            abandon(early.id)
        }
        if let other = downloads.values.first(where: { $0.name == request.wish.name }) {
            let what = other.kind == .tree ? "a directory" : "a file"
            return fail(request.id, .occupied("\(what) that is in the list of downloads"))
        }
        guard let id = makeDownload(version, request, ask) else {
            return fail(request.id, .tooMany(limit: policy.downloadsMax))
        }
        enlist(id, for: request.id)
        beginNext()
        meetCompanions(ask.companions, in: id)
    }

    /// Makes a download of a version, with those who offer it.
    /// - Returns: nil if there are too many, or if it is longer than pieces allow.
    mutating func makeDownload(_ version: FileVersion, _ request: Request, _ ask: Ask) -> DownloadID? {
        guard downloads.count < policy.downloadsMax else { return nil }
        let id = nextDownload()
        let record = DownloadEntry(
            id: id, kind: kind(of: request.wish), name: request.wish.name, root: version.root,
            modified: version.modified, replacing: request.wish.force,
            keepsBackup: request.wish.keepsBackup, sync: request.wish.sync, priority: request.wish.priority,
            state: .running, treeLength: request.wish.tree ? version.length : 0,
            turn: request.id.rawValue)
        guard add(record) else { return nil }
        downloads[id]?.layer = request.wish.rot?.layer
        downloads[id]?.plan.isInOrder = request.wish.inOrder
        for (peer, offer) in ask.offers where offer.root == version.root {
            downloads[id]?.holders[peer] = .init(address: offer.address, holding: offer.holding, state: .lost)
            downloads[id]?.holders[peer]?.answered = offer.answered
        }
        return id
    }

    /// What a request waits for is its download now: recorded, and told of.
    mutating func enlist(_ id: DownloadID, for request: RequestID) {
        guard let download = downloads[id] else { return }
        keepRecord(of: id)
        note(.downloadStarted(id, download.name, download.root, holders: download.holders.count))
        attach(request, to: id)
    }

    private func kind(of wish: FetchWish) -> DownloadEntry.Kind {
        if let rot = wish.rot { return .repair(bad: rot.bad) }
        return wish.tree ? .tree : .file
    }

    mutating func nextDownload() -> DownloadID {
        lastDownload += 1
        return DownloadID(rawValue: lastDownload)
    }

    /// Puts a new download into the queue, and records it.
    /// - Returns: false for one longer than pieces allow.
    mutating func start(_ entry: DownloadEntry) -> Bool {
        guard add(entry) else { return false }
        emit(.keep(entry))
        return true
    }

    /// How a download stands is written down for the daemon's next life.
    mutating func keepRecord(of id: DownloadID) {
        if let record = downloads[id]?.record { emit(.keep(record)) }
    }

    private mutating func add(_ entry: DownloadEntry) -> Bool {
        guard let layout = PieceLayout(length: entry.root.length) else { return false }
        downloads[entry.id] = newDownload(entry, layout, stored: nil)
        return true
    }

    private mutating func newDownload(_ record: DownloadEntry, _ layout: PieceLayout, stored: PieceSet?) -> Download {
        // What is right of a rotten file counts, but is not in the partial file: it is neither looked at again nor offered.
        let right = record.kind.badPieces?.complement
        var (have, found) = (right ?? stored, stored)
        if let right, let stored {
            have?.formUnion(stored)
            found?.subtract(right)
        }
        let plan = Plan(layout: layout, id: id, stored: have, seed: random.next(), now: now)
        return Download(record, layout: layout, stored: found, plan: plan, policy: policy, now: now)
    }

    /// Takes up what an earlier run of the daemon left.
    mutating func restored(_ stored: StoredDownload) {
        lastDownload = max(lastDownload, stored.entry.id.rawValue)
        guard let layout = PieceLayout(length: stored.entry.root.length), downloads[stored.entry.id] == nil,
            stored.pieces.pieceCount == layout.pieceCount
        else { return }
        // Without the digests the pieces cannot be judged.
        let isKnown = stored.layer?.count == layout.pieceCount
        var download = newDownload(stored.entry, layout, stored: isKnown ? stored.pieces : nil)
        download.layer = isKnown ? stored.layer : nil
        switch stored.entry.state {
        case .running: download.phase = .queued
        case .paused: download.phase = .paused(.user)
        case .failed(let failure): download.phase = .failed(failure)
        }
        downloads[stored.entry.id] = download
        note(.downloadRestored(stored.entry.id, stored.entry.name, have: download.have))
        beginNext()
    }

    /// Makes a request wait for a download.
    mutating func attach(_ request: RequestID, to id: DownloadID) {
        guard let download = downloads[id], let wish = requests[request]?.wish else { return }
        emit(
            .found(
                request,
                FileFound(
                    name: download.name, root: download.root, length: download.length,
                    holders: download.holderAddresses)))
        if wish.inOrder { downloads[id]?.plan.isInOrder = true }
        if wish.force, !download.replacing {
            downloads[id]?.replacing = true
            downloads[id]?.keepsBackup = wish.keepsBackup
            keepRecord(of: id)
        }
        // A tree's file that a client asks for by itself does not go with the tree any more.
        if case .fetch = requests[request]?.aim, owner(of: download) != nil { setTurn(request.rawValue, of: id) }
        if wish.sync { downloads[id]?.isDeliveredSynced = true }
        if wish.priority > download.priority { downloads[id]?.priority = wish.priority }
        if wish.background {
            downloads[id]?.isListed = true
            requests[request] = nil
            return emit(.accepted(request, id))
        }
        downloads[id]?.requests.insert(request)
        requests[request]?.state = .fetching(id)
        requests[request]?.receivedBefore = download.received
        requests[request]?.progressed = now
    }

    /// Does whatever the download's phase allows now.
    mutating func advance(_ id: DownloadID) {
        // Looked at where it lies: what is changed of a download that is also held here is copied first.
        switch downloads[id]?.phase {
        case .gathering(nil): if let download = downloads[id] { beginLayer(download) }
        case .fetching: if downloads[id]?.plan.isComplete == true { prove(id) } else { askForPieces(id) }
        case .growing: grow(id)
        case .draining: proveIfQuiet(id)
        case .queued, .gathering, .checking, .opening, .proving, .finishing, .reading, .paused, .failed, nil: break
        }
    }

    // MARK: The share

    mutating func indexed(_ file: SharedFile) {
        shelf.changed(file.name)
        arrived(file)
    }

    /// A file of the share is known; if it is what is being fetched to that name, there is nothing left to do.
    /// - Parameter tree: which has put it there.
    mutating func arrived(_ file: SharedFile, by tree: DownloadID? = nil) {
        catalog.insert(file)
        for (id, request) in requests where request.wish.name == file.name && !request.wish.tree {
            requests[id]?.change { $0.local = LocalVersion(of: file.root) }
        }
        var needless: [DownloadID] = []
        // Looked at where they lie: this is done for each of a directory's files.
        for id in downloads.keys where id != tree {
            if downloads[id]?.kind == .tree {
                if downloads[id]?.isShort(of: file.name) == true { needless.append(id) }
                downloads[id]?.tree?.arrived(file.name)
                if downloads[id]?.lacking[file.name] == file.root { completed(id, by: file.name) }
            } else if downloads[id]?.name == file.name, downloads[id]?.root == file.root,
                downloads[id]?.isFinishing == false
            {
                alreadyThere(id)
            }
        }
        // They need less room than they did.
        for id in needless { requeue(id) }
        if !needless.isEmpty { beginNext() }
        endRepairs(of: file.name, since: "a file that was written to since it rotted")
    }

    mutating func indexing(_ isIndexing: Bool) {
        self.isIndexing = isIndexing
        guard !isIndexing else { return }
        for id in downloads.keys { downloads[id]?.awaitsIndex = false }
        beginNext()
    }

    mutating func alreadyThere(_ id: DownloadID) {
        if downloads[id]?.isProvisional == true { return abandon(id) }
        guard let download = downloads.removeValue(forKey: id) else { return }
        releaseLanes(download)
        emit(.discardPartial(id, download.root))
        emit(.forget(id))
        note(.downloadFinished(ended(download), took: now - download.since))
        for request in download.requests.sorted(by: { $0.rawValue < $1.rawValue }) {
            finishRequest(request, download, backup: nil)
        }
        childEnded(download, nil)
        beginNext()
    }
}
