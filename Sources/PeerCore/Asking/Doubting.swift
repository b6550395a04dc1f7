import Content

/// A download that is begun before everybody has answered: the last answers, of peers that are slow or gone, would hold up
/// what the others can bring meanwhile. Its file gets no name before there is no doubt about the version any more: all have
/// answered, or the window is closed. Another version until then ends it as the conflict that it is.
extension PeerMachine {
    mutating func beginInDoubt(_ request: Request, _ ask: Ask) {
        guard request.mayBeginInDoubt, ask.local == nil, ask.indexing.isEmpty, running(request.wish) == nil,
            ask.windowEnd + policy.askGrace <= now + policy.askWindow,
            4 * ask.outstanding.count <= ask.asked.count
        else { return }
        let versions = ask.versions
        guard versions.count == 1, let version = versions.first else { return }
        startDownload(version, request, ask)
        if requests[request.id]?.isFetching == true { requests[request.id]?.doubt = ask }
    }

    /// Looks at it as soon as everybody has had the time to answer.
    mutating func expectDoubt(_ id: RequestID) {
        if requests[id]?.mayBeginInDoubt == true { sweepSoon(at: now + policy.askGrace) }
    }

    /// Whether a download has to wait with its delivery.
    func isDoubted(_ download: Download) -> Bool { download.requests.contains { requests[$0]?.doubt != nil } }

    /// A peer has answered, or will not.
    /// - Parameter offer: what it has.
    mutating func answered(_ id: RequestID, by peer: PeerID, inDoubt offer: Ask.FileOfferFrom?) {
        guard var ask = requests[id]?.doubt else { return }
        ask.outstanding.remove(peer)
        if let offer { ask.offers[peer] = offer }
        requests[id]?.doubt = ask
        let versions = ask.versions
        if versions.count > 1 { return refuse(id, versions) }
        if ask.outstanding.isEmpty { settleDoubt(id) }
    }

    /// The file can have its name.
    mutating func settleDoubt(_ id: RequestID) {
        requests[id]?.doubt = nil
        if case .fetching(let download) = requests[id]?.state { advance(download) }
    }

    /// There is a choice to be made, for all who wait for the download without having made it.
    private mutating func refuse(_ id: RequestID, _ versions: [FileVersion]) {
        guard case .fetching(let download) = requests[id]?.state, let waiting = downloads[download]?.requests else {
            return
        }
        for request in waiting.sorted(by: { $0.rawValue < $1.rawValue }) where requests[request]?.wish.digest == nil {
            downloads[download]?.requests.remove(request)
            fail(request, .conflict(versions))
        }
        guard let rest = downloads[download], rest.requests.isEmpty, !rest.isListed, rest.parents.isEmpty else {
            return advance(download)
        }
        removeDownload(download, .cancelled)
    }
}

extension Request {
    /// What is streamed is read before it is named, and of a directory files get their names as they come.
    fileprivate var mayBeginInDoubt: Bool {
        guard case .fetch = aim else { return false }
        return wish.digest == nil && wish.choose == .only && !wish.tree && !wish.inOrder && !wish.background
    }
}
