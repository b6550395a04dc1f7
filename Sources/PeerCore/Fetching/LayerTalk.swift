import Content
import Wire

/// The piece layer of a download: asked of one holder page by page, checked as a whole, and only then believed.
extension PeerMachine {
    mutating func beginLayer(_ download: Download) {
        switch download.plan.layout.pieceCount {
        case 0: openPartial(download.id, [])
        case 1: openPartial(download.id, [download.root.digest])
        case let pieceCount:
            guard let source = layerSource(download, butNot: nil) else { return }
            downloads[download.id]?.phase = .gathering(
                LayerFetch(
                    source: source, pieceCount: pieceCount, pageSize: WireLimits.digestsPerFrameMax,
                    patience: policy.layerPatience, now: now))
            askForPages(download.id)
        }
    }

    /// A complete holder, or else one that has pieces and so must know the digests: of these, who answered first.
    private func layerSource(_ download: Download, butNot slow: ConnectionID?) -> ConnectionID? {
        let answered = { (lane: ConnectionID) in
            download.senders[lane].flatMap { download.holders[$0]?.answered } ?? .distantFuture
        }
        let lanes = download.lanes.filter { $0 != slow }.sorted {
            (answered($0), $0.rawValue) < (answered($1), $1.rawValue)
        }
        let holding = { (lane: ConnectionID) in download.senders[lane].flatMap { download.holders[$0]?.holding } }
        return lanes.first { holding($0)?.isComplete == true }
            ?? lanes.first { if case .pieces(let pieces) = holding($0) { !pieces.isEmpty } else { false } }
    }

    /// A holder that does not bring the digests: first another is asked as well, then it is given up.
    mutating func hurry(_ fetch: LayerFetch, of id: DownloadID) {
        guard let download = downloads[id] else { return }
        for (source, asked) in download.layerSources where asked + policy.stall <= now {
            downloads[id]?.layerSources[source] = nil
            drop(source, "no piece digests for \(Int(policy.stall.seconds)) s")
        }
        guard fetch.heard + fetch.patience <= now else { return sweepSoon(at: fetch.heard + fetch.patience) }
        guard case .gathering(.some(let still)) = downloads[id]?.phase,
            still.source == fetch.source
        else { return }
        // Looked at anew: some of its lanes may have just been given up.
        if let other = downloads[id].flatMap({ layerSource($0, butNot: fetch.source) }) {
            downloads[id]?.phase = .gathering(
                LayerFetch(
                    source: other, pieceCount: fetch.pieceCount, pageSize: fetch.pageSize,
                    patience: min(policy.stall, Span(nanoseconds: 2 * fetch.patience.nanoseconds)), now: now))
            askForPages(id)
        }
    }

    mutating func askForPages(_ id: DownloadID) {
        guard let download = downloads[id], case .gathering(.some(var fetch)) = download.phase else { return }
        if downloads[id]?.layerSources[fetch.source] == nil { downloads[id]?.layerSources[fetch.source] = now }
        while let page = fetch.nextPage(pagesAhead: policy.layerPagesAhead) {
            sessions[fetch.source]?.pagesAsked += 1
            send(.hashesRequest(download.root, first: page.lowerBound, count: page.count), on: fetch.source)
        }
        downloads[id]?.phase = .gathering(fetch)
        sweepSoon(at: fetch.heard + fetch.patience)
    }

    mutating func hashesArrived(
        _ root: FileRoot, _ first: Int, _ digests: [Digest], from peer: PeerID, on connection: ConnectionID
    ) {
        guard pageAnswered(on: connection) else { return refuse(connection, "digests that were not asked for") }
        var isWanted = false
        for (id, download) in downloads where download.root == root {
            downloads[id]?.layerSources[connection] = now
            guard case .gathering(.some(var fetch)) = download.phase, fetch.source == connection else { continue }
            isWanted = true
            // Two names of one root may be fetched at a time, each with pages of its own under way.
            guard fetch.append(digests, first: first) else { continue }
            fetch.heard = now
            progress(id)
            guard fetch.isComplete else {
                downloads[id]?.phase = .gathering(fetch)
                return askForPages(id)
            }
            downloads[id]?.phase = .checking(from: peer, fetch.digests)
            return emit(.checkLayer(id, root, fetch.digests))
        }
        // Digests for a download that has ended meanwhile need no answer.
        if isWanted { refuse(connection, "digests out of order") }
    }

