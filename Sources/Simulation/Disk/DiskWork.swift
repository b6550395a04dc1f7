import Content
import PeerCore

/// What workers do, when they come to it.
extension World {
    func submit(_ job: DiskJob, of peer: PeerHost) {
        plan(.disk(peer.life, job), in: draws.pause(about: scenario.diskLatency))
    }

    func work(_ job: DiskJob, _ peer: PeerHost) {
        switch job {
        case .inspect(let request, let name):
            let local = peer.disk.share[name].map { LocalFile.file($0.root) }
            feed(.inspected(request, local ?? .absent), to: peer)
        case .checkLayer(let id, let root, let layer):
            feed(.layerChecked(id, isRight: library[root]?.layer == layer), to: peer)
        case .open(let entry, let layer): open(entry, layer, peer)
        case .reopen(let entry, let layer): reopen(entry, layer, peer)
        case .store(let id, let index, let connection, let contents): store(id, index, connection, contents, peer)
        case .sync(let id, let pieces): sync(id, pieces, peer)
        case .check(let id): if peer.disk.partials[id] != nil { feed(.partialChecked(id), to: peer) }
        case .verify(let id, let pieces):
            guard let partial = peer.disk.partials[id] else { return }
            feed(.partialVerified(id, pieces.intersection(partial.right)), to: peer)
        case .deliver(let id, let terms): deliver(id, terms, peer)
        case .discard(let id): peer.disk.partials[id] = nil
        case .checkSpace(let id): feed(.spaceChecked(id, missing: peer.disk.isFull ? 1 : nil), to: peer)
        }
    }

    // MARK: Partial files

    private func open(_ entry: DownloadEntry, _ layer: [Digest], _ peer: PeerHost) {
        if peer.disk.isFull { return refuse(entry, .full(entry.root.length), peer) }
        if isFailing(.writeErrors, peer) { return refuse(entry, .io, peer) }
        guard let work = library[entry.root] else { return report("disk", "a file of no known root is opened") }
        peer.disk.partials[entry.id] = .init(
            name: entry.name, root: entry.root, isSynced: entry.sync, right: work.none, durable: work.none)
        opened(entry, layer, work.none, peer)
    }

    private func refuse(_ entry: DownloadEntry, _ failure: DiskFailure, _ peer: PeerHost) {
        if peer.process?.partials.failed(entry.id) == true { feed(.partialFailed(entry.id, failure), to: peer) }
    }

    private func reopen(_ entry: DownloadEntry, _ layer: [Digest], _ peer: PeerHost) {
        guard var partial = peer.disk.partials[entry.id], partial.root == entry.root else {
            let isThere = peer.disk.share[entry.name]?.root.length == entry.root.length
            guard peer.process?.partials.failed(entry.id) == true else { return }
            return feed(.partialMissing(entry.id, mayBeDelivered: isThere), to: peer)
        }
        var pieces = peer.disk.rows[entry.id]?.pieces ?? partial.right
        if partial.isDoubtful {
            pieces = pieces.intersection(partial.right)
            partial.isDoubtful = false
            peer.disk.partials[entry.id] = partial
        }
        opened(entry, layer, pieces, peer)
    }

    private func opened(_ entry: DownloadEntry, _ layer: [Digest], _ pieces: PieceSet, _ peer: PeerHost) {
        guard peer.process?.partials.opened(entry.id) == true else { return submit(.discard(entry.id), of: peer) }
        record(.setPartial(entry.id, layer, pieces), of: peer)
        feed(.partialOpened(entry.id, pieces), to: peer)
    }

    private func store(
        _ id: DownloadID, _ index: Int, _ connection: ConnectionID, _ contents: Contents, _ peer: PeerHost
    ) {
        giveBack(peer)
        guard let partial = peer.disk.partials[id] else { return }
        let isRight = contents.isRight && contents.root == partial.root && contents.index == index
        guard isRight || canary == .skipHash else {
            count("wrong piece")
            return feed(.pieceStored(id, index: index, from: connection, .wrong), to: peer)
        }
        if isFailing(.writeErrors, peer) {
            return feed(.pieceStored(id, index: index, from: connection, .failed(.io)), to: peer)
        }
        if peer.disk.isFull, draws.chance(scenario.chances.noRoom) {
            return feed(.pieceStored(id, index: index, from: connection, .failed(.full(nil))), to: peer)
        }
        if isRight { peer.disk.partials[id]?.right.insert(index) } else { peer.disk.partials[id]?.right.remove(index) }
        tell(.pieceStored(id, index: index, from: connection, .stored), peer)
    }

    /// The reactor hears of it a little later than it happens.
    private func tell(_ input: PeerInput, _ peer: PeerHost) {
        plan(.told(peer.life, input), in: draws.pause(about: .milliseconds(1)))
    }

    private func sync(_ id: DownloadID, _ pieces: PieceSet, _ peer: PeerHost) {
        guard let partial = peer.disk.partials[id] else { return }
        if isFailing(.syncErrors, peer) {
            loseUnsynced(id, peer)
            return tell(.committed(id, .io), peer)
        }
        if canary != .offerBeforeSync { peer.disk.partials[id]?.durable.formUnion(partial.right) }
        record(.setPieces(id, pieces), of: peer)
    }

    /// After a sync that failed, the kernel counts as written what it could not write.
    private func loseUnsynced(_ id: DownloadID, _ peer: PeerHost) {
        guard let partial = peer.disk.partials[id] else { return }
        for piece in partial.right.runs.joined() where !partial.durable.contains(piece) && draws.chance(0.5) {
            peer.disk.partials[id]?.right.remove(piece)
        }
    }

    // MARK: Delivery

    private func deliver(_ id: DownloadID, _ terms: DeliveryTerms, _ peer: PeerHost) {
        guard let partial = peer.disk.partials[id], let work = library[partial.root] else { return }
        if terms.sync, isFailing(.syncErrors, peer) {
            loseUnsynced(id, peer)
            return feed(.delivered(id, .failed(.io)), to: peer)
        }
        let old = peer.disk.share[partial.name]
        checkers.deliveries.renames(id, partial, work, over: old, terms, of: peer, self)
        guard old == nil || terms.replacing else { return feed(.delivered(id, .occupied("a file")), to: peer) }
        var bad = work.all
        bad.subtract(partial.right)
        peer.disk.partials[id] = nil
        peer.disk.share[partial.name] = .init(root: partial.root, bad: bad, isDurable: terms.sync)
        peer.process?.partials.delivered(id)
        let backup = old == nil || !terms.keepsBackup ? nil : try? ShareName(partial.name.path + ".~1~")
        feed(.delivered(id, .done(work.shared(as: partial.name), backup: backup)), to: peer)
    }

    private func isFailing(_ feature: Feature, _ peer: PeerHost) -> Bool {
        guard isFaulty || peer.isOutside, scenario.has(feature), draws.chance(scenario.chances.diskError) else {
            return false
        }
        count("\(feature)")
        return true
    }
}

extension PieceSet {
    func intersection(_ other: PieceSet) -> PieceSet {
        var common = self
        common.subtract(other.complement)
        return common
    }
}
