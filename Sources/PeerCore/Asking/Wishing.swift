import Content

/// A client's wish as it comes, and what stands in the share under its name.
extension PeerMachine {
    mutating func wished(_ id: RequestID, _ wish: FetchWish) {
        guard requests.count < policy.requestsMax else {
            return emit(.failed(id, .tooMany(limit: policy.requestsMax)))
        }
        requests[id] = Request(id: id, wish: wish, aim: .fetch, since: now, progressed: now)
        if let running = running(wish), mayJoin(running, wish) { return join(running, id) }
        // What is to be repaired has been looked at already.
        if wish.rot != nil, let request = requests[id] { return beginAsk(request, local: nil) }
        emit(wish.tree ? .inspectTree(id, wish.name) : .inspect(id, wish.name))
    }

    /// Whether it is known already that the version that is being fetched is the one that is wanted, or cannot be had beside
    /// it. One that waits may be for a version that is gone from the swarm, and which is the newest nobody knows before it
    /// has asked: then the swarm is asked anew.
    private func mayJoin(_ running: Download, _ wish: FetchWish) -> Bool {
        if let digest = wish.digest { return running.isGoing || digest == running.root.digest }
        return running.isGoing && wish.choose == .only
    }

    /// Who has which version of a name.
    mutating func survey(_ id: RequestID, _ name: ShareName, isTree: Bool) {
        inquire(id, .asking(for: name, tree: isTree), .survey)
    }

    /// To be told when the download of a name has ended.
    mutating func wait(_ id: RequestID, _ name: ShareName, isTree: Bool) {
        let wish = FetchWish.asking(for: name, tree: isTree)
        inquire(id, wish, .wait)
        guard let running = running(wish), requests[id] != nil else { return }
        switch running.phase {
        // As whoever fetched it was told.
        case .failed(.incomplete(let result)): finishRequest(id, running, backup: nil, files: result)
        case .failed(let failure): fail(id, failure)
        case .paused(.user) where fullTree(of: running) == nil: fail(id, .paused)
        // There may be room by now; if there is none, that is the answer.
        case .paused: join(running, id)
        case .queued, .gathering, .checking, .opening, .fetching, .draining, .proving, .finishing, .reading, .growing:
            attach(id, to: running.id)
        }
    }

    private mutating func inquire(_ id: RequestID, _ wish: FetchWish, _ aim: Request.Aim) {
        guard requests.count < policy.requestsMax else {
            return emit(.failed(id, .tooMany(limit: policy.requestsMax)))
        }
        requests[id] = Request(id: id, wish: wish, aim: aim, since: now, progressed: now)
        if running(wish) != nil, case .wait = aim { return }
        emit(wish.tree ? .inspectTree(id, wish.name) : .inspect(id, wish.name))
    }

    func running(_ wish: FetchWish) -> Download? {
        decided.first { $0.name == wish.name && ($0.kind == .tree) == wish.tree }
    }

    /// Makes a request wait for a download that is running already, if that is of the version it wants.
    mutating func join(_ running: Download, _ id: RequestID) {
        let wanted = requests[id]?.wish.digest
        if let wanted, wanted != running.root.digest { return fail(id, .otherVersionRunning(running.root)) }
        if let rot = requests[id]?.wish.rot { widen(running.id, by: rot) }
        // First what is wanted of it: one that has all its pieces is put into the share at once.
        attach(id, to: running.id)
        takeUp(running)
    }

    /// One that failed, or was paused, goes on when somebody asks for it again.
    mutating func takeUp(_ download: Download) {
        switch download.phase {
        case .failed, .paused:
            takeUpAgain(download.id)
            beginNext()
        case .queued, .gathering, .checking, .opening, .fetching, .draining, .proving, .finishing, .reading, .growing:
            break
        }
    }

    mutating func inspected(_ id: RequestID, _ local: LocalFile) {
        guard let request = requests[id], case .inspecting = request.state else { return }
        switch (local, request.aim) {
        case (.absent, .wait): fail(id, .noSuchDownload)
        case (.rotten, .wait): fail(id, .rotten)
        case (.rottenTree, .wait): fail(id, rot(below: request.wish.name))
        case (.rotten, .fetch) where !request.wish.force: fail(id, .rotten)
        case (.file, .wait), (.tree, .wait): local.version.map { finishAlready(id, $0) }
        case (.rottenTree, .fetch): beginAsk(request, local: nil, isRotten: true)
        // While a directory is fetched, what lies there is no version of it.
        case (.tree, .survey) where isFetchingTree(request.wish.name),
            (.tree, .fetch) where isFetchingTree(request.wish.name):
            beginAsk(request, local: nil)
        case (_, .survey): beginAsk(request, local: local.version)
        case (.file(let root), .fetch) where request.wish.digest == root.digest:
            finishAlready(id, LocalVersion(of: root))
        case (.absent, .fetch), (.file, .fetch), (.tree, .fetch), (.rotten, .fetch):
            beginAsk(request, local: local.version)
        case (.occupied(let what), _): fail(id, .occupied(what))
        case (.failed(let failure), _): fail(id, .disk(failure))
        }
    }
}
