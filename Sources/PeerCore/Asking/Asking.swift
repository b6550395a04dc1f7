import Content
import Wire

/// The swarm is asked who has what: at once, when somebody joins, and again.
extension PeerMachine {
    mutating func beginAsk(_ request: Request, local: LocalVersion?, isRotten: Bool = false) {
        requests[request.id]?.state = .asking(
            Ask(
                local: local, isRotten: isRotten, windowEnd: now + policy.askWindow, graceEnd: now + policy.askGrace))
        // Without a roster there is nobody to ask yet; the first snapshot begins the ask.
        guard roster.isKnown else { return }
        ask(others, for: request.id)
        decide(request.id)
    }

    mutating func beginPostponedAsks() {
        for (id, request) in requests {
            if case .asking(let ask) = request.state, ask.asked.isEmpty {
                self.ask(others, for: id)
                decide(id)
            }
        }
    }

    /// Everybody in the roster but this peer.
    private var others: [PeerID] { roster.entries.keys.filter { $0 != id && !isBanned($0) } }

    /// Those of the roster that are not asked.
    func banned(besides asked: Set<PeerID>) -> [PeerID] {
        roster.entries.keys.filter { $0 != id && isBanned($0) && !asked.contains($0) }
    }

    private mutating func ask(_ peers: [PeerID], for id: RequestID) {
        guard requests[id]?.isAsking == true, let query = requests[id]?.wish.query else { return }
        let (windowEnd, graceEnd) = (now + policy.askWindow, now + policy.askGrace)
        requests[id]?.change { ask in
            // The wait for a roster does not count.
            if ask.asked.isEmpty { (ask.windowEnd, ask.graceEnd) = (windowEnd, graceEnd) }
            ask.asked.formUnion(peers)
            ask.outstanding.formUnion(peers)
        }
        for peer in peers { put(query, to: peer, for: .wish(id)) }
        sweepSoon(at: graceEnd)
    }

    /// Asks one peer, unless the same is on its way to it.
    mutating func put(_ query: FileQuery, to peer: PeerID, for purpose: Questions.Purpose) {
        guard let entry = roster.entries[peer], !questions.isAsking(peer, for: purpose) else { return }
        leaveClogged(peer)
        say(.req(request: questions.add(to: peer, for: purpose, now: now), query), to: entry)
    }

    // MARK: Time and change

    /// Peers that joined are asked too: by running asks, and by downloads that could use them.
    mutating func askNewcomers(_ peers: [PeerID]) {
        catchUp(peers)
        for (id, request) in requests {
            if case .asking(let ask) = request.state, !ask.asked.isEmpty || roster.isKnown {
                self.ask(peers.filter { !ask.asked.contains($0) }, for: id)
            }
        }
        for download in downloads.values where download.isFetching { ask(peers, for: download) }
    }

    private mutating func ask(_ peers: some Sequence<PeerID>, for download: Download) {
        for peer in peers where download.holders[peer]?.isLiar != true && !bans.contains(peer) {
            put(download.query, to: peer, for: .download(download.id))
        }
    }

    /// Whoever has just come up knows soon what it has.
    mutating func askIndexing(_ id: DownloadID) {
        guard let download = downloads[id], download.askAgain <= now else { return }
        ask(download.indexing, for: download)
        downloads[id]?.indexing = []
        downloads[id]?.askAgain = .distantFuture
    }

    mutating func sweepRequests() {
        for (id, request) in requests {
            let isOver = request.progressed + request.wish.timeout <= now
            switch request.state {
            case .inspecting: break
            case .asking(let ask):
                if now < ask.graceEnd { sweepSoon(at: ask.graceEnd) }
                decide(id)
                if requests[id] == nil { break }
                if case .asking = requests[id]?.state { isOver ? fail(id, timedOut(ask)) : askAgain(id, ask) }
            case .fetching(let download):
                guard let download = downloads[download] else { break }
                // Its own work takes as long as it takes: only what others owe counts.
                if isAtWork(download) {
                    requests[id]?.progressed = now
                } else if isOver {
                    giveUp(id, download)
                }
            }
        }
    }

    /// The request ends; the download goes on when something comes of it.
    private mutating func giveUp(_ id: RequestID, _ download: Download) {
        downloads[download.id]?.requests.remove(id)
        let length = download.kind == .tree ? download.length : nil
        let failure: FetchFailure =
            download.isWaiting
            ? .gone(download.root, have: download.have, length: length)
            : .silent(download.root, have: download.have, length: length)
        fail(id, failure)
    }

    /// Whether a download waits for its turn, for what another brings before it, or for this peer's own disk and workers.
    private func isAtWork(_ download: Download) -> Bool {
        switch download.phase {
        case .queued, .checking, .opening, .draining, .proving, .finishing, .reading, .paused, .failed: return true
        case .gathering: return false
        case .fetching:
            if download.plan.isComplete || !download.plan.isQuiet { return true }
        case .growing:
            guard let tree = download.tree, tree.isSurveyed else { return true }
            if tree.plan.isJudging || !tree.stage.underWay.isEmpty { return true }
            if tree.children.keys.contains(where: { downloads[$0].map { isAtWork($0) } ?? false }) { return true }
        }
        return download.currentLanes.contains { $1.awaitsBuffer || isAnotherFed(before: download.id, on: $0) }
    }

    /// Whether a holder has begun to bring another download what it asked for before; one that goes silent is given up soon.
    /// One that brings nothing to anybody is no work.
    private func isAnotherFed(before id: DownloadID, on connection: ConnectionID) -> Bool {
        guard isBehindAnother(id, on: connection), let first = sessions[connection]?.chunks.first else { return false }
        return downloads[first.download]?.currentLanes[connection]?.hasBrought == true
    }

    private func timedOut(_ ask: Ask) -> FetchFailure {
        if !roster.isKnown { return .noManager(reason: link.lastError ?? "no answer yet") }
        return .askTimedOut(silent: ask.outstanding.count + ask.indexing.count, asked: ask.asked.count)
    }

    private mutating func askAgain(_ id: RequestID, _ ask: Ask) {
        guard ask.askAgain <= now else { return }
        requests[id]?.change { ask in
            ask.indexing = []
            ask.askAgain = .distantFuture
        }
        self.ask(ask.indexing.filter { roster.entries[$0] != nil }, for: id)
        decide(id)
    }
}
