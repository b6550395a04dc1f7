import Content

/// Files of a tree that are downloads of their own.
extension PeerMachine {
    mutating func beginChildren(_ id: DownloadID) {
        if let lost = downloads[id]?.tree?.plan.takeLost(), !lost.isEmpty { downloads[id]?.tree?.lose(lost) }
        if let hopeless = downloads[id]?.tree?.takeHopeless(), !hopeless.isEmpty { giveUp(hopeless, of: id) }
        while let file = downloads[id]?.tree?.nextChild(childrenMax: policy.runningMax) { beginChild(file, of: id) }
    }

    /// Files that nobody has are no downloads, unless there is one already, or the file.
    private mutating func giveUp(_ files: [Int], of id: DownloadID) {
        guard let tree = downloads[id]?.tree else { return }
        let begun = Set(decided.filter { $0.kind != .tree }.map(\.name))
        for file in files {
            guard let root = tree.manifest.root(at: file) else { continue }
            let name = tree.manifest.name(at: file)
            if begun.contains(name) || tree.hasCome(name) {
                downloads[id]?.tree?.waiting.append(file)
            } else {
                downloads[id]?.tree?.fail(file, .outdated(root, have: 0))
            }
        }
    }

    private mutating func beginChild(_ file: Int, of id: DownloadID) {
        guard let parent = downloads[id], let tree = parent.tree,
            case .file(let root, let mode) = tree.manifest.kind(at: file)
        else { return }
        let name = tree.manifest.name(at: file)
        if tree.hasCome(name), catalog[name]?.root == root {
            downloads[id]?.tree?.found(file)
            return
        }
        if let early = provisional(at: name) { abandon(early.id) }
        if let running = downloads.values.first(where: { $0.name == name && $0.kind != .tree }) {
            guard running.kind == .file, running.root == root || givesWay(running) else {
                downloads[id]?.tree?.fail(file, .otherVersionRunning(running.root))
                return
            }
            if running.root == root { return adopt(running, file, mode, by: id) }
            removeDownload(running.id, .outdated(running.root, have: running.have))
        }
        guard downloads.count < policy.downloadsMax else {
            downloads[id]?.tree?.fail(file, .tooMany(limit: policy.downloadsMax))
            return
        }
        let entry = DownloadEntry(
            id: nextDownload(), kind: .file, name: name, root: root, modified: parent.modified,
            replacing: parent.replacing, keepsBackup: parent.keepsBackup, sync: parent.sync,
            priority: parent.priority, state: .running, turn: parent.turn)
        guard start(entry) else { return }
        downloads[id]?.tree?.children[entry.id] = file
        downloads[entry.id]?.parents = [id]
        downloads[entry.id]?.mode = mode
        for (peer, holder) in parent.holders where !holder.isLiar && holder.holding.isComplete {
            let state: Download.Holder.State = tree.liars[file]?.contains(peer) == true ? .liar : .lost
            downloads[entry.id]?.holders[peer] = .init(address: holder.address, holding: .all, state: state)
        }
        begin(entry.id)
    }

    /// A download of that name is there already: an earlier run's, a client's, or another tree's.
    private mutating func adopt(_ running: Download, _ file: Int, _ mode: FileMode, by id: DownloadID) {
        downloads[id]?.tree?.children[running.id] = file
        downloads[running.id]?.parents.insert(id)
        downloads[running.id]?.mode = mode
        if running.isFinishing { downloads[id]?.tree?.adoptedLate() }
        if !running.isRunning { requeue(running.id) }
        beginNext()
    }

    /// Whether a download of another version than a tree has now goes no further, and nobody waits for it: its bytes are
    /// of no use to the tree.
    private func givesWay(_ running: Download) -> Bool {
        switch running.phase {
        case .failed: true
        case .paused: running.requests.isEmpty && owner(of: running) != nil
        case .gathering, .checking, .opening, .fetching: running.requests.isEmpty && isForsaken(running)
        case .queued, .draining, .proving, .finishing, .reading, .growing: false
        }
    }

    /// Everybody was asked, and nobody has anything of it that is missing.
    private func isForsaken(_ download: Download) -> Bool {
        // With liars only it fails for want of integrity.
        download.isWaiting && !download.hasOnlyLiars && download.seekPause > policy.seekFirst
            && !questions.isOpen(.download(download.id))
    }

