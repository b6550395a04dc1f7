import Content
import Wire

/// The holders of a download: those that come, those that go, lie or stall, and the search for others.
extension PeerMachine {
    /// A peer has the root, or some of it: it gets a lane.
    mutating func addHolder(_ peer: PeerID, _ connection: ConnectionID, _ holding: Holding, to id: DownloadID) {
        guard let download = downloads[id], download.takesHolders, let session = sessions[connection],
            !bans.contains(peer)
        else { return }
        var known =
            download.holders[peer]
            ?? .init(address: roster.entries[peer]?.address ?? session.address, holding: holding, state: .lost)
        guard known.state == .lost else {
            // Asked again, it may have more than was heard of it, as while nothing was fetched from it.
            if case .pieces = known.holding, download.kind != .tree {
                gained(download.root, holding.runs(of: download.plan.layout.pieceCount), on: connection)
            }
            return
        }
        // One that comes back has to bring something before it is a reason to wait for longer.
        if download.holders[peer] == nil { progress(id) }
        known.holding = holding
        known.answered = now
        known.saidGone = false
        known.pardoned = nil
        known.withdrawn = []
        downloads[id]?.holders[peer] = known
        activate(peer, known, on: connection, of: id)
        advance(id)
    }

    /// Fetches from a holder, if there is a lane for it.
    mutating func activate(_ peer: PeerID, _ holder: Download.Holder, on connection: ConnectionID, of id: DownloadID) {
        let isComplete = holder.holding.isComplete
        guard let download = downloads[id], !download.lanes.contains(connection),
            download.laneCount(complete: isComplete) < (isComplete ? policy.lanesMax : policy.rivalsMax)
        else {
            // Nothing will be heard of its pieces: they are no part of the crowd's work.
            downloads[id]?.plan.crowd.remove(peer)
            return
        }
        downloads[id]?.activate(peer, at: holder.address, holder.holding, on: connection)
        // One that came back and went again without bringing anything is no reason to search more often.
        if holder.losses < 2 { downloads[id]?.seekPause = policy.seekFirst }
        // Before it joins: where it stands in the forest is looked at then, with what it has.
        if case .fetching = download.phase {
            downloads[id]?.plan.add(connection, of: peer, holding: holder.holding, now: now)
        }
        if isComplete { downloads[id]?.plan.crowd.remove(peer) } else { join(peer, to: id) }
        if download.tree?.isSurveyed == true { addTreeLane(connection, to: id) }
    }

    /// A connection is gone: its pieces go to the others at once.
    mutating func laneClosed(_ connection: ConnectionID, _ reason: String) {
        let lost = downloads.values.filter { $0.peer(on: connection) != nil }.map(\.id)
        for id in lost.sorted(by: { $0.rawValue < $1.rawValue }) {
            loseHolder(on: connection, of: id, reason)
            advance(id)
        }
    }

    mutating func loseHolder(on connection: ConnectionID, of id: DownloadID, _ reason: String) {
        guard let peer = downloads[id]?.peer(on: connection) else { return }
        removeLane(connection, of: peer, from: id, leaving: .lost, reason)
    }

    mutating func dropLiar(_ peer: PeerID, from id: DownloadID, _ reason: String) {
        if case .active(let connection) = downloads[id]?.holders[peer]?.state {
            removeLane(connection, of: peer, from: id, leaving: .liar, reason)
            if let download = downloads[id] { cancelChunks(of: download, on: connection) }
        }
        downloads[id]?.deactivate(peer, leaving: .liar)
        downloads[id]?.lastLie = now
        guard let download = downloads[id] else { return }
        // Perhaps nobody honest has been heard yet: everybody else is asked before the root is given up.
        if download.hasOnlyLiars { seekHolders(id) }
        giveUpIfOnlyLiars(id)
        advance(id)
    }

    /// Every holder sent wrong bytes, none of them owes the end of a chunk, which may say that its file changed meanwhile,
    /// and nobody is left to ask.
    mutating func giveUpIfOnlyLiars(_ id: DownloadID) {
        guard let download = downloads[id], download.isFetching, download.hasOnlyLiars,
            !questions.isOpen(.download(id)),
            download.lastLie + policy.stall <= now || !isOwedEnd(of: id)
        else { return }
        failDownload(id, .integrity(download.root, liars: download.holders.values.map(\.address)))
    }

    private func isOwedEnd(of id: DownloadID) -> Bool {
        sessions.values.contains { $0.chunks.contains { $0.download == id } }
    }

