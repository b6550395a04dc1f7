import Content
import Wire

/// The piece layer of a download: asked of one holder page by page, checked as a whole, and only then believed.
extension PeerMachine {
    mutating func beginLayer(_ download: Download) {
        switch download.plan.layout.pieceCount {
        case 0: openPartial(download.id, [])
        case 1: openPartial(download.id, [download.root.digest])
        case let pieceCount:
            guard let source = download.lanes.min(by: { $0.rawValue < $1.rawValue }) else { return }
            downloads[download.id]?.phase = .gathering(
                LayerFetch(source: source, pieceCount: pieceCount, pageSize: WireLimits.digestsPerFrameMax, now: now))
            askForPages(download.id)
        }
    }

    mutating func askForPages(_ id: DownloadID) {
        guard let download = downloads[id], case .gathering(.some(var fetch)) = download.phase else { return }
        while let page = fetch.nextPage(pagesAhead: policy.layerPagesAhead) {
            sessions[fetch.source]?.pagesAsked += 1
            send(.hashesRequest(download.root, first: page.lowerBound, count: page.count), on: fetch.source)
        }
        downloads[id]?.phase = .gathering(fetch)
    }

    mutating func hashesArrived(
        _ root: FileRoot, _ first: Int, _ digests: [Digest], from peer: PeerID, on connection: ConnectionID
    ) {
        guard pageAnswered(on: connection) else { return refuse(connection, "digests that were not asked for") }
        var isWanted = false
        for (id, download) in downloads where download.root == root {
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
            loseHolder(on: connection, of: id, "it has the file no more")
            advance(id)
        }
    }

    mutating func layerChecked(_ id: DownloadID, isRight: Bool) {
        guard let download = downloads[id], case .checking(let peer, let digests) = download.phase else { return }
        if isRight { return openPartial(id, digests) }
        downloads[id]?.phase = .gathering(nil)
        dropLiar(peer, from: id, "its piece digests do not lead to the root")
    }

    mutating func openPartial(_ id: DownloadID, _ layer: [Digest]) {
        guard let download = downloads[id] else { return }
        downloads[id]?.phase = .opening
        emit(.openPartial(id, download.name, download.root, layer))
    }

    mutating func partialOpened(_ id: DownloadID) {
        guard let download = downloads[id], case .opening = download.phase else { return }
        downloads[id]?.phase = .fetching
        downloads[id]?.plan.divide(among: download.lanes.sorted { $0.rawValue < $1.rawValue }, now: now)
        advance(id)
    }
}
