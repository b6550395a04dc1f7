import Content
import Wire

/// Whether a partial file still has what was stored in it: looked at once more before the delivery, if an earlier run left
/// some of it, and at once when somebody else has written to it.
extension PeerMachine {
    /// Looks again at what an earlier run left: somebody may have changed it in a way that does not show.
    mutating func prove(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        guard let inherited = download.inherited else { return finish(id) }
        downloads[id]?.phase = .proving
        releaseLanes(download)
        emit(.verifyPartial(id, inherited))
    }

    mutating func partialVerified(_ id: DownloadID, _ good: PieceSet) {
        guard let download = downloads[id], case .proving = download.phase, var bad = download.inherited else { return }
        bad.subtract(good)
        downloads[id]?.inherited = nil
        downloads[id]?.phase = .fetching
        let wasTouched = download.partial == .touched
        if wasTouched { downloads[id]?.partial = .open }
        if !bad.isEmpty {
            note(.piecesSpoiled(id, download.name, count: bad.count))
            downloads[id]?.plan.spoiled(bad)
            downloads[id]?.commits.spoiled(bad)
        }
        if wasTouched, let proven = downloads[id] { tellFollowers(id, proven.offerable(proven.commits.offered)) }
        if downloads[id]?.plan.isComplete == true { finish(id) } else { takeUpHolders(id) }
    }

    /// Somebody else wrote to the partial file, or took it away: nothing of it is believed, offered or delivered before all
    /// that was stored has been looked at again, and nothing is written meanwhile.
    mutating func partialTouched(_ id: DownloadID, isThere: Bool) {
        guard let download = downloads[id] else { return }
        switch download.partial {
        case .none, .opening, .unwanted, .displaced: return
        case .open, .touched: downloads[id]?.partial = isThere ? .touched : .displaced
        }
        switch download.phase {
        case .opening, .fetching, .proving, .finishing, .reading: drain(id)
        // What is taken up again drains first.
        case .queued, .gathering, .checking, .draining, .growing, .paused, .failed: break
        }
    }

    /// Nobody has written to the partial file of a download that is taken up again.
    mutating func partialChecked(_ id: DownloadID) {
        guard let download = downloads[id], download.isOpen, case .opening = download.phase else { return }
        downloads[id]?.phase = .fetching
        takeUpHolders(id)
    }

    mutating func drain(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        downloads[id]?.phase = .draining
        for connection in download.plan.lanes.keys { downloads[id]?.plan.remove(connection) }
        downloads[id]?.deactivateAll()
        releaseLanes(download)
        proveIfQuiet(id)
    }

    /// When nothing of it is with a worker any more: what was written before and is told later would not be looked at.
    mutating func proveIfQuiet(_ id: DownloadID) {
        guard let download = downloads[id], case .draining = download.phase, download.plan.isQuiet,
            download.commits.isIdle
        else { return }
        // What is right of a rotten file is not in the partial file.
        var stored = download.plan.stored
        if let bad = download.kind.badPieces { stored.subtract(bad.complement) }
        if download.partial == .displaced { return remake(id, without: stored) }
        downloads[id]?.inherited = stored
        downloads[id]?.phase = .proving
        emit(.verifyPartial(id, stored))
    }

    /// The partial file is not where it was: what was in it is fetched again.
    private mutating func remake(_ id: DownloadID, without lost: PieceSet) {
        guard let download = downloads[id], let layer = download.layer else { return }
        if !lost.isEmpty { note(.piecesSpoiled(id, download.name, count: lost.count)) }
        downloads[id]?.plan.spoiled(lost)
        downloads[id]?.commits.spoiled(lost)
        downloads[id]?.inherited = nil
        downloads[id]?.partial = .none
        openPartial(id, layer)
        takeUpHolders(id)
    }
}
