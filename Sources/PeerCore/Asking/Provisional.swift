import Content

/// A download that is begun before everybody has answered: peers that are slow or gone would hold up what the others can
/// bring meanwhile. Until its request is decided it is nobody's: it is not listed, not recorded, and its file gets no name.
/// When the answers are in it is the request's download, or it is given up with what has come of it.
extension PeerMachine {
    /// Begins with the only version that is offered, when half have answered, or all but laggards.
    mutating func beginProvisionally(_ id: RequestID, _ ask: Ask) {
        guard let request = requests[id], request.mayBeginProvisionally, ask.provisional == .none, !ask.offers.isEmpty,
            now >= ask.graceEnd && ask.isHalfAnswered || awaitsLaggardsOnly(ask)
        else { return }
        guard let version = soleVersion(ask, for: request.wish), let download = makeDownload(version, request, ask)
        else {
            requests[id]?.change { $0.provisional = .over }
            return
        }
        downloads[download]?.provisional = id
        requests[id]?.change { $0.provisional = .begun(download) }
        beginNext()
        meetCompanions(ask.companions, in: download)
    }

    /// - Returns: nil if there are several, or if it would not be fetched anyhow.
    private func soleVersion(_ ask: Ask, for wish: FetchWish) -> FileVersion? {
        let versions = ask.versions
        guard versions.count == 1, let version = versions.first,
            ask.local == nil || wish.force && ask.local?.root != version.root,
            !downloads.values.contains(where: { $0.name == wish.name })
        else { return nil }
        return version
    }

    func provisional(at name: ShareName) -> Download? {
        downloads.values.first { $0.name == name && $0.isProvisional }
    }

    /// The request is decided, and this is what it wants; or another request for the same is.
    mutating func confirm(_ id: DownloadID, _ version: FileVersion, _ request: Request) {
        guard let owner = downloads[id]?.provisional else { return }
        requests[owner]?.change { $0.provisional = .over }
        downloads[id]?.provisional = nil
        downloads[id]?.modified = version.modified
        downloads[id]?.replacing = request.wish.force
        downloads[id]?.keepsBackup = request.wish.keepsBackup
        enlist(id, for: request.id)
        advance(id)
    }

    /// Something else has been decided, or it cannot go on: what is asked for is begun when that is decided.
    mutating func abandon(_ id: DownloadID) {
        guard let owner = downloads[id]?.provisional, let download = downloads.removeValue(forKey: id) else { return }
        requests[owner]?.change { $0.provisional = .over }
        releaseLanes(download)
        emit(.discardPartial(id, download.root))
        beginNext()
    }
}

extension Request {
    /// Of a directory, files get their names as they come.
    fileprivate var mayBeginProvisionally: Bool {
        guard case .fetch = aim else { return false }
        return wish.digest == nil && !wish.tree
    }
}

extension Ask {
    fileprivate var isHalfAnswered: Bool { 2 * (outstanding.count + indexing.count) <= asked.count }
}
