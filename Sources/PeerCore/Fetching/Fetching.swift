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

    func lanesLeft(_ id: DownloadID) -> Bool { (downloads[id]?.lanes.count ?? 0) < policy.lanesMax }

    /// Makes a request wait for a download.
    mutating func attach(_ request: RequestID, to id: DownloadID) {
        guard let download = downloads[id] else { return }
        downloads[id]?.requests.insert(request)
        requests[request]?.state = .fetching(id)
        requests[request]?.progressed = now
        emit(
            .found(request, FileFound(name: download.name, root: download.root, holders: download.holderAddresses)))
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

    // MARK: The end

    mutating func finish(_ id: DownloadID) {
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
            note(.downloadFinished(id, download.name, download.root, took: now - download.since))
            for request in download.requests.sorted(by: { $0.rawValue < $1.rawValue }) {
                finishRequest(request, download)
            }
        case .occupied(let what): failDownload(id, .occupied(what))
        case .failed(let failure): failDownload(id, .disk(failure))
        }
    }

    mutating func finishRequest(_ id: RequestID, _ download: Download) {
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
        note(.downloadFailed(id, download.name, download.root, failure))
        for request in download.requests.sorted(by: { $0.rawValue < $1.rawValue }) { fail(request, failure) }
    }

    /// Calls off what is still to come. A piece in the middle of its bytes cannot be called off but with its connection.
    mutating func releaseLanes(_ download: Download) {
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
            // One that is being put into the share already cannot be called off any more.
            let asking = requests.values.filter { $0.wish.name == name && !$0.isFetching }.map(\.id)
            guard !asking.isEmpty else { return emit(.failed(request, .noSuchDownload)) }
            for id in asking { fail(id, .cancelled) }
            return emit(.cancelled(request, name))
        }
        failDownload(download.id, .cancelled)
        emit(.cancelled(request, name))
    }
}