    mutating func removeLane(
        _ connection: ConnectionID, of peer: PeerID, from id: DownloadID, leaving state: Download.Holder.State,
        _ reason: String
    ) {
        guard let holder = downloads[id]?.holders[peer] else { return }
        downloads[id]?.deactivate(peer, leaving: state)
        downloads[id]?.plan.remove(connection)
        downloads[id]?.tree?.plan.remove(connection, now: now)
        downloads[id]?.plan.crowd.remove(peer)
        note(.holderLost(id, holder.address, reason: reason))
        if case .gathering(.some(let fetch)) = downloads[id]?.phase, fetch.source == connection {
            downloads[id]?.phase = .gathering(nil)
        }
        expectBack(peer, in: id)
        guard let download = downloads[id], download.isWaiting else { return }
        downloads[id]?.nextSeek = now + policy.seekFirst
        note(.downloadWaits(id, download.name))
    }

    /// A lost holder is asked again soon, also while others are there; less and less often if it brings nothing.
    private mutating func expectBack(_ peer: PeerID, in id: DownloadID) {
        guard let download = downloads[id], let holder = download.holders[peer], holder.state == .lost else { return }
        let pause = min(policy.seekMax.nanoseconds, policy.seekFirst.nanoseconds << UInt64(min(holder.losses, 16)))
        let moment = now + Span(nanoseconds: pause)
        downloads[id]?.holders[peer]?.losses += 1
        downloads[id]?.holders[peer]?.returnsAt = moment
        downloads[id]?.nextSeek = min(download.nextSeek, moment)
    }

    func isFetching(on connection: ConnectionID) -> Bool {
        downloads.values.contains { $0.peer(on: connection) != nil }
    }

    // MARK: Time

    mutating func sweepDownloads() {
        for (id, download) in downloads where download.isFetching {
            for (connection, lane) in download.currentLanes {
                if let reason = stalled(lane, of: id, on: connection) { drop(connection, reason) }
            }
            if case .gathering(.some(let fetch)) = download.phase { hurry(fetch, of: id) }
            if download.nextSeek <= now { seekHolders(id) }
            askIndexing(id)
            giveUpIfOnlyLiars(id)
            // Who was patient, or was asked to come again later, may have something to do now.
            switch downloads[id]?.phase {
            case .fetching: askForPieces(id)
            case .growing:
                sweepChildren(id)
                grow(id)
            case .queued, .gathering, .checking, .opening, .draining, .proving, .finishing, .reading, .paused, .failed,
                nil:
                break
            }
            noteWaiting(id)
        }
        beginNext()
    }

    private mutating func noteWaiting(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        downloads[id]?.waitsSince = download.isWaiting ? download.waitsSince ?? now : nil
    }

    /// - Returns: why a lane is given up, if it is to be.
    func stalled(_ lane: Lane, of id: DownloadID, on connection: ConnectionID) -> String? {
        guard lane.isOwing, !lane.awaitsBuffer else { return nil }
        let isSilent = lane.lastByte + policy.stall <= now
        guard isSilent || lane.steady + policy.drip <= now, !isBehindAnother(id, on: connection) else { return nil }
        if isSilent { return "no byte for \(Int(policy.stall.seconds)) s" }
        return "less than \(Lane.steadyBytes) bytes in \(Int(policy.drip.seconds)) s"
    }

    /// Chunks come in the order in which they were asked: first what another download asked, whose lane is watched too.
    func isBehindAnother(_ id: DownloadID, on connection: ConnectionID) -> Bool {
        guard let first = sessions[connection]?.chunks.first?.download, first != id else { return false }
        return downloads[first]?.isFetching == true && downloads[first]?.currentLanes[connection] != nil
    }

    /// A holder is busy. It may stay so: when nothing comes of any of them, others are looked for.
    mutating func seekIfStarved(_ id: DownloadID) {
        guard let download = downloads[id], let last = download.currentLanes.values.map(\.lastByte).max() else {
            return
        }
        if last + policy.starved > now { downloads[id]?.nextSeek = min(download.nextSeek, last + policy.starved) }
    }

    /// A download without holders of use asks everybody, less and less often; one with some asks those it lost.
    mutating func seekHolders(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        let isFed = download.isFed && !download.isStarved(for: policy.starved, now: now)
        var next = now + (download.isFed ? policy.seekMax : download.seekPause)
        downloads[id]?.askedAgain = []
        let candidates = isFed ? Array(download.holders.keys) : Array(roster.entries.keys)
        for peer in candidates where peer != self.id && !bans.contains(peer) {
            if let known = download.holders[peer] {
                guard known.state == .lost else { continue }
                if isFed, known.returnsAt > now {
                    next = min(next, known.returnsAt)
                    continue
                }
            }
            put(download.query, to: peer, for: .download(id))
        }
        downloads[id]?.nextSeek = next
        downloads[id]?.seekPause = min(policy.seekMax, Span(nanoseconds: download.seekPause.nanoseconds * 2))
    }
}