    /// - Returns: false if no page was asked for on this connection.
    mutating func pageAnswered(on connection: ConnectionID) -> Bool {
        guard let asked = sessions[connection]?.pagesAsked, asked > 0 else { return false }
        sessions[connection]?.pagesAsked = asked - 1
        return true
    }

    /// The holder whose digests were asked for has the file no more.
    mutating func hashesGone(_ root: FileRoot, on connection: ConnectionID) {
        guard pageAnswered(on: connection) else {
            return refuse(connection, "an answer about digests nobody asked for")
        }
        for (id, download) in downloads where download.root == root {
            if let peer = download.peer(on: connection) { downloads[id]?.holders[peer]?.saidGone = true }
            loseHolder(on: connection, of: id, "it has the file no more")
            giveUpIfHopeless(id)
            advance(id)
        }
    }

    mutating func layerChecked(_ id: DownloadID, isRight: Bool) {
        guard let download = downloads[id], case .checking(let peer, let digests) = download.phase else { return }
        if isRight { return openPartial(id, digests) }
        downloads[id]?.phase = .gathering(nil)
        lied(peer, about: id, "its piece digests do not lead to the root")
    }

    mutating func openPartial(_ id: DownloadID, _ layer: [Digest]) {
        guard let download = downloads[id] else { return }
        downloads[id]?.layer = layer
        opening(id, .openPartial(download.record, layer))
    }

    /// - Parameter pieces: what an earlier run left of it and the disk still has.
    mutating func partialOpened(_ id: DownloadID, _ pieces: PieceSet) {
        guard let download = downloads[id] else { return }
        if download.partial == .unwanted {
            downloads[id]?.partial = .none
            return emit(.discardPartial(id, download.root))
        }
        downloads[id]?.partial = .open
        var lost = download.commits.durable
        lost.subtract(pieces)
        if !lost.isEmpty {
            note(.piecesSpoiled(id, download.name, count: lost.count))
            downloads[id]?.plan.spoiled(lost)
            downloads[id]?.commits.spoiled(lost)
            downloads[id]?.inherited?.subtract(lost)
        }
        // Those of an earlier run whose layer had to be asked for again, proved by it.
        var found = pieces
        found.subtract(download.commits.durable)
        for piece in found.runs.joined() { _ = downloads[id]?.plan.stored(piece) }
        downloads[id]?.commits.found(found)
        guard case .opening = download.phase else { return }
        downloads[id]?.phase = .fetching
        divide(id)
        advance(id)
    }

    mutating func partialMissing(_ id: DownloadID, mayBeDelivered: Bool) {
        downloads[id]?.partial = .none
        guard let download = downloads[id], case .opening = download.phase else { return }
        downloads[id]?.plan.spoiled(download.commits.durable)
        downloads[id]?.commits.spoiled(download.commits.durable)
        downloads[id]?.inherited = nil
        if mayBeDelivered, download.kind != .tree {
            if catalog[download.name]?.root == download.root { return alreadyThere(id) }
            if isIndexing {
                downloads[id]?.awaitsIndex = true
                return stop(id, .queued)
            }
        }
        if let layer = download.layer { openPartial(id, layer) }
    }

    mutating func partialFailed(_ id: DownloadID, _ failure: DiskFailure) {
        guard let download = downloads[id] else { return }
        if !download.isOpen, !download.isDoubted { downloads[id]?.partial = .none }
        switch download.phase {
        case .opening, .proving: diskFailed(id, failure)
        case .queued, .gathering, .checking, .fetching, .draining, .finishing, .reading, .growing, .paused, .failed:
            break
        }
    }
}
