import Content
import Wire

extension Holding {
    func runs(of pieceCount: Int) -> [Range<Int>] {
        switch self {
        case .all, .tree: [0..<pieceCount]
        case .pieces(let pieces): pieces.runs
        }
    }

    mutating func insert(_ runs: [Range<Int>]) {
        guard case .pieces(var pieces) = self else { return }
        // Taken out first, so that the set is not copied.
        self = .all
        for run in runs { pieces.insert(run) }
        if !pieces.isComplete { self = .pieces(pieces) }
    }
}

/// Others that fetch the same root: how they are found, and what they have.
extension PeerMachine {
    /// A peer asks for a root that we fetch as well: it has, or will have, pieces that we need.
    mutating func metFetcher(_ peer: PeerID, _ root: FileRoot) {
        for (id, download) in downloads where download.root == root && download.takesHolders {
            meet(peer, in: id)
        }
    }

    /// A peer asks for what we may be about to fetch. Neither is told of the other by its answer, as neither fetches yet.
    mutating func heard(_ peer: PeerID, askingFor query: FileQuery) {
        for (id, request) in requests where request.aim == .fetch && request.isAsking {
            switch query {
            case .name(request.wish.name), .digest, .root: break
            case .name, .tree: continue
            }
            requests[id]?.change { ask in
                if ask.companions.count < policy.rivalsMax { ask.companions[peer] = query }
            }
        }
    }

    /// A download begins: those who are at the same are asked what they have of it, and learn so that we fetch it.
    mutating func meetCompanions(_ companions: [PeerID: FileQuery], in id: DownloadID) {
        guard let download = downloads[id], download.takesHolders else { return }
        let (name, root) = (FileQuery.name(download.name), FileQuery.root(download.root))
        for (peer, query) in companions where [name, root, .digest(download.root.digest)].contains(query) {
            meet(peer, in: id)
        }
        for (peer, holder) in download.holders where !holder.holding.isComplete {
            put(root, to: peer, for: .download(id))
        }
    }

    /// A holder names peers that fetch the same root. Only peers of the roster are believed to exist, so that nobody can
    /// aim us at a stranger.
    mutating func introduced(_ root: FileRoot, _ peers: [PeerID]) {
        for (id, download) in downloads where download.root == root && download.takesHolders {
            for peer in peers where roster.entries[peer] != nil { meet(peer, in: id) }
        }
    }

    private mutating func meet(_ peer: PeerID, in id: DownloadID) {
        guard peer != self.id, let download = downloads[id], download.plan.crowd.rivals.count < policy.rivalsMax,
            !bans.contains(peer)
        else { return }
        if let known = download.holders[peer], known.state != .lost { return }
        join(peer, to: id)
        if questions.isAsking(peer, for: .download(id)) { downloads[id]?.metSinceAsked.insert(peer) }
        put(.root(download.root), to: peer, for: .download(id))
    }

    /// One more fetches the file: what complete holders were asked for and have not begun to send may be its part now.
    mutating func join(_ peer: PeerID, to id: DownloadID) {
        guard downloads[id]?.plan.crowd.insert(peer) == true else { return }
        takePlace(id)
        guard let download = downloads[id] else { return }
        for (connection, lane) in download.plan.lanes
        where lane.holding.isComplete && !download.plan.branches.isBehind(lane.peer) {
            cancelChunks(of: download, on: connection) { chunk in
                chunk.file == nil && chunk.next == chunk.first && download.plan.isForeign(chunk.first..<chunk.end)
            }
        }
    }

    /// Takes this peer's place in the crowd's forest. What was asked of another ahead of time is not awaited when this peer
    /// is not behind it any more.
    mutating func takePlace(_ id: DownloadID) {
        // Before that nothing can come of anybody.
        guard case .fetching = downloads[id]?.phase, downloads[id]?.plan.isTimeToTakePlace(now: now) == true,
            let before = downloads[id]?.plan.branches
        else { return }
        excuseParents(of: id)
        downloads[id]?.plan.takePlace(now: now)
        guard let download = downloads[id] else { return }
        if download.plan.branches.isLoose, !before.isLoose {
            for connection in download.followers { serveWaiting(on: connection) }
        }
        for (parent, stripe) in download.plan.branches.left(since: before) {
            guard case .active(let connection) = download.holders[parent]?.state,
                let holding = download.plan.lanes[connection]?.holding
            else { continue }
            cancelChunks(of: download, on: connection) { chunk in
                chunk.file == nil && chunk.next == chunk.first && stripe.contains(chunk.first)
                    && !holding.contains(chunk.first)
            }
        }
    }

    /// Those before this peer are not to blame for what they owe and another download asked of them first.
    private mutating func excuseParents(of id: DownloadID) {
        for source in downloads[id]?.plan.branches.sources ?? []
        where downloads[id]?.plan.lanes[source]?.isOwing == true && isBehindAnother(id, on: source) {
            downloads[id]?.plan.branches.excusedUntil = now
        }
    }

    /// A holder has called off a chunk that was asked of it ahead, by itself: it has left the forest, unless it only made way
    /// for another download's.
    mutating func calledOff(_ chunk: AskedChunk, on connection: ConnectionID) {
        guard sessions[connection]?.chunks.contains(where: { $0.download != chunk.download }) == false else { return }
        downloads[chunk.download]?.plan.calledOff(chunk.first, by: connection, now: now)
    }

    /// A fetcher that was met has nothing for us after all. One whose pieces we hear of was asked for something else.
    mutating func unmet(_ peer: PeerID, in id: DownloadID) {
        if case .active = downloads[id]?.holders[peer]?.state { return }
        downloads[id]?.plan.crowd.remove(peer)
    }

    mutating func gained(_ root: FileRoot, _ runs: [Range<Int>], on connection: ConnectionID) {
        // Looked at where they lie: what is changed of a download that is also held here is copied first.
        for id in downloads.keys where downloads[id]?.root == root {
            // Also of one that nothing is fetched from at the moment: what it has is not told again.
            guard let peer = downloads[id]?.peer(on: connection) ?? sessions[connection]?.peer,
                downloads[id]?.holders[peer] != nil
            else { continue }
            // It may be told on another connection than the one that its pieces come on.
            let lane = if case .active(let lane) = downloads[id]?.holders[peer]?.state { lane } else { connection }
            downloads[id]?.plan.gained(runs, on: lane, now: now)
            // Also before there is a plan for it: until the layer is here, nothing else remembers.
            downloads[id]?.holders[peer]?.holding.insert(runs)
            // Whoever has all of it fetches no more.
            if downloads[id]?.holders[peer]?.holding.isComplete == true {
                downloads[id]?.plan.crowd.completed(peer)
                downloads[id]?.tree?.plan.completed(lane, now: now)
            }
            switch downloads[id]?.phase {
            case .gathering(nil), .growing: advance(id)
            case .queued, .gathering, .checking, .opening, .fetching, .draining, .proving, .finishing, .reading,
                .paused, .failed, nil:
                askForPieces(id, on: lane)
            }
        }
    }
}
