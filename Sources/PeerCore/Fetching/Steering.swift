import Content

/// What clients do with downloads.
extension PeerMachine {
    /// What clients know of.
    var decided: [Download] { downloads.values.filter { !$0.isProvisional } }

    mutating func cancel(_ request: RequestID, _ name: ShareName, keepData: Bool) {
        guard let download = decided.first(where: { $0.name == name && !$0.isFinishing }) else {
            // One that is being put into the share already cannot be called off any more.
            let asking = requests.values.filter { $0.wish.name == name && !$0.isFetching }.map(\.id)
            guard !asking.isEmpty else { return emit(.failed(request, .noSuchDownload)) }
            for id in asking { fail(id, .cancelled) }
            return emit(.changed(request, name))
        }
        if keepData {
            downloads[download.id]?.parents = []
            stop(download.id, .failed(.cancelled))
            failRequests(of: download, .cancelled)
            childEnded(download, .cancelled)
            beginNext()
        } else {
            if download.kind == .tree { emit(.removeRemains(download.id)) }
            removeDownload(download.id, .cancelled)
        }
        emit(.changed(request, name))
    }

    /// One file of a tree that is fetched is not paused: the tree would wait for it, and nothing would say so.
    /// - Parameter name: nil for every download.
    mutating func pause(_ request: RequestID, _ name: ShareName?) {
        let chosen = decided.filter { download in
            switch download.phase {
            case .finishing, .failed, .paused(.user): false
            case .queued, .gathering, .checking, .opening, .fetching, .draining, .proving, .reading, .growing,
                .paused(.space):
                name == nil || download.name == name
            }
        }
        if name != nil, let tree = chosen.lazy.compactMap(\.parents.first).first.flatMap({ downloads[$0]?.name }) {
            return emit(.failed(request, .partOfTree(tree)))
        }
        for download in chosen {
            stop(download.id, .paused(.user))
            failRequests(of: download, .paused)
        }
        answer(request, name, isAny: !chosen.isEmpty || isKnown(name))
        beginNext()
    }

    /// Takes up what is paused, waits for room or has failed.
    mutating func resume(_ request: RequestID, _ name: ShareName?) {
        let chosen = decided.filter { (name == nil || $0.name == name) && !$0.isRunning }
        for download in chosen { takeUpAgain(download.id) }
        answer(request, name, isAny: !chosen.isEmpty || isKnown(name))
        beginNext()
    }

    /// Somebody asks for it once more: who sent wrong bytes may have mended them. The strikes against it stand, and who is
    /// banned is not asked.
    mutating func takeUpAgain(_ id: DownloadID) {
        let liars = (downloads[id]?.holders ?? [:]).filter(\.value.isLiar).keys
        for peer in liars where !isBanned(peer) { downloads[id]?.holders[peer]?.state = .lost }
        requeue(id)
    }

    mutating func requeue(_ id: DownloadID) {
        downloads[id]?.phase = .queued
        downloads[id]?.lacking = [:]
        keepRecord(of: id)
    }

    mutating func prioritize(_ request: RequestID, _ name: ShareName, _ priority: Int) {
        let chosen = decided.filter { $0.name == name }
        for download in chosen {
            for member in downloads.values where member.isMember(of: download) { setPriority(priority, of: member.id) }
            setPriority(priority, of: download.id)
        }
        answer(request, name, isAny: !chosen.isEmpty)
    }

    private mutating func setPriority(_ priority: Int, of id: DownloadID) {
        downloads[id]?.priority = priority
        keepRecord(of: id)
    }

    private func isKnown(_ name: ShareName?) -> Bool {
        decided.contains { name == nil || $0.name == name } || name == nil
    }

    private mutating func answer(_ request: RequestID, _ name: ShareName?, isAny: Bool) {
        emit(isAny ? .changed(request, name) : .failed(request, .noSuchDownload))
    }
}
