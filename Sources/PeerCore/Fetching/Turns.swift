import Content

/// Which downloads run, which wait for their turn, and what clients do with them.
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
        guard let first = queued.min(by: Self.comesBefore), free > askedBefore(first) else { return nil }
        return first.id
    }

    private static func comesBefore(_ one: Download, _ other: Download) -> Bool {
        (other.priority, one.turn, one.id.rawValue) < (one.priority, other.turn, other.id.rawValue)
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
        if case .fetching = downloads[id]?.phase {
            let lanes = downloads[id]?.lanes.sorted { $0.rawValue < $1.rawValue } ?? []
            downloads[id]?.plan.divide(among: lanes, now: now)
        }
        advance(id)
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
    }

    /// The disk did not do what was asked of it: a full one is waited for.
    mutating func diskFailed(_ id: DownloadID, _ failure: DiskFailure) {
        guard let download = downloads[id] else { return }
        if download.isProvisional { return abandon(id) }
        if failure.isOutOfSpace, pauseTrees(of: download, failure) { return }
        let hasSome = download.have > 0 || download.tree.map { $0.haveSoon > 0 } == true
        guard failure.isOutOfSpace, hasSome || download.requests.isEmpty || download.isListed else {
            return failDownload(id, .disk(failure))
        }
        let rest = max(1, unreserved(download))
        // A part of a tree was looked at, where there has to be room for the whole.
        let failure = download.kind == .tree ? failure.needing(max(rest, failure.neededBytes ?? 0)) : failure
        let missing = failure.missingBytes ?? rest
        stop(id, .paused(.space(missing: missing, needed: max(1, failure.neededBytes ?? rest))))
        nextSpaceCheck = now + policy.spaceCheck
        note(.downloadPaused(id, download.name, missing: missing))
        failRequests(of: download, .full(failure, have: downloads[id].map { shownHave($0) } ?? 0))
        beginNext()
    }

    /// A directory of which a file finds no room waits for all that it needs, and its files with it.
    /// - Returns: whether the file is stopped with that: nobody else wants it.
    private mutating func pauseTrees(of download: Download, _ failure: DiskFailure) -> Bool {
        guard !download.parents.isEmpty else { return false }
        for tree in download.parents.sorted(by: { $0.rawValue < $1.rawValue }) {
            diskFailed(tree, failure)
        }
        return downloads[download.id]?.isRunning != true
    }

    /// Bytes for which it has taken no room: a directory's larger files have theirs.
    private func unreserved(_ download: Download) -> UInt64 {
        let block = download.tree?.block ?? DiskBlock(size: 1)
        let taken: UInt64 = downloads.values.reduce(0) { sum, member in
            let isReserved = member.isMember(of: download) && (member.isOpen || member.have > 0)
            return isReserved ? sum + block.taken(by: member.root.length) : sum
        }
        let missing = download.tree?.missingRoom ?? download.length - min(download.have, download.length)
        return missing - min(taken, missing)
    }

    /// Whether there is room for those that wait for it: asked for all of them at once, in the order of their turns.
    mutating func sweepSpace() {
        guard nextSpaceCheck <= now else { return }
        let needs = downloads.values.sorted(by: Self.comesBefore).compactMap { download -> SpaceNeed? in
            guard case .paused(.space(_, let needed)) = download.phase else { return nil }
            return SpaceNeed(id: download.id, bytes: needed)
        }
        guard !needs.isEmpty else { return }
        nextSpaceCheck = now + policy.spaceCheck
        emit(.checkSpace(needs))
    }

    /// - Parameter missing: bytes for which there is no room; nil if there is room for all that it needs.
    mutating func spaceChecked(_ id: DownloadID, _ missing: UInt64?) {
        guard case .paused(.space(_, let needed)) = downloads[id]?.phase else { return }
        if let missing {
            downloads[id]?.phase = .paused(.space(missing: missing, needed: needed))
        } else {
            downloads[id]?.phase = .queued
            beginNext()
        }
    }

    // MARK: Clients

    /// What clients know of.
    var decided: [Download] { downloads.values.filter { !$0.isProvisional } }

    mutating func cancel(_ request: RequestID, _ name: ShareName, keepData: Bool) {
        guard let download = decided.first(where: { $0.name == name && !$0.isFinishing }) else {
            // One that is being put into the share already cannot be called off any more.
            let asking = requests.values.filter { $0.wish.name == name && !$0.isFetching }.map(\.id)
            guard !asking.isEmpty else { return emit(.failed(request, .noSuchDownload)) }
            for id in asking { fail(id, .cancelled) }
            return emit(.changed(request, name))
        }
        if keepData {
            downloads[download.id]?.parents = []
            stop(download.id, .failed(.cancelled))
            failRequests(of: download, .cancelled)
            childEnded(download, .cancelled)
            beginNext()
        } else {
            if download.kind == .tree { emit(.removeRemains(download.id)) }
            removeDownload(download.id, .cancelled)
        }
        emit(.changed(request, name))
    }

    /// One file of a tree that is fetched is not paused: the tree would wait for it, and nothing would say so.
    /// - Parameter name: nil for every download.
    mutating func pause(_ request: RequestID, _ name: ShareName?) {
        let chosen = decided.filter { download in
            switch download.phase {
            case .finishing, .failed, .paused(.user): false
            case .queued, .gathering, .checking, .opening, .fetching, .draining, .proving, .reading, .growing,
                .paused(.space):
                name == nil || download.name == name
            }
        }
        if name != nil, let tree = chosen.lazy.compactMap(\.parents.first).first.flatMap({ downloads[$0]?.name }) {
            return emit(.failed(request, .partOfTree(tree)))
        }
        for download in chosen {
            stop(download.id, .paused(.user))
            failRequests(of: download, .paused)
        }
        answer(request, name, isAny: !chosen.isEmpty || isKnown(name))
        beginNext()
    }

    /// Takes up what is paused, waits for room or has failed.
    mutating func resume(_ request: RequestID, _ name: ShareName?) {
        let chosen = decided.filter { (name == nil || $0.name == name) && !$0.isRunning }
        for download in chosen { requeue(download.id) }
        answer(request, name, isAny: !chosen.isEmpty || isKnown(name))
        beginNext()
    }

    mutating func requeue(_ id: DownloadID) {
        downloads[id]?.phase = .queued
        downloads[id]?.lacking = [:]
        keepRecord(of: id)
    }

    mutating func prioritize(_ request: RequestID, _ name: ShareName, _ priority: Int) {
        let chosen = decided.filter { $0.name == name }
        for download in chosen {
            for member in downloads.values where member.isMember(of: download) { setPriority(priority, of: member.id) }
            setPriority(priority, of: download.id)
        }
        answer(request, name, isAny: !chosen.isEmpty)
    }

    private mutating func setPriority(_ priority: Int, of id: DownloadID) {
        downloads[id]?.priority = priority
        keepRecord(of: id)
    }

    private func isKnown(_ name: ShareName?) -> Bool {
        decided.contains { name == nil || $0.name == name } || name == nil
    }

    private mutating func answer(_ request: RequestID, _ name: ShareName?, isAny: Bool) {
        emit(isAny ? .changed(request, name) : .failed(request, .noSuchDownload))
    }
}

extension DiskFailure {
    /// The same disk, and more that is to be written to it.
    fileprivate func needing(_ bytes: UInt64) -> DiskFailure {
        // Without an inode no bytes help.
        guard missingBytes != 0, neededBytes != bytes else { return self }
        let (before, short) = (neededBytes ?? bytes, max(1, missingBytes ?? neededBytes ?? bytes))
        let missing = bytes > before ? short + (bytes - before) : short - min(short - 1, before - bytes)
        return DiskFailure(
            message:
                "\(bytes) bytes are needed beside what is to stay free (min_free): make room for \(missing) more",
            code: code, isOutOfSpace: isOutOfSpace, missingBytes: missing, neededBytes: bytes)
    }
}