    /// The tree whose file a download is; nil if a client asked for it by itself.
    func owner(of download: Download) -> DownloadID? { downloads.values.first { download.isMember(of: $0) }?.id }

    /// A child has come to an end.
    /// - Parameter failure: nil if its file is in the share.
    mutating func childEnded(_ child: Download, _ failure: FetchFailure?) {
        for id in child.parents.sorted(by: { $0.rawValue < $1.rawValue }) { childEnded(child, failure, of: id) }
    }

    private mutating func childEnded(_ child: Download, _ failure: FetchFailure?, of id: DownloadID) {
        guard let file = downloads[id]?.tree?.children.removeValue(forKey: child.id) else { return }
        for holder in child.holderBytes { downloads[id]?.childBytes[holder.address, default: 0] += holder.bytes }
        switch failure {
        case .outdated(let root, let have, let length):
            downloads[id]?.tree?.ended(isMissed: true)
            downloads[id]?.tree?.fail(file, .outdated(root, have: have, length: length))
        case .some(let failure): downloads[id]?.tree?.fail(file, failure)
        case nil:
            downloads[id]?.tree?.ended(isMissed: false)
            downloads[id]?.tree?.childFinished(file)
            progress(id)
        }
        growFurther(id)
    }

    /// A child that nobody has anything of any more, while its tree has holders, is gone from that version.
    mutating func sweepChildren(_ id: DownloadID) {
        guard let tree = downloads[id]?.tree, tree.plan.hasHolder else { return }
        for child in tree.children.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let download = downloads[child], isForsaken(download) else { continue }
            failDownload(child, .outdated(download.root, have: download.have))
        }
    }

    /// After many that nobody had, what all holders of the tree say of one more is believed without asking everybody.
    mutating func giveUpIfHopeless(_ id: DownloadID) {
        guard let download = downloads[id], download.isWaiting, download.requests.isEmpty, !download.parents.isEmpty,
            download.parents.allSatisfy({ downloads[$0]?.tree?.isHopeless == true }),
            download.holders.values.allSatisfy(\.saidGone)
        else { return }
        failDownload(id, .outdated(download.root, have: download.have))
    }

    /// What its tree's children do goes with it, unless somebody else wants them.
    mutating func stopChildren(of download: Download) {
        for child in (download.tree?.children ?? [:]).keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            if leave(child, by: download) { stopMember(child) }
        }
    }

    /// All that was begun for a tree goes with it: also what was stopped, or failed, in an earlier run of the daemon.
    mutating func removeMembers(of tree: Download, _ failure: FetchFailure) {
        for child in (tree.tree?.children ?? [:]).keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            if leave(child, by: tree), downloads[child]?.isMember(of: tree) == false { stopMember(child) }
        }
        let members = downloads.values.filter { $0.isMember(of: tree) && $0.parents.isEmpty && !$0.isFinishing }
        for id in members.map(\.id).sorted(by: { $0.rawValue < $1.rawValue }) {
            removeDownload(id, failure, isMember: true)
        }
    }

    /// A new version of a tree takes up what came of the files of the one before.
    mutating func bequeathMembers(of tree: Download, to turn: UInt64) {
        for member in downloads.values where member.isMember(of: tree) { setTurn(turn, of: member.id) }
    }

    private mutating func stopMember(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        stop(id, .paused(.user))
        failRequests(of: download, .paused)
    }

    /// A tree waits for a file no more.
    /// - Returns: whether nobody else wants it: no other tree, and no client that asked for it by itself.
    private mutating func leave(_ child: DownloadID, by tree: Download) -> Bool {
        downloads[child]?.parents.remove(tree.id)
        guard let download = downloads[child], !download.isFinishing else { return false }
        let isOwn = !download.isMember(of: tree) && owner(of: download) == nil
        guard let next = download.parents.min(by: { $0.rawValue < $1.rawValue }) else { return !isOwn }
        if download.isMember(of: tree), let turn = downloads[next]?.turn { setTurn(turn, of: child) }
        return false
    }

    mutating func setTurn(_ turn: UInt64, of id: DownloadID) {
        downloads[id]?.turn = turn
        keepRecord(of: id)
    }
}
