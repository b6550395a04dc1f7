import Content
import Wire

/// A download's life, from the version decided on to the file in the share.
extension PeerMachine {
    mutating func startDownload(_ root: FileRoot, _ request: Request, offers: [PeerID: Ask.FileOfferFrom]) {
        guard let layout = PieceLayout(length: root.length), downloads.count < policy.downloadsMax else {
            return fail(request.id, .tooMany(limit: policy.downloadsMax))
        }
        lastDownload += 1
        let id = DownloadID(rawValue: lastDownload)
        downloads[id] = Download(
            id: id, wish: request.wish, root: root, layout: layout, policy: policy, now: now)
        for (peer, offer) in offers where offer.root == root {
            if let connection = connections[peer], lanesLeft(id) {
                downloads[id]?.activate(peer, at: offer.address, on: connection)
            } else {
                downloads[id]?.holders[peer] = .init(address: offer.address, state: .lost)
            }
        }
        note(.downloadStarted(id, request.wish.name, root, holders: downloads[id]?.holders.count ?? 0))
        attach(request.id, to: id)
        advance(id)
    }

    private func lanesLeft(_ id: DownloadID) -> Bool { (downloads[id]?.lanes.count ?? 0) < policy.lanesMax }

    /// Makes a request wait for a download.
    mutating func attach(_ request: RequestID, to id: DownloadID) {
        guard let download = downloads[id] else { return }
        downloads[id]?.requests.insert(request)
        requests[request]?.state = .fetching(id)
        requests[request]?.progressed = now
        let holders = download.holders.values.map(\.address).sorted { $0.description < $1.description }
        emit(.found(request, FileFound(name: download.name, root: download.root, holders: holders)))
    }

    /// A peer has the root: it gets a lane.
    mutating func addHolder(_ peer: PeerID, _ connection: ConnectionID, to id: DownloadID) {
        guard let download = downloads[id], download.isFetching, let session = sessions[connection] else { return }
        let known =
            download.holders[peer] ?? .init(address: roster.entries[peer]?.address ?? session.address, state: .lost)
        guard known.state == .lost else { return }
        downloads[id]?.holders[peer] = known
        guard lanesLeft(id) else { return }
        downloads[id]?.activate(peer, at: known.address, on: connection)
        downloads[id]?.seekPause = policy.seekFirst
        if case .fetching = download.phase { downloads[id]?.plan.add(connection, now: now) }
        progress(id)
        advance(id)
    }

    /// Does whatever the download's phase allows now.
    mutating func advance(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        switch download.phase {
        case .gathering(nil): beginLayer(download)
        case .fetching: if download.plan.isComplete { finish(id) } else { askForPieces(id) }
        case .gathering, .checking, .opening, .finishing: break
        }
    }

    // MARK: Piece layer

    private mutating func beginLayer(_ download: Download) {
        switch download.plan.layout.pieceCount {
        case 0: openPartial(download.id, [])
        case 1: openPartial(download.id, [download.root.digest])
        case let pieceCount:
            guard let source = download.lanes.min(by: { $0.rawValue < $1.rawValue }) else { return }
            downloads[download.id]?.phase = .gathering(
                LayerFetch(source: source, pieceCount: pieceCount, pageSize: WireLimits.digestsPerFrameMax))
            // The last source may have used up the patience; this one has its own.
            downloads[download.id]?.progressed = now
            askForPages(download.id)
        }
    }

