import Content

/// Downloads for which there is no room on the disk: they wait, and go on when there is.
extension PeerMachine {
    /// The disk did not do what was asked of it: a full one is waited for.
    mutating func diskFailed(_ id: DownloadID, _ failure: DiskFailure) {
        guard let download = downloads[id] else { return }
        if download.isProvisional { return abandon(id) }
        if failure.isOutOfSpace, pauseTrees(of: download, failure) { return }
        let hasSome = download.have > 0 || download.tree.map { $0.haveSoon > 0 } == true
        guard failure.isOutOfSpace else { return failDownload(id, .disk(failure)) }
        let rest = max(1, unreserved(download))
        // A part of a tree was looked at, where there has to be room for the whole.
        let failure = download.kind == .tree ? failure.needing(max(rest, failure.neededBytes ?? 0)) : failure
        guard hasSome || download.requests.isEmpty || download.isListed else {
            return failDownload(id, .disk(failure))
        }
        let missing = failure.missingBytes ?? rest
        stop(id, .paused(.space(missing: missing, needed: max(1, failure.neededBytes ?? rest))))
        nextSpaceCheck = now + policy.spaceCheck
        note(.downloadPaused(id, download.name, missing: missing))
        failRequests(of: download, .full(failure, have: downloads[id].map { shownHave($0) } ?? 0))
        beginNext()
    }

    /// A directory of which a file finds no room waits for all that it needs, and its files with it.
    /// - Returns: whether the file is stopped with that: nobody else wants it.
    private mutating func pauseTrees(of download: Download, _ failure: DiskFailure) -> Bool {
        guard !download.parents.isEmpty else { return false }
        for tree in download.parents.sorted(by: { $0.rawValue < $1.rawValue }) {
            diskFailed(tree, failure)
        }
        return downloads[download.id]?.isRunning != true
    }

    /// Bytes for which it has taken no room: a directory's larger files have theirs.
    private func unreserved(_ download: Download) -> UInt64 {
        let block = download.tree?.block ?? DiskBlock(size: 1)
        let taken: UInt64 = downloads.values.reduce(0) { sum, member in
            let isReserved = member.isMember(of: download) && (member.isOpen || member.have > 0)
            return isReserved ? sum + block.taken(by: member.root.length) : sum
        }
        let missing = download.tree?.missingRoom ?? download.length - min(download.have, download.length)
        return missing - min(taken, missing)
    }

    /// Whether there is room for those that wait for it: asked for all of them at once, in the order of their turns.
    mutating func sweepSpace() {
        guard nextSpaceCheck <= now else { return }
        let needs = downloads.values.sorted(by: { $0.comesBefore($1) }).compactMap { download -> SpaceNeed? in
            guard case .paused(.space(_, let needed)) = download.phase else { return nil }
            return SpaceNeed(id: download.id, bytes: needed)
        }
        guard !needs.isEmpty else { return }
        nextSpaceCheck = now + policy.spaceCheck
        emit(.checkSpace(needs))
    }

    /// - Parameter missing: bytes for which there is no room; nil if there is room for all that it needs.
    mutating func spaceChecked(_ id: DownloadID, _ missing: UInt64?) {
        guard case .paused(.space(_, let needed)) = downloads[id]?.phase else { return }
        if let missing {
            downloads[id]?.phase = .paused(.space(missing: missing, needed: needed))
        } else {
            downloads[id]?.phase = .queued
            beginNext()
        }
    }
}

extension DiskFailure {
    /// The same disk, and more that is to be written to it.
    fileprivate func needing(_ bytes: UInt64) -> DiskFailure {
        // Without an inode no bytes help.
        guard missingBytes != 0, neededBytes != bytes else { return self }
        let (before, short) = (neededBytes ?? bytes, max(1, missingBytes ?? neededBytes ?? bytes))
        let missing = bytes > before ? short + (bytes - before) : short - min(short - 1, before - bytes)
        return DiskFailure(
            message:
                "\(bytes) bytes are needed beside what is to stay free (min_free): make room for \(missing) more",
            code: code, isOutOfSpace: isOutOfSpace, missingBytes: missing, neededBytes: bytes)
    }
}
