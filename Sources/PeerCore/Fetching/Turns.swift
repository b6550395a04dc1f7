import Content

/// Which downloads run, and which wait for their turn.
extension PeerMachine {
    /// Starts those whose turn it is: the highest priority first, then in the order of asking.
    mutating func beginNext() {
        while let next = nextQueued { begin(next) }
    }

    /// A tree has a place for all of its children, who need not wait for others: if they did, as many trees as there are
    /// places would wait for ever.
    private var nextQueued: DownloadID? {
        let queued = downloads.values.filter { if case .queued = $0.phase { !$0.awaitsIndex } else { false } }
        if let child = queued.first(where: { !$0.parents.isEmpty }) { return child.id }
        let free = policy.runningMax - downloads.values.count { takesPlace($0) }
        guard let first = queued.min(by: { $0.comesBefore($1) }), free > askedBefore(first) else { return nil }
        return first.id
    }

    /// Requests that may become downloads whose turn is before this one's: what was asked for later can be found sooner.
    private func askedBefore(_ download: Download) -> Int {
        requests.values.count { request in
            guard case .fetch = request.aim, !request.isFetching, !request.hasProvisional else { return false }
            return request.id.rawValue < download.turn && request.wish.priority >= download.priority
                && now < request.since + policy.askWindow
        }
    }

    private func takesPlace(_ download: Download) -> Bool {
        guard download.isRunning, download.parents.isEmpty else { return false }
        // All of it is here: it only waits to be decided on.
        if download.isProvisional, download.plan.isComplete { return false }
        return download.waitsSince.map { now < $0 + policy.placePatience } ?? true
    }

    mutating func begin(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        // What has come of a tree's list before a pause is no list yet: read, it would look as if the disk had spoiled it.
        let hasPart =
            download.isDoubted || download.isOpen && !(download.plan.isComplete && download.inherited == nil)
        if download.kind == .tree, !hasPart { readManifest(id) } else { gather(id) }
    }

    /// Goes on with the bytes of its root.
    mutating func gather(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        switch download.partial {
        case .open:
            downloads[id]?.phase = .opening
            emit(.checkPartial(id))
        case .touched, .displaced: return drain(id)
        case .opening: downloads[id]?.phase = .opening
        case .none, .unwanted: reopen(download)
        }
        takeUpHolders(id)
    }

    private mutating func reopen(_ download: Download) {
        guard let layer = download.layer else {
            downloads[download.id]?.phase = .gathering(nil)
            return
        }
        opening(download.id, .reopenPartial(download.record, layer, download.commits.durable))
    }

    /// - Parameter effect: what opens the partial file, unless that is under way.
    mutating func opening(_ id: DownloadID, _ effect: PeerEffect) {
        downloads[id]?.phase = .opening
        if downloads[id]?.partial == Download.Partial.none { emit(effect) }
        downloads[id]?.partial = .opening
    }

    /// Fetches from holders that are connected, and looks for the others.
    mutating func takeUpHolders(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        beginTime(of: id)
        for (peer, holder) in download.holders where holder.state == .lost {
            guard let connection = connections[peer], sessions[connection]?.peer == peer else { continue }
            activate(peer, holder, on: connection, of: id)
        }
        if downloads[id]?.lanes.isEmpty == true {
            downloads[id]?.nextSeek = now
            seekHolders(id)
        }
        askForCopies(of: download)
        if case .fetching = downloads[id]?.phase { divide(id) }
        advance(id)
    }

    /// Every connection to a holder gets its lane, and its share of the file.
    mutating func divide(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        let lanes = download.lanes.sorted { $0.rawValue < $1.rawValue }
        for connection in lanes {
            let peer = download.senders[connection]
            let holding = peer.flatMap { download.holders[$0]?.holding } ?? .all
            downloads[id]?.plan.add(connection, of: peer, holding: holding, now: now)
        }
        downloads[id]?.plan.divide(among: lanes, now: now)
    }

    /// What is here under another name may be so elsewhere, at peers that know nothing of this name: a directory that was
    /// copied is not fetched from its origin alone.
    private mutating func askForCopies(of download: Download) {
        guard catalog.file(root: download.root) != nil || shelf.manifest(download.root) != nil,
            download.kind.badPieces == nil
        else { return }
        for peer in roster.entries.keys where peer != id && !bans.contains(peer) && download.holders[peer] == nil {
            put(.root(download.root), to: peer, for: .download(download.id))
        }
    }

    /// Takes a download out of the run, with its pieces.
    mutating func stop(_ id: DownloadID, _ phase: Download.Phase) {
        guard let download = downloads[id] else { return }
        downloads[id]?.phase = phase
        downloads[id]?.lacking = [:]
        downloads[id]?.isListed = true
        for connection in download.plan.lanes.keys { downloads[id]?.plan.remove(connection) }
        stopChildren(of: download)
        closeTree(id)
        downloads[id]?.deactivateAll()
        releaseLanes(download)
        keepRecord(of: id)
        commitIfDue(id)
    }
}