    private mutating func askForPages(_ id: DownloadID) {
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
    private mutating func pageAnswered(on connection: ConnectionID) -> Bool {
        guard let asked = sessions[connection]?.pagesAsked, asked > 0 else { return false }
        sessions[connection]?.pagesAsked = asked - 1
        return true
    }

    /// The holder whose digests were asked for has the file no more.
    mutating func hashesGone(_ root: FileRoot, on connection: ConnectionID) {
        guard pageAnswered(on: connection) else { return refuse(connection, "digests gone that were not asked for") }
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

    private mutating func openPartial(_ id: DownloadID, _ layer: [Digest]) {
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

    // MARK: Pieces

    /// Asks every lane for as much as it may have in flight. What is left over after everybody's turn goes to those who
    /// could take more.
    private mutating func askForPieces(_ id: DownloadID) {
        let lanes = (downloads[id]?.lanes ?? []).sorted { $0.rawValue < $1.rawValue }
        for connection in lanes + lanes { askForPieces(id, on: connection) }
    }

    private mutating func askForPieces(_ id: DownloadID, on connection: ConnectionID) {
        guard let root = downloads[id]?.root else { return }
        while let chunk = downloads[id]?.plan.nextChunk(for: connection, now: now) {
            sessions[connection]?.chunks.append(
                AskedChunk(download: id, first: chunk.lowerBound, end: chunk.upperBound, next: chunk.lowerBound))
            send(.chunk(root, first: chunk.lowerBound, count: chunk.count), on: connection)
        }
    }

    mutating func pieceAnnounced(_ index: Int, _ length: Int, on connection: ConnectionID) {
        guard let chunk = sessions[connection]?.chunks.first, chunk.next == index, index < chunk.end else {
            return refuse(connection, "piece \(index) was not asked for")
        }
        sessions[connection]?.chunks[0].next += 1
        guard let download = downloads[chunk.download] else {
            return emit(.discardPiece(connection, length: length))
        }
        guard download.plan.layout.size(of: index) == length else {
            return refuse(connection, "piece \(index) has \(length) bytes, not \(download.plan.layout.size(of: index))")
        }
        switch downloads[chunk.download]?.plan.began(index, on: connection, now: now) {
        case .wanted: emit(.receivePiece(connection, chunk.download, index: index, length: length))
        case .late, nil: emit(.discardPiece(connection, length: length))
        }
    }

    mutating func pieceStarted(_ connection: ConnectionID) {
        guard let id = receivingDownload(connection) else { return }
        downloads[id]?.plan.bufferGranted(connection, now: now)
    }

    mutating func progressed(_ connection: ConnectionID, bytes: Int) {
        guard let id = receivingDownload(connection) else { return }
        downloads[id]?.plan.progressed(connection, bytes: bytes, now: now)
        progress(id)
    }

    mutating func pieceReceived(_ connection: ConnectionID) {
        guard let id = receivingDownload(connection) else { return }
        downloads[id]?.plan.received(on: connection)
        askForPieces(id, on: connection)
    }

    /// The download whose piece is coming in on a connection.
    private func receivingDownload(_ connection: ConnectionID) -> DownloadID? {
        sessions[connection]?.chunks.first?.download
    }

    mutating func chunkEnded(_ first: Int, _ end: ChunkEnd, on connection: ConnectionID) {
        guard let chunk = sessions[connection]?.chunks.first, chunk.first == first else {
            return refuse(connection, "the end of a chunk that was not asked for")
        }
        sessions[connection]?.chunks.removeFirst()
        if let next = sessions[connection]?.chunks.first {
            downloads[next.download]?.plan.turned(to: connection, now: now)
        }
        guard let download = downloads[chunk.download] else { return }
        if chunk.next < chunk.end { downloads[download.id]?.plan.release(chunk.next..<chunk.end, from: connection) }
        switch end {
        case .complete:
            if chunk.next < chunk.end { return refuse(connection, "a chunk that ends before its last piece") }
        case .cancelled:
            // Asking the same again would have the same answer, for ever.
            if !chunk.isCancelled { loseHolder(on: connection, of: download.id, "it called off a chunk by itself") }
        case .gone: loseHolder(on: connection, of: download.id, "it has the file no more")
        }
        advance(download.id)
    }

    mutating func pieceStored(_ id: DownloadID, _ index: Int, from connection: ConnectionID, _ outcome: PieceOutcome) {
        guard let download = downloads[id] else { return }
        let peer = download.senders[connection]
        switch outcome {
        case .stored:
            guard downloads[id]?.plan.stored(index) == true else { return }
            if let peer { downloads[id]?.holders[peer]?.bytes += UInt64(download.plan.layout.size(of: index)) }
            progress(id)
            cancelDoubles(of: index, id)
            advance(id)
        case .wrong:
            downloads[id]?.plan.failed(index)
            if let peer { dropLiar(peer, from: id, "piece \(index) was wrong") } else { advance(id) }
        case .failed(let failure): failDownload(id, .disk(failure))
        }
    }

    /// A piece that was asked of two holders has come from one.
    private mutating func cancelDoubles(of index: Int, _ id: DownloadID) {
        guard let download = downloads[id] else { return }
        for connection in download.plan.lanes(expecting: index) {
            for (position, chunk) in (sessions[connection]?.chunks ?? []).enumerated()
            where chunk.download == id && chunk.first == index && chunk.end == index + 1 && !chunk.isCancelled {
                sessions[connection]?.chunks[position].isCancelled = true
                send(.cancel(download.root, first: chunk.first, count: 1), on: connection)
            }
        }
    }

    private mutating func progress(_ id: DownloadID) {
        downloads[id]?.progressed = now
        for request in downloads[id]?.requests ?? [] { requests[request]?.progressed = now }
    }

    // MARK: Holders that go

    /// A connection is gone: its pieces go to the others at once.
    mutating func laneClosed(_ connection: ConnectionID, _ reason: String) {
        for id in downloads.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            loseHolder(on: connection, of: id, reason)
            advance(id)
        }
    }

    mutating func loseHolder(on connection: ConnectionID, of id: DownloadID, _ reason: String) {
        guard let peer = downloads[id]?.peer(on: connection) else { return }
        removeLane(connection, of: peer, from: id, leaving: .lost, reason)
    }

    private mutating func dropLiar(_ peer: PeerID, from id: DownloadID, _ reason: String) {
        if case .active(let connection) = downloads[id]?.holders[peer]?.state {
            removeLane(connection, of: peer, from: id, leaving: .liar, reason)
            drop(connection, reason)
        }
        downloads[id]?.holders[peer]?.state = .liar
        guard let download = downloads[id] else { return }
        // Perhaps nobody honest has been heard yet: everybody else is asked before the root is given up.
        if download.holders.values.allSatisfy(\.isLiar) { seekHolders(id) }
        giveUpIfOnlyLiars(id)
        advance(id)
    }

    /// Every holder sent wrong bytes, and nobody is left to ask.
    mutating func giveUpIfOnlyLiars(_ id: DownloadID) {
        guard let download = downloads[id], !download.holders.isEmpty,
            download.holders.values.allSatisfy(\.isLiar), !questions.isOpen(.download(id))
        else { return }
        failDownload(id, .integrity(download.root, liars: download.holders.values.map(\.address)))
    }

    private mutating func removeLane(
        _ connection: ConnectionID, of peer: PeerID, from id: DownloadID, leaving state: Download.Holder.State,
        _ reason: String
    ) {
        guard let holder = downloads[id]?.holders[peer] else { return }
        downloads[id]?.holders[peer]?.state = state
        downloads[id]?.plan.remove(connection)
        note(.holderLost(id, holder.address, reason: reason))
        if case .gathering(.some(let fetch)) = downloads[id]?.phase, fetch.source == connection {
            downloads[id]?.phase = .gathering(nil)
        }
        guard let download = downloads[id], download.isFetching, download.lanes.isEmpty else { return }
        downloads[id]?.nextSeek = now + policy.seekFirst
        note(.downloadWaits(id, download.name))
    }

    func isFetching(on connection: ConnectionID) -> Bool {
        downloads.values.contains { $0.peer(on: connection) != nil }
    }

    // MARK: Time

    mutating func sweepDownloads() {
        for (id, download) in downloads where download.isFetching {
            for (connection, lane) in download.plan.lanes where isStalled(lane, of: id, on: connection) {
                drop(connection, "no byte for \(Int(policy.stall.seconds)) s")
            }
            if case .gathering(.some(let fetch)) = download.phase, download.progressed + policy.stall <= now {
                drop(fetch.source, "no piece digests for \(Int(policy.stall.seconds)) s")
            }
            if download.nextSeek <= now { seekHolders(id) }
        }
    }

    private func isStalled(_ lane: Lane, of id: DownloadID, on connection: ConnectionID) -> Bool {
        guard lane.isOwing, !lane.awaitsBuffer, lane.lastByte + policy.stall <= now else { return false }
        return !isBehindAnother(id, on: connection)
    }

    /// Chunks come in the order in which they were asked: first what another download asked, whose lane is watched too.
    private func isBehindAnother(_ id: DownloadID, on connection: ConnectionID) -> Bool {
        guard let first = sessions[connection]?.chunks.first?.download, first != id else { return false }
        return downloads[first]?.isFetching == true && downloads[first]?.plan.lanes[connection] != nil
    }

    /// A download without holders asks everybody, less and less often; one with some asks those it lost.
    private mutating func seekHolders(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        let hasLanes = !download.lanes.isEmpty
        let candidates = hasLanes ? Array(download.holders.keys) : Array(roster.entries.keys)
        for peer in candidates where peer != self.id {
            if let known = download.holders[peer], known.state != .lost { continue }
            put(.root(download.root), to: peer, for: .download(id))
        }
        let pause = hasLanes ? policy.seekMax : download.seekPause
        downloads[id]?.nextSeek = now + pause
        downloads[id]?.seekPause = min(policy.seekMax, Span(nanoseconds: download.seekPause.nanoseconds * 2))
    }

    // MARK: The end

    private mutating func finish(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        downloads[id]?.phase = .finishing
        releaseLanes(download)
        emit(.deliver(id, replacing: download.replacing, sync: download.sync))
    }

    mutating func delivered(_ id: DownloadID, _ delivery: Delivery) {
        guard let download = downloads[id] else { return }
        switch delivery {
        case .done(let file):
            catalog.insert(file)
            downloads[id] = nil
            note(.downloadFinished(id, download.name, took: now - download.since))
            for request in download.requests.sorted(by: { $0.rawValue < $1.rawValue }) {
                finishRequest(request, download)
            }
        case .occupied(let what): failDownload(id, .occupied(what))
        case .failed(let failure): failDownload(id, .disk(failure))
        }
    }

    private mutating func finishRequest(_ id: RequestID, _ download: Download) {
        guard let request = requests.removeValue(forKey: id) else { return }
        emit(
            .finished(
                id,
                FetchResult(
                    name: download.name, root: download.root, holders: download.holderBytes, already: false,
                    took: now - request.since)))
    }

    mutating func failDownload(_ id: DownloadID, _ failure: FetchFailure) {
        guard let download = downloads.removeValue(forKey: id) else { return }
        releaseLanes(download)
        emit(.discardPartial(id))
        note(.downloadFailed(id, download.name, failure))
        for request in download.requests.sorted(by: { $0.rawValue < $1.rawValue }) { fail(request, failure) }
    }

    /// Calls off what is still to come. A piece in the middle of its bytes cannot be called off but with its connection.
    private mutating func releaseLanes(_ download: Download) {
        for (connection, lane) in download.plan.lanes {
            if lane.receiving != nil {
                drop(connection, "its piece has come from another holder")
                continue
            }
            for (position, chunk) in (sessions[connection]?.chunks ?? []).enumerated()
            where chunk.download == download.id && !chunk.isCancelled {
                sessions[connection]?.chunks[position].isCancelled = true
                send(.cancel(download.root, first: chunk.first, count: chunk.end - chunk.first), on: connection)
            }
        }
    }

    mutating func cancel(_ request: RequestID, _ name: ShareName) {
        guard let download = downloads.values.first(where: { $0.name == name && $0.isFetching }) else {
            let asking = requests.values.filter { $0.wish.name == name }.map(\.id)
            guard !asking.isEmpty else { return emit(.failed(request, .noSuchDownload)) }
            for id in asking { fail(id, .cancelled) }
            return emit(.cancelled(request, name))
        }
        failDownload(download.id, .cancelled)
        emit(.cancelled(request, name))
    }
}
